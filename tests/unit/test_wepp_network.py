"""The files of a watershed's channels: structure, channels, chan.inp."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.wepp.files import channels, structure
from tasks.wepp.files.errors import FormatError, Refused
from tasks.wepp.files.structure import Feeds, Structure
from tasks.wepp.samples import hillslopes as sample
from tasks.wepp.samples import network as sample_network

DATA = Path(__file__).parents[3] / "shared" / "data" / "wepp" / "watershed" / "runs"
TWO = "99.1\n2 1 2 3  0 0 0  0 0 0\n# the outlet\n2 4 0 0  0 0 5  0 0 0\n"


def test_a_structure_tells_what_feeds_each_channel() -> None:
    """Left, right and top, by hillslopes and channels; comments are skipped."""
    found = structure.parse(TWO, 4)
    assert found.channels == (Feeds((1, 2, 3), (0, 0, 0)), Feeds((4, 0, 0), (0, 0, 5)))
    assert structure.parse(structure.dump(found), 4) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("98\n", "version 98"),
        ("99.1\n", "at least one channel"),
        ("99.1\n2 1 9 0 0 0 0 0 0 0\n", "9 is none of the 4 hillslopes"),
        ("99.1\n2 1 2 3 6 0 0 0 0 0\n", "6 is no channel above element 5"),
        ("99.1\n2 1 2 0 0 0 0 0 0 0\n", "element 3 enters 0 channels"),
        ("99.1\n2 1 1 0 0 0 0 0 0 0\n", "element 1 enters 2 channels"),
        ("99.1\n1 1 1 0 0 0 0 0 0 0\n", "element kind 1"),
    ],
)
def test_a_structure_that_is_no_tree_is_an_error_with_its_file(text: str, said: str) -> None:
    """Engines end with exit code 0 and half the outputs; here file and element are named."""
    with pytest.raises(FormatError, match=f"pw0.str.*{said}"):
        structure.parse(text, 4, "pw0.str")


def test_a_file_of_impoundments_says_how_many_there_are(tmp_path: Path) -> None:
    """WEPPcloud's says that there are none."""
    path = tmp_path / "pw0.imp"
    path.write_text("99.1\n0\n")
    assert structure.impoundments(path) == 0
    path.write_text("99.1\n2\n")
    assert structure.impoundments(path) == 2
    path.write_text("99.1\nsome\n")
    with pytest.raises(FormatError, match=r"pw0\.imp:2"):
        structure.impoundments(path)


def test_impoundments_are_refused_by_name() -> None:
    """A kind of element that is known and not simulated."""
    with pytest.raises(Refused, match="impoundments"):
        structure.parse("99.1\n3 1 2 3 0 0 0 0 0 0\n", 3, "pw0.str")


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no real watershed at {DATA}")
def test_the_channels_of_a_real_watershed_are_read_and_keep_their_values() -> None:
    """Three hillslopes, one channel, Muskingum–Cunge, steps of ten minutes."""
    assert structure.read(DATA / "pw0.str", 3) == Structure(3, (Feeds((1, 2, 3), (0, 0, 0)),))
    found = channels.read(DATA / "pw0.chn")
    assert (found.peak, found.ratio) == (channels.MUSKINGUM_CUNGE, 1.5)
    (one,) = found.channels
    assert (one.shape, one.bare, one.manning, one.tauc) == (2, 0.04, 0.3, 50.0)
    assert (one.erodibility, one.depth_mid, one.depth_side) == (1e-6, 900.0, 1e-4)
    assert channels.parse(channels.dump(found)) == found
    assert channels.read_routing(DATA / "chan.inp") == channels.Routing(600.0, (4,))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("\n4\n", "\n6\n"), "peak method 6"),
        (("\n1.5\n", "\n0\n"), "length over width"),
        (("0.06 0.001", "0 0.001"), "n must be above 0"),
        (("\n2\n2\n", "\n3\n2\n"), "shape 3"),
        (("\n2\n2\n", "\n2\n4\n"), "rating curve"),
        (("0.5 0.2\n", "0.5\n"), "wanted, found|ends where"),
    ],
)
def test_a_broken_channel_file_is_an_error_with_its_line(
    edit: tuple[str, str], said: str, tmp_path: Path
) -> None:
    """The thing that is wrong is named, with the file and the line."""
    runs = sample.write_sample(tmp_path, 1, 1, 3)
    sample_network.write_network(runs, 1, 1)
    text = (runs / "pw0.chn").read_text()
    assert edit[0] in text
    with pytest.raises(FormatError, match=rf"pw0.chn:\d+: .*({said})"):
        channels.parse(text.replace(*edit), "pw0.chn")


def test_the_shear_of_a_bed_grows_with_its_gradient(tmp_path: Path) -> None:
    """Half way at the gradient that says so; words behind the numbers are nobody's."""
    path = tmp_path / "tcr.txt"
    path.write_text("35.0\ttaumin\n70.0\ttaumax\n0.02\tkch\n1.0\tnch\n")
    shear = channels.read_shear(path)
    assert [shear.at(s) for s in (0.0, 0.02, 0.06)] == pytest.approx([35.0, 52.5, 61.25])
    for text, said in (("70\n35\n0.02\n1\n", "from 70 to 35"), ("35\n70\n0\n1\n", "above 0")):
        path.write_text(text)
        with pytest.raises(FormatError, match=rf"tcr.txt.*{said}"):
            channels.read_shear(path)


def test_what_of_chan_inp_is_not_simulated_is_refused(tmp_path: Path) -> None:
    """Other outputs than peaks are known and refused by name; no baseflow is 0.2 m/s."""
    path = tmp_path / "chan.inp"
    path.write_text("2 600\n0\n")
    with pytest.raises(Refused, match="output 2"):
        channels.read_routing(path)
    path.write_text("1 600\n0.2\n")
    with pytest.raises(FormatError, match=r"chan.inp:2: baseflow 0.2 m3/s for each m2"):
        channels.read_routing(path)
    path.write_text("1 600\n1e-6\n1\n4\n")
    assert channels.read_routing(path) == channels.Routing(600.0, (4,), 1e-6)


@pytest.mark.parametrize("hillslopes", [1, 2, 3, 5, 12])
def test_a_sample_network_takes_every_hillslope_down_one_stream(
    hillslopes: int, tmp_path: Path
) -> None:
    """The channels are a chain, and reading them finds each hillslope once."""
    runs = sample.write_sample(tmp_path, hillslopes, 1, 3)
    sample_network.write_network(runs, hillslopes, 1)
    found = structure.read(runs / "pw0.str", hillslopes)
    assert len(found.channels) == max(1, hillslopes // 2)
    assert len(channels.read(runs / "pw0.chn").channels) == len(found.channels)

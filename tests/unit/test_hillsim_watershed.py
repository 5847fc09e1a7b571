"""Whole runs of a watershed: what hillsim makes of pass files, channel by channel."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
from pathlib import Path

import pytest

from tasks import hillsim
from tasks.hillsim.errors import Refusal
from tasks.wepp.files import passfile
from tasks.wepp.files.channels import CREAMS, EPIC, KINEMATIC, MUSKINGUM_CUNGE
from tasks.wepp.files.errors import FormatError
from tasks.wepp.samples import hillslopes as sample
from tasks.wepp.samples import network as sample_network

DATA = Path(__file__).parents[3] / "shared" / "data" / "wepp" / "watershed"
MARKER = " WEPP COMPLETED WATERSHED SIMULATION SUCCESSFULLY"
HILLSLOPES, YEARS = 5, 2


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample run whose hillslopes were run; its directory of `.run` files."""
    runs = sample.write_sample(tmp_path_factory.mktemp("run"), HILLSLOPES, YEARS, 3)
    for number in range(1, HILLSLOPES + 1):
        hillsim.run(f"p{number}.run", cwd=runs, out=io.StringIO())
    sample_network.write_network(runs, HILLSLOPES, YEARS)
    return runs


@pytest.fixture
def runs(ran: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    shutil.copytree(ran.parent, tmp_path / "wepp")
    return tmp_path / "wepp" / "runs"


def simulate(runs: Path) -> tuple[hillsim.Summary, list[str]]:
    """A run of the channels: its summary and its words."""
    out = io.StringIO()
    return hillsim.run("pw0.run", cwd=runs, out=out), out.getvalue().splitlines()


def rows(path: Path, width: int) -> list[list[float]]:
    """The rows of numbers in a table."""
    found = [line.split() for line in path.read_text().splitlines()]
    return [[float(word) for word in line] for line in found if _numbers(line, width)]


def _numbers(words: list[str], width: int) -> bool:
    return len(words) == width and all(re.fullmatch(r"[-+.\dE]+", word) for word in words)


def output(runs: Path, name: str) -> Path:
    return runs.parent / "output" / name


def passed(runs: Path) -> list[passfile.PassFile]:
    found = [output(runs, f"H{number}.pass.dat") for number in range(1, HILLSLOPES + 1)]
    return [passfile.read(path) for path in found]


def test_the_watersheds_marker_is_the_last_line_and_all_outputs_are_there(runs: Path) -> None:
    """Seven files and hillsim's name; no other engine's."""
    _, said = simulate(runs)
    assert said[-1] == MARKER
    names = ["pass_pw0.txt", "loss_pw0.txt", "ebe_pw0.txt", "chnwb.txt", "soil_pw0.txt"]
    for path in (*(output(runs, name) for name in names), runs / "chan.out", runs / "chanwb.out"):
        assert path.stat().st_size > 500, path
    report = output(runs, "loss_pw0.txt").read_text()
    assert f"engine=hillsim {hillsim.VERSION}" in report


def test_water_of_every_channel_and_day_is_in_the_balance_file(runs: Path) -> None:
    """Inflow − outflow − loss − change of storage is 0; what leaves a channel enters the next."""
    simulate(runs)
    table = rows(runs / "chanwb.out", 10)
    days = 365 * YEARS
    assert len(table) in (2 * days, 2 * days + 2)
    held = {6: 0.0, 7: 0.0}
    for upper, lower in zip(table[0::2], table[1::2], strict=True):
        for row in (upper, lower):
            element, inflow, outflow, stored, loss = int(row[2]), row[4], row[5], row[6], row[8]
            assert inflow - outflow - loss - stored + held[element] == pytest.approx(0.0, abs=0.03)
            held[element] = stored
    fed = sum(lower[4] for lower in table[1::2])
    above = sum(upper[5] for upper in table[0::2])
    beside = sum(
        getattr(day, "runoff_m3", 0.0) + getattr(day, "lateral_m3", 0.0)
        for found in passed(runs)[3:]
        for day in found.days
    )
    assert fed >= above + beside - 0.02 * len(table)


def test_the_reports_agree_with_each_other_and_with_the_hillslopes(runs: Path) -> None:
    """Outlet of loss, ebe and chanwb; the sums of pass files in loss; the summary."""
    summary, _ = simulate(runs)
    report = output(runs, "loss_pw0.txt").read_text()
    means = report[report.index("YEAR AVERAGE ANNUAL VALUES") :]
    events = rows(output(runs, "ebe_pw0.txt"), 7)
    water = rows(runs / "chanwb.out", 10)
    discharge = _named(means, "water discharge from outlet")
    volume = sum(row[4] for row in events) / YEARS
    assert discharge == pytest.approx(volume, rel=1e-3, abs=2.0)
    assert sum(row[5] for row in water if row[3] == 2) / YEARS == pytest.approx(discharge, rel=1e-3)
    tonnes = _named(means, "sediment discharge from outlet")
    assert tonnes == pytest.approx(sum(row[6] for row in events) / 1000 / YEARS, abs=0.06)
    assert tonnes == pytest.approx(summary.sediment_kg / 1000, abs=0.06)
    slopes = re.findall(r"^Hill +(\d+) +([\d.]+) +([\d.]+) +([\d.]+)", means, re.MULTILINE)
    assert len(slopes) == HILLSLOPES
    for found, (_, runoff, lateral, lost) in zip(passed(runs), slopes, strict=True):
        storms = [day for day in found.days if isinstance(day, passfile.Event)]
        assert float(runoff) * YEARS == pytest.approx(sum(d.runoff_m3 for d in storms), abs=0.1)
        assert float(lost) * YEARS == pytest.approx(sum(d.detached_kg for d in storms), abs=0.1)
        below = sum(getattr(day, "lateral_m3", 0.0) for day in found.days)
        assert float(lateral) * YEARS == pytest.approx(below, abs=0.1)


def _named(report: str, label: str) -> float:
    (found,) = re.findall(rf"{label} +=\s*([\d.]+)", report)
    return float(found)


def test_the_pass_file_of_all_hillslopes_holds_those_of_each(runs: Path) -> None:
    """Day by day: the kind, the volumes, fourteen lines of an event, five of a subevent."""
    simulate(runs)
    lines = output(runs, "pass_pw0.txt").read_text().splitlines()
    at = lines.index("BEGIN HILLSLOPE HYDROLOGY AND SEDIMENT INFORMATION") + 2
    files = passed(runs)
    for day in zip(*(found.days for found in files), strict=True):
        kinds = {type(record).__name__ for record in day}
        wanted = "EVENT" if "Event" in kinds else "SUBEVENT" if "Subevent" in kinds else "NO EVENT"
        assert lines[at][:10].strip() == wanted
        assert lines[at].split()[-2:] == [str(day[0].year), str(day[0].julian)]
        height = {"EVENT": 15, "SUBEVENT": 5, "NO EVENT": 1}[wanted]
        if wanted == "EVENT":
            volumes = [float(word) for word in lines[at + 5].split()]
            assert volumes == [getattr(record, "runoff_m3", 0.0) for record in day]
            assert len(lines[at + 13].split()) == 5 * HILLSLOPES
        at += height
    assert at == len(lines)


def test_the_same_inputs_give_the_same_bytes(runs: Path) -> None:
    """Every file of a watershed, twice."""
    found = []
    for _ in range(2):
        simulate(runs)
        paths = [*output(runs, "").glob("*pw0*"), runs / "chan.out", runs / "chanwb.out"]
        found.append([hashlib.sha256(path.read_bytes()).digest() for path in sorted(paths)])
    assert found[0] == found[1]


@pytest.mark.parametrize("method", [EPIC, CREAMS, KINEMATIC, MUSKINGUM_CUNGE])
def test_every_method_of_the_peak_passes_the_same_water(runs: Path, method: int) -> None:
    """Peaks differ, volumes do not, and no peak is below the mean flow of its day."""
    sample_network.write_network(runs, HILLSLOPES, YEARS, method)
    summary, _ = simulate(runs)
    events = rows(output(runs, "ebe_pw0.txt"), 7)
    assert summary.runoff_mm > 0.0
    storms = [row for row in events if row[6] > 0.0]
    assert storms
    for row in events:
        assert row[5] * 86400.0 >= row[4] * (1 - 1e-3) - 1.0


def test_a_steeper_channel_delivers_more_sediment(runs: Path) -> None:
    """Ten times the gradient carries at least what the gentle stream does."""
    gentle, _ = simulate(runs)
    path = runs / "pw0.slp"
    text = re.sub(r"(0\.0,)0\.12 ", r"\g<1>0.9 ", path.read_text())
    assert text != path.read_text()
    path.write_text(text)
    steep, _ = simulate(runs)
    assert steep.sediment_kg >= gentle.sediment_kg


def test_a_pass_file_that_is_missing_or_short_is_named(runs: Path) -> None:
    """The engines end with exit code 2 or cut results; here the file is named, outputs removed."""
    simulate(runs)
    path = output(runs, "H3.pass.dat")
    text = path.read_text().splitlines(keepends=True)
    path.write_text("".join(text[:-30]))
    with pytest.raises(FormatError, match=r"H3.pass.dat.*days of 2 years"):
        simulate(runs)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"H3.pass.dat"):
        simulate(runs)
    assert not output(runs, "loss_pw0.txt").exists()
    assert not (runs / "chan.out").exists()


@pytest.mark.parametrize("name", ["beinpcalib.txt", "wepp_ch.txt", "wepp-co2.txt", "partsize.dat"])
def test_hidden_files_that_decide_results_are_refused(runs: Path, name: str) -> None:
    """What the channels of others read silently is named."""
    (runs / name).write_text("1\n")
    with pytest.raises(Refusal, match=name):
        simulate(runs)


def test_a_tougher_bed_gives_less(runs: Path) -> None:
    """tcr.txt stands in place of the channel file's critical shear, by the gradient."""
    eroded = []
    for least, most in ((0.0, 0.1), (0.0, 1e4), (1e4, 1e4)):
        (runs / "tcr.txt").write_text(f"{least} taumin\n{most} taumax\n0.02 kch\n1 nch\n")
        simulate(runs)
        report = output(runs, "loss_pw0.txt").read_text()
        means = report[report.index("YEAR AVERAGE ANNUAL VALUES") :]
        eroded.append(_named(means, "sediment discharge from outlet"))
    assert eroded[0] > eroded[1]
    assert eroded[1] == eroded[2]


def test_a_wish_for_an_output_that_is_not_made_is_noted(runs: Path) -> None:
    """tc.txt asks for times of concentration, and changes nothing of the flow."""
    (runs / "tc.txt").touch()
    _, said = simulate(runs)
    assert said[-1] == MARKER
    assert any("NOTE: tc.txt: tc_out.txt" in line for line in said)


def test_the_numbers_of_channels_must_agree(runs: Path) -> None:
    """Structure, channels, slopes: one channel less in one of them is an error with its file."""
    sample_network.write_network(runs, 2, YEARS)
    kept = (runs / "pw0.chn").read_text()
    sample_network.write_network(runs, HILLSLOPES, YEARS)
    (runs / "pw0.chn").write_text(kept)
    with pytest.raises(FormatError, match=r"pw0.chn: 1 channels, the structure file has 2"):
        simulate(runs)


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no real watershed at {DATA}")
def test_a_real_watershed_keeps_its_water_and_its_layouts(tmp_path: Path) -> None:
    """Outlet runoff within 25 %, sediment within a factor 2 of another engine's; equal layouts."""
    shutil.copytree(DATA / "runs", tmp_path / "runs")
    (tmp_path / "output").mkdir()
    for path in DATA.glob("output/H*.pass.dat"):
        shutil.copy(path, tmp_path / "output")
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o755)
    hillsim.run("pw0.run", cwd=tmp_path / "runs", out=io.StringIO())
    mine, theirs = (
        (directory / "output" / "loss_pw0.txt").read_text() for directory in (tmp_path, DATA)
    )
    for label, factor in (("water discharge from", 1.25), ("sediment discharge from", 2.0)):
        found = _named(mine, f"Ann. {label} outlet") / _named(theirs, f"Ann. {label} outlet")
        assert 1 / factor < found < factor
    own, real = ((d / "output/ebe_pw0.txt").read_text().splitlines() for d in (tmp_path, DATA))
    assert own[:9] == real[:9]
    assert _layout(mine) == _layout(theirs)
    for name in ("chan.out", "chanwb.out"):
        own, real = ((d / "runs" / name).read_text().splitlines() for d in (tmp_path, DATA))
        assert [len(line) for line in own] == [len(line) for line in real]
        assert own[:6] == real[:6]
    own, real = ((d / "output" / "pass_pw0.txt").read_text() for d in (tmp_path, DATA))
    head = "BEGIN HILLSLOPE HYDROLOGY"
    assert own[own.index(head) :] == real[real.index(head) :]


def _layout(report: str) -> list[str]:
    """The lines of the annual means with numbers masked, what a number's sign takes included."""
    means = report[report.index("YEAR AVERAGE ANNUAL VALUES") :].rstrip().splitlines()
    return [re.sub(r" *-?\b\d+\.?\d*", "#", line).rstrip() for line in means]

"""Single design storms, and files that are compressed behind them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tasks import wepp_rq
from tasks.run.atomic import replace_text
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import Climate
from tasks.wepp.files import climate, runfile
from tasks.wepp.samples.watershed import write_watershed
from tests.unit.recording import RecordingContext
from tests.unit.test_complete import ENRICHMENT
from weppd.task import using

#: Answers a single storm as a build would: it writes what it is asked for, and says that it did.
STORM = """#!/bin/sh
cat > asked.$$
for out in $(grep output asked.$$); do printf '%s' '{loss}' > $out; done
echo text > chan.out
grep -q '^2$' asked.$$ && echo " WEPP COMPLETED HILLSLOPE SIMULATION SUCCESSFULLY"
grep -q pass_pw0 asked.$$ && echo " WEPP COMPLETED WATERSHED SIMULATION SUCCESSFULLY"
exit 0
"""


@pytest.fixture
def ctx(tmp_path: Path, redis_url: str):
    """A job's context over an executable that runs single storms."""
    (tmp_path / "bin").mkdir()
    engine = tmp_path / "bin" / "wepp_260101"
    engine.write_text(STORM.replace("{loss}", "I.  RAINFALL AND RUNOFF SUMMARY\n" + ENRICHMENT))
    engine.chmod(0o755)
    wepp = {"default_bin": "wepp_260101", "bin_dir": str(tmp_path / "bin")}
    with using(RecordingContext(tmp_path / "runs", wepp=wepp, redis=redis_url)) as context:
        yield context


@pytest.fixture
def run(ctx, tmp_path: Path) -> RunDirectory:
    """A prepared run of one channel with two storms."""
    root = tmp_path / "runs" / "my-run"
    write_watershed(root, channels=1, years=1)
    document = Climate.load(root)
    whole = climate.read(root / str(document.file))
    for number in (1, 2):
        text = climate.dump(whole).replace("   1   0   0", "   2   0   0", 1)
        (root / f"climate/storm_{number}.cli").write_text(text)
    storms = {number: f"climate/storm_{number}.cli" for number in (1, 2)}
    replace_text(Climate.path(root), document.model_copy(update={"storms": storms}).dump())
    for stage in ("slopes", "managements", "soils", "climates", "remaining"):
        getattr(wepp_rq, f"_prep_{stage}_rq")("my-run")
    return RunDirectory(root)


def test_each_storm_has_a_directory_of_its_own(ctx, run):
    """What an engine leaves beside its answers is that storm's; inputs are the hillslope's."""
    for storm in (1, 2):
        done, seconds = wepp_rq.run_ss_batch_hillslope_rq("my-run", 3, ss_batch_id=storm)
        assert done is True
        assert seconds > 0
        here = run.runs / f"ss_{storm}"
        assert (here / "p3.cli").samefile(run.root / f"climate/storm_{storm}.cli")
        assert runfile.read(here / "p3.run").man == "../p3.man"
        assert (here / "chan.out").exists()
        assert (run.output / f"ss_{storm}" / "H3.loss.dat").exists()
    assert not (run.runs / "chan.out").exists()


def test_a_storm_s_network_is_run_where_its_answers_were_put(ctx, run):
    """Without them the message says which file is wanted; with them it runs in its directory."""
    with pytest.raises(NotPrepared, match=r"ss_2/pw0\.run does not exist: what an engine asks"):
        wepp_rq.run_ss_batch_watershed_rq("my-run", ss_batch_id=2)
    wepp_rq.run_ss_batch_hillslope_rq("my-run", 1, ss_batch_id=2)
    for kind in ("man", "slp", "cli", "sol", "str", "chn"):
        (run.runs / f"ss_2/pw0.{kind}").write_text("channels\n")
    answers = runfile.WatershedRun(
        hillslopes=("../../output/ss_2/H1.pass.dat",), master="../../output/ss_2/pass_pw0.txt",
        loss="../../output/ss_2/loss_pw0.txt", structure="pw0.str", chn="pw0.chn", man="pw0.man",
        slp="pw0.slp", cli="pw0.cli", sol="pw0.sol", years=1,
    )  # fmt: skip
    (run.runs / "ss_2/pw0.run").write_text(runfile.dump(answers))
    assert wepp_rq.run_ss_batch_watershed_rq("my-run", ss_batch_id=2)[0] is True
    assert (run.output / "ss_2/loss_pw0.txt").exists()


@pytest.mark.parametrize(
    ("storm", "kind", "says"),
    [
        (3, BrokenDocument, r"climate\.nodb: there is no storm 3, there are 1, 2"),
        (None, ValueError, "ss_batch_id None: give the number of a storm"),
        (0, ValueError, "ss_batch_id 0"),
        ("../1", ValueError, r"ss_batch_id '\.\./1'"),
    ],
)
def test_a_storm_that_is_none_is_named(ctx, run, storm, kind, says):
    """No directory is made of what somebody enqueued."""
    with pytest.raises(kind, match=says):
        wepp_rq.run_ss_batch_hillslope_rq("my-run", 3, ss_batch_id=storm)


def test_a_compressed_file_is_the_same_bytes_each_time(ctx, run):
    """No name, no time; the text is gone, and reads back."""
    path = run.runs / "p1.man"
    text = path.read_bytes()
    packed = Path(wepp_rq.compress_fn(str(path)))
    assert packed == run.runs / "p1.man.gz"
    assert not path.exists()
    first = packed.read_bytes()
    assert gzip.decompress(first) == text
    path.write_bytes(text)
    wepp_rq.compress_fn(str(path))
    assert packed.read_bytes() == first


def test_files_that_are_no_run_s_are_not_compressed(ctx, run, tmp_path: Path):
    """A producer cannot make weppd rewrite the host; a missing file is named."""
    other = tmp_path / "passwd"
    other.write_text("root")
    for name in (str(other), f"{run.root}/../../../passwd"):
        with pytest.raises(ValueError, match="lies in no run"):
            wepp_rq.compress_fn(name)
    assert other.read_text() == "root"
    with pytest.raises(FileNotFoundError, match=r"p99\.man"):
        wepp_rq.compress_fn(str(run.runs / "p99.man"))

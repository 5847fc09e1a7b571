"""Single design storms, and files that are compressed behind them."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from pyarrow import parquet

from tasks import wepp_rq
from tasks.run.atomic import replace_text
from tasks.run.directory import NotPrepared, ReadOnlyRun, RunDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import Climate
from tasks.wepp.files import climate, passfile, runfile, slope
from tasks.wepp.samples.watershed import write_watershed
from tests.unit import hillsim_slopes as build
from tests.unit.recording import RecordingContext
from tests.unit.test_complete import ENRICHMENT
from weppd.task import using

#: The rain of the first storm.
RAIN_M = 0.12
#: 6.2 mm of runoff and 3.0 kg of sediment a metre.
EVENT = """ EVENT OUTPUT
day mo  year Precp  Runoff  IR-det Av-det Mx-det  Point  Av-dep Max-dep  Point Sed.Del    ER
--- --  ----  (mm)    (mm)  kg/m^2 kg/m^2 kg/m^2    (m)  kg/m^2  kg/m^2    (m)  (kg/m)  ----
    6    5     1  22.2     6.2   0.068   0.09   0.11   35.0    0.00    0.00    0.0     3.0  1.03
"""
#: Answers a single storm as a build would: it writes what it is asked for, and says that it did.
STORM = """#!/bin/sh
cat > asked.$$
for out in $(grep output asked.$$); do case $out in
    *ebe.dat) cp {ebe} $out;; *) printf '%s' '{loss}' > $out;;
esac; done
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
    loss = "I.  RAINFALL AND RUNOFF SUMMARY\n" + ENRICHMENT
    ebe = tmp_path / "ebe"
    ebe.write_text(EVENT)
    engine.write_text(STORM.replace("{loss}", loss).replace("{ebe}", str(ebe)))
    engine.chmod(0o755)
    wepp = {"default_bin": "wepp_260101", "bin_dir": str(tmp_path / "bin")}
    with using(RecordingContext(tmp_path / "runs", wepp=wepp, redis=redis_url)) as context:
        yield context


@pytest.fixture
def run(ctx, tmp_path: Path) -> RunDirectory:
    """A prepared run of one channel with two storms."""
    root = tmp_path / "runs" / "my-run"
    write_watershed(root, channels=1, years=1)
    with_storms(root, {1: 1000.0 * RAIN_M, 2: 5.0})
    prepare("slopes", "managements", "soils", "climates", "remaining")
    return RunDirectory(root)


def with_storms(root: Path, rains: dict[int, float]) -> None:
    """Make a run one of design storms, each of so many millimetres on a day in June."""
    document = Climate.load(root)
    whole = climate.read(root / str(document.file))
    for number, rain_mm in rains.items():
        days = build.weather([build.rainy(rain_mm)], start=date(2001, 6, 1)).days
        storm = replace(whole, mode=climate.SINGLE_STORM, days=days)
        (root / f"climate/storm_{number}.cli").write_text(climate.dump(storm))
    storms = {number: f"climate/storm_{number}.cli" for number in rains}
    made = document.model_copy(update={"storms": storms, "file": None, "hillslopes": {}})
    replace_text(Climate.path(root), made.dump())


def prepare(*stages: str) -> None:
    """Do these stages of preparation."""
    for stage in stages:
        getattr(wepp_rq, f"_prep_{stage}_rq")("my-run")


def run_all(ctx: RecordingContext) -> list[str]:
    """Run what was enqueued, in order; the keys of the jobs."""
    jobs, ctx.children = ctx.children, []
    for job in jobs:
        module, _, name = job["function"].rpartition(".")
        options = {k: v for k, v in job.items() if k in ("wepp_bin", "ss_batch_id")}
        getattr(import_module(module), name)(*job["args"], **options)
    return [job["label"] for job in jobs]


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


def test_a_whole_run_of_storms_is_dispatched_and_makes_their_table(ctx, run):
    """Every hillslope under every storm, the channels under each, one table; nothing of days."""
    wepp_rq.run_wepp_rq("my-run")
    labels = run_all(ctx)
    assert labels[5:] == [
        *("jobs:1,func:run_hillslopes_rq", "jobs:2,func:_build_hillslope_interchange_rq"),
        "jobs:2,func:_prep_watershed_rq",
        *(f"jobs:3,func:run_ss_batch_watershed_rq,ss_batch_id:{number}" for number in (1, 2)),
        *("jobs:4,func:_post_run_cleanup_out_rq", "jobs:6,func:_log_complete_rq"),
    ]
    for storm in (1, 2):
        network = runfile.read(run.runs / f"ss_{storm}/pw0.run")
        assert network.structure == "../pw0.str"
        assert (run.runs / f"ss_{storm}/chan.inp").read_text().startswith("3 60\n")
        assert (run.output / f"ss_{storm}/loss_pw0.txt").exists()
        assert (run.output / f"ss_{storm}/chan.out").exists()
    rows = parquet.read_table(run.interchange / "storms.parquet").to_pylist()
    assert [(row["storm"], row["wepp_id"]) for row in rows] == [
        (storm, number) for storm in (1, 2) for number in (1, 2, 3)
    ]
    assert {(row["runoff"], row["sediment"]) for row in rows} == {(6.2, 3.0)}
    assert "### `storms.parquet`" in (run.interchange / "README.md").read_text()
    items = {item for item, _, volatile in ctx.lines if item and not volatile}
    assert items == {f"s00{storm}h000{number}" for storm in (1, 2) for number in (1, 2, 3)}


def test_what_is_done_of_storms_is_not_done_again(ctx, run):
    """Neither hillslopes nor channels start an engine for the same inputs; clean does."""
    wepp_rq.run_wepp_rq("my-run")
    run_all(ctx)
    born = {path: path.stat().st_ino for path in run.output.glob("ss_*/*") if path.is_file()}
    wepp_rq.run_wepp_rq("my-run")
    run_all(ctx)
    assert {path: path.stat().st_ino for path in born} == born
    wepp_rq.run_wepp_noprep_rq("my-run", clean=True)
    run_all(ctx)
    assert set(born) == {path for path in run.output.glob("ss_*/*") if path.is_file()}


def test_the_embedded_engine_runs_storms_to_the_outlet(ctx, run):
    """120 mm run off more than 5 mm do; the outlet yields what the hillslopes and its bed do."""
    wepp_rq.run_wepp_rq("my-run", wepp_bin="hillsim")
    labels = run_all(ctx)
    assert len([label for label in labels if "run_ss_batch_watershed_rq" in label]) == 2
    rows = parquet.read_table(run.interchange / "storms.parquet").to_pylist()
    runoff = {(row["storm"], row["wepp_id"]): row["runoff"] for row in rows}
    assert all(runoff[1, number] >= runoff[2, number] for number in (1, 2, 3))
    assert max(runoff.values()) == max(runoff[1, number] for number in (1, 2, 3)) > 0.0
    outlets = {storm: outlet(run, storm) for storm in (1, 2)}
    days = [
        day
        for number in (1, 2, 3)
        for day in passfile.read(run.output / f"ss_1/H{number}.pass.dat").days
        if isinstance(day, passfile.Event)
    ]
    # What seeps from the slopes below the surface reaches the channel, too.
    entered = sum(day.runoff_m3 + day.lateral_m3 for day in days)
    assert outlets[2] < outlets[1]
    # The bed of the channel takes up some, and no more is added than the rain that falls on it.
    (bed,) = slope.read(run.runs / "pw0.slp").elements
    assert bed.width
    assert 0.95 * entered < outlets[1] <= entered + RAIN_M * bed.width * bed.length
    for name in ("pass_pw0.txt", "loss_pw0.txt", "chan.out", "chanwb.out"):
        assert (run.output / "ss_1" / name).stat().st_size > 0


def outlet(run: RunDirectory, storm: int) -> float:
    """The runoff (m3) that left the watershed, 0 where there was none."""
    lines = (run.output / f"ss_{storm}/ebe_pw0.txt").read_text().splitlines()
    events = [words for line in lines if (words := line.split()) and words[0].isdigit()]
    return sum(float(words[4]) for words in events)


def test_a_storm_s_network_wants_its_answers(ctx, run):
    """Without them the message says which file is wanted."""
    with pytest.raises(NotPrepared, match=r"ss_2/pw0\.run does not exist: prepare the network"):
        wepp_rq.run_ss_batch_watershed_rq("my-run", ss_batch_id=2)
    with pytest.raises(NotPrepared, match=r"ss_1/pw0\.run does not exist: prepare the network"):
        wepp_rq.run_wepp_watershed_noprep_rq("my-run")
    assert ctx.children == []


def test_a_series_of_days_is_no_storm(ctx, run):
    """The engines would stop with exit code 0; here the file is named before any starts."""
    path = run.root / "climate/storm_2.cli"
    series = replace(climate.read(path), mode=climate.CONTINUOUS)
    path.write_text(climate.dump(series))
    with pytest.raises(BrokenDocument, match=r"storm_2\.cli is a series of days, storm 2 wants"):
        wepp_rq._prep_climates_rq("my-run")


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
    (run.root / "READONLY").touch()
    with pytest.raises(ReadOnlyRun, match="my-run is marked READONLY"):
        wepp_rq.compress_fn(str(run.runs / "p1.man"))
    assert (run.runs / "p1.man").exists()

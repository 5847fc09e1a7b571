"""A run's hillslopes from the producer's call to the table, with a stand-in for the executable."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks import wepp_rq
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.prep import RedisPrep
from tasks.wepp import annual, hillslopes, reconcile
from tasks.wepp.binary import UnknownBinary
from tasks.wepp.prompts import BadAnswers
from tasks.wepp.samples import hillslopes as sample
from tasks.wepp.samples import network as sample_network
from tasks.wepp.simulation import SimulationFailed
from tests.unit import fake_wepp
from tests.unit.recording import RecordingContext
from tests.unit.test_complete import ENRICHMENT, SHARED
from weppd.errors import RunError
from weppd.task import REGISTRY, using

REPORT = """
        Mean annual runoff from rainfall               73.47    mm
        Mean annual runoff from snow melt
          and/or rain storm during winter               0.76    mm
      ** Soil Loss (Avg. of Net Detachment Areas) =    0.273 kg/m2 **
             9.566   kg/m of width
           286.986     kg (based on profile width of     30.000      m)
"""


@pytest.fixture
def ctx(tmp_path: Path, redis_url: str):
    """A job's context over run roots in `runs`, with the stand-in as the default executable."""
    fake_wepp.install(tmp_path / "bin", loss=REPORT + ENRICHMENT)
    wepp = {"bin_dir": str(tmp_path / "bin"), "default_bin": "wepp_250915"}
    with using(RecordingContext(tmp_path / "runs", wepp=wepp, redis=redis_url)) as context:
        yield context


def a_run(tmp_path: Path, how: dict[int, str]) -> RunDirectory:
    """A prepared run called my-run."""
    return RunDirectory(fake_wepp.prepare_run(tmp_path / "runs", how=how))


def test_one_hillslope_returns_true_and_its_seconds(ctx, tmp_path: Path):
    """The call of production: run id, WEPP id, executable; the page sees STARTED and COMPLETED."""
    a_run(tmp_path, {7: "ok"})
    done, seconds = wepp_rq.run_hillslope_rq("my-run", 7, wepp_bin="wepp_250915")
    assert done is True
    assert seconds > 0
    assert ctx.words() == ["STARTED", "STATUS", "COMPLETED"]
    assert ctx.steps[-1][:2] == (2, 2)  # its years
    assert ctx.messages[0][1].endswith("run_hillslope_rq(my-run, wepp_id=7, wepp_bin=wepp_250915)")


def test_all_hillslopes_make_a_table_with_units_and_engine(ctx, tmp_path: Path):
    """The parquet has a row per hillslope in numeric order, and names the engine in each."""
    run = a_run(tmp_path, dict.fromkeys((1, 2, 3, 10), "ok"))
    assert wepp_rq._run_hillslopes_rq("my-run")[0] is True
    rows = hillslopes.read(run.hillslope_table)
    assert [row.wepp_id for row in rows] == [1, 2, 3, 10]
    first = rows[0]
    assert (first.runoff_mm_yr, first.soil_loss_t_ha_yr) == (74.23, 2.73)
    assert first.sediment_yield_t_yr == pytest.approx(0.286986)
    assert (first.engine, first.years) == ("wepp_250915", 2)


def test_the_table_carries_units_for_its_readers(ctx, tmp_path: Path):
    """DuckDB and Arrow users find units, descriptions and the data set's version in the file."""
    from pyarrow import parquet

    run = a_run(tmp_path, {1: "ok"})
    wepp_rq._run_hillslopes_rq("my-run")
    schema = parquet.read_schema(run.hillslope_table)
    assert schema.metadata[b"dataset_version"] == b"2.0"
    assert "seconds" not in schema.names
    assert schema.field("runoff_mm_yr").metadata[b"units"] == b"mm/yr"


def test_progress_reaches_the_job_and_the_panel(ctx, tmp_path: Path):
    """The last hillslope is always told: 4/4."""
    a_run(tmp_path, dict.fromkeys(range(1, 5), "ok"))
    wepp_rq._run_hillslopes_rq("my-run")
    assert ctx.steps[-1] == (4, 4, "done")
    assert [done for done, _, _ in ctx.steps] == [1, 2, 3, 4]
    assert any(text.endswith("4/4 hillslopes, done") for _, text in ctx.messages)


def test_the_canonical_log_has_results_only(ctx, tmp_path: Path):
    """Lines that are compared hold no seconds and no paths; the seconds are volatile."""
    a_run(tmp_path, {1: "ok", 2: "ok"})
    wepp_rq._run_hillslopes_rq("my-run")
    canonical = {item: text for item, text, volatile in ctx.lines if item and not volatile}
    assert canonical["h0002"] == (
        "runoff 74.23 mm/yr, soil loss 2.73 t/ha/yr, sediment yield 0.2870 t/yr, engine=wepp_250915"
    )
    assert all(text.endswith(" s") for item, text, volatile in ctx.lines if volatile)


def test_the_first_failure_stops_the_rest_and_is_the_job_s_error(ctx, tmp_path: Path):
    """One broken hillslope fails the job by name at once; no table is left to mislead."""
    run = a_run(tmp_path, {1: "hang", 2: "exit2", 3: "ok"})
    run.hillslope_table.parent.mkdir(parents=True)
    run.hillslope_table.write_text("an older table")
    with pytest.raises(SimulationFailed, match="hillslope 2 failed with wepp_250915: exit code 2"):
        wepp_rq._run_hillslopes_rq("my-run")
    assert not run.hillslope_table.exists()
    assert ctx.words()[-2:] == ["EXCEPTION", "EXCEPTION_JSON"]
    for hung in run.runs.glob("pid.*"):
        assert not Path(f"/proc/{hung.name.removeprefix('pid.')}").exists()


@pytest.mark.parametrize("runid", ["..", "../etc", "a/b", "", ".", "batch;;b"])
def test_a_bad_run_id_is_refused_by_name(ctx, runid: str):
    """No job leaves the run roots, whatever it was enqueued with."""
    with pytest.raises(RunError, match="run id"):
        wepp_rq.run_hillslope_rq(runid, 7)


def test_what_is_missing_is_named_in_one_line(ctx, tmp_path: Path):
    """Missing run, unprepared run, missing input, unknown executable: each says what to do."""
    with pytest.raises(RunError, match="'my-run' has no directory: tried"):
        wepp_rq.run_wepp_noprep_rq("my-run")
    (tmp_path / "runs" / "my-run").mkdir(parents=True)
    with pytest.raises(NotPrepared, match="wepp/runs does not exist"):
        wepp_rq.run_wepp_noprep_rq("my-run")
    run = RunDirectory(fake_wepp.prepare_run(tmp_path / "runs", "other", {7: "ok"}))
    with pytest.raises(NotPrepared, match=r"p8\.run does not exist"):
        wepp_rq.run_hillslope_rq("other", 8)
    with pytest.raises(UnknownBinary, match=r"'wepp_000000' is not in .* there is wepp_250915"):
        wepp_rq.run_hillslope_rq("other", 7, wepp_bin="wepp_000000")
    (run.runs / "p7.sol").unlink()
    with pytest.raises(NotPrepared, match=r"hillslope 7: its sol file .*p7\.sol cannot be read"):
        wepp_rq.run_hillslope_rq("other", 7)


@pytest.mark.parametrize("wepp_id", ["7", 0, -1, 7.0, True])
def test_a_hillslope_is_a_whole_number_from_one(ctx, tmp_path: Path, wepp_id):
    """p0, p-1 or a path never reach the file system."""
    a_run(tmp_path, {7: "ok"})
    with pytest.raises(ValueError, match="give the number of a hillslope"):
        wepp_rq.run_hillslope_rq("my-run", wepp_id)


def test_the_end_of_a_run_triggers_the_page(ctx, tmp_path: Path):
    """The page reloads its results when the final job says so; the run counts as done then."""
    run = a_run(tmp_path, dict.fromkeys((1, 7), "ok"))
    wepp_rq._run_hillslopes_rq("my-run")
    (run.runs / ".p7.slp.0123abcd.tmp").write_text("left by a killed writer")
    wepp_rq._log_complete_rq("my-run")
    assert ctx.messages[-1] == ("my-run:wepp", "rq:j1 TRIGGER   wepp WEPP_RUN_TASK_COMPLETED")
    assert RedisPrep.getInstanceFromRunID("my-run")["run_wepp_watershed"]
    assert not list(run.runs.glob(".*.tmp"))
    assert ctx.steps[-1] == (2, 2, "done")
    assert "2/2 steps, done" in [text.partition("STATUS    ")[2] for _, text in ctx.messages]


def test_the_watershed_runs_after_its_hillslopes(ctx, tmp_path: Path):
    """The quick start of production: run_watershed_rq(runid, wepp_bin='wepp_250915')."""
    run = a_run(tmp_path, {7: "ok"})
    fake_wepp.add_network(run.root)
    with pytest.raises(NotPrepared, match=r"the watershed: its pass file .*H7\.pass\.dat"):
        wepp_rq.run_watershed_rq("my-run", wepp_bin="wepp_250915")
    wepp_rq.run_hillslope_rq("my-run", 7)
    fake_wepp.install_network(tmp_path / "bin")
    assert wepp_rq.run_watershed_rq("my-run", wepp_bin="wepp_250915")[0] is True
    assert "WATERSHED" in (run.runs / "pw0.err").read_text()


def test_a_watershed_that_stops_after_merging_is_no_success(ctx, tmp_path: Path):
    """The HILLSLOPE/WATERSHED line comes before the channels: production took it for the end."""
    run = a_run(tmp_path, {7: "ok"})
    fake_wepp.add_network(run.root)
    wepp_rq.run_hillslope_rq("my-run", 7)
    fake_wepp.install_network(tmp_path / "bin")
    (run.runs / "stop").touch()
    with pytest.raises(SimulationFailed, match=r"the watershed failed .* never said"):
        wepp_rq.run_watershed_rq("my-run", wepp_bin="wepp_250915")


def test_hillsim_runs_the_hillslopes_and_the_channel_network(ctx, tmp_path: Path):
    """A sample run from its inputs to the outlet, without an executable."""
    runs = sample.write_sample(tmp_path / "runs" / "my" / "my-run", 3, 1, 3)
    sample_network.write_network(runs, 3, 1)
    wepp_rq._run_hillslopes_rq("my-run", wepp_bin="hillsim")
    assert wepp_rq.run_watershed_rq("my-run", wepp_bin="hillsim")[0] is True
    report = (runs.parent / "output" / "loss_pw0.txt").read_text()
    assert "Avg. Ann. water discharge from outlet" in report
    assert ctx.words()[-1] == "COMPLETED"


def test_tasks_have_twelve_hours_and_the_fan_out_all_cpus():
    """A producer's 180 s does not cut a run short; dispatchers take no CPU from the work."""
    tasks = {name.rpartition(".")[2]: options for name, options in REGISTRY.items()}
    assert tasks["_run_hillslopes_rq"]["cpus"] == "all"
    assert tasks["run_wepp_rq"]["cpus"] == tasks["_log_complete_rq"]["cpus"] == 0
    assert tasks["run_hillslope_rq"]["min_timeout"] == 43_200


def test_mean_years_of_real_reports():
    """Figures of both layouts, of a hillslope without rain runoff, and none of a single storm."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is absent")
    old = annual.read(SHARED / "output-2010" / "H1.loss.dat")
    assert old == annual.MeanYear(74.23, 2.73, pytest.approx(0.286986))
    new = annual.read(SHARED / "output-2024" / "H1.loss.dat")
    assert new == annual.MeanYear(72.64, 2.71, pytest.approx(0.284579))
    assert annual.read(SHARED / "output-2010" / "H75.loss.dat") is None


def started(run: RunDirectory) -> dict[str, int]:
    """The log of each hillslope by its file's number: a new file was a new start of the engine."""
    return {path.name: path.stat().st_ino for path in run.runs.glob("p*.err")}


def again(run: RunDirectory) -> set[str]:
    """The logs of the hillslopes that the next call starts anew."""
    kept = {path.name: path.open("rb") for path in run.runs.glob("p*.err")}
    before = started(run)
    wepp_rq._run_hillslopes_rq("my-run")
    for file in kept.values():
        file.close()
    return {name for name, number in started(run).items() if before.get(name) != number}


def test_a_second_run_of_the_same_inputs_starts_nothing(ctx, tmp_path: Path):
    """Every hillslope is done; the table is written again, the progress is full at once."""
    run = a_run(tmp_path, dict.fromkeys((1, 2, 3), "ok"))
    wepp_rq._run_hillslopes_rq("my-run")
    first = run.hillslope_table.read_bytes()
    assert again(run) == set()
    assert run.hillslope_table.read_bytes() == first


def test_only_what_changed_is_simulated_again(ctx, tmp_path: Path):
    """A changed input, a removed or cut output: that hillslope and no other."""
    run = a_run(tmp_path, dict.fromkeys((1, 2, 3, 4), "ok"))
    wepp_rq._run_hillslopes_rq("my-run")
    (run.runs / "p1.slp").write_text("another slope")
    (run.output / "H2.loss.dat").unlink()
    (run.output / "H4.ebe.dat").write_text("hea")
    assert again(run) == {"p1.err", "p2.err", "p4.err"}
    assert again(run) == set()


def test_a_hidden_file_or_another_engine_makes_all_of_it_anew(ctx, tmp_path: Path):
    """frost.txt decides results without being named; so do the bytes of the executable."""
    run = a_run(tmp_path, dict.fromkeys((1, 2), "ok"))
    wepp_rq._run_hillslopes_rq("my-run")
    (run.runs / "frost.txt").write_text("1 1 1\n")
    assert again(run) == {"p1.err", "p2.err"}
    engine = tmp_path / "bin" / "wepp_250915"
    engine.write_text(engine.read_text() + "# another build\n")
    assert again(run) == {"p1.err", "p2.err"}


def test_after_a_failure_is_repaired_only_the_rest_runs(ctx, tmp_path: Path):
    """Hillslope 7 of 9 fails: those before it are done, and stay so."""
    run = a_run(tmp_path, {**dict.fromkeys(range(1, 10), "ok"), 7: "exit2"})
    ctx.cpus = 1
    with pytest.raises(SimulationFailed, match="hillslope 7 failed"):
        wepp_rq._run_hillslopes_rq("my-run")
    assert RedisPrep.getInstanceFromRunID("my-run")["run_wepp_hillslopes"] is None
    (run.runs / "p7.man").write_text((run.runs / "p8.man").read_text())
    assert again(run) == {"p7.err", "p8.err", "p9.err"}
    assert RedisPrep.getInstanceFromRunID("my-run")["run_wepp_hillslopes"]
    assert [row.wepp_id for row in hillslopes.read(run.hillslope_table)] == list(range(1, 10))


def test_engines_run_before_all_are_looked_at_and_what_is_wrong_ends_them(ctx, tmp_path: Path):
    """The last of forty has one answer too many: the first two run for ever when that is seen."""
    run = a_run(tmp_path, {**dict.fromkeys(range(1, 41), "ok"), 1: "hang", 2: "hang"})
    with run.run_file(40).open("a") as file:
        file.write("one more\n")
    ctx.cpus = 2
    with pytest.raises(BadAnswers, match=r"p40\.run: line 27: 1 answers are left over"):
        wepp_rq._run_hillslopes_rq("my-run")
    assert {path.name for path in run.runs.glob("*.err")} == {"p1.err", "p2.err"}
    ledger = reconcile.ledger_of("my-run", run)
    assert [ledger.entry(f"hillslope:{number}").state for number in (1, 4)] == ["begun"] * 2
    assert ledger.entry("hillslope:5") is None


def test_a_missing_file_is_told_before_any_engine_starts(ctx, tmp_path: Path):
    """What one list of the directory shows costs no hillslope its outputs."""
    run = a_run(tmp_path, dict.fromkeys(range(1, 41), "ok"))
    (run.runs / "p40.sol").unlink()
    with pytest.raises(NotPrepared, match=r"hillslope 40: its sol file .*p40\.sol cannot be read"):
        wepp_rq._run_hillslopes_rq("my-run")
    assert list(run.runs.glob("*.err")) == []


def test_a_file_of_another_name_is_as_good(ctx, tmp_path: Path):
    """Answers may name one weather for all: such hillslopes are looked at first, and run."""
    run = a_run(tmp_path, dict.fromkeys((1, 2, 3), "ok"))
    (run.runs / "p3.cli").rename(run.runs / "all.cli")
    answers = run.run_file(3)
    answers.write_text(answers.read_text().replace("p3.cli", "all.cli"))
    wepp_rq._run_hillslopes_rq("my-run")
    assert [row.wepp_id for row in hillslopes.read(run.hillslope_table)] == [1, 2, 3]


def test_the_end_is_told_where_the_last_ones_were_done_before(ctx, tmp_path: Path):
    """Those that are done are counted while others run: 9/9 is said, whoever came last."""
    run = a_run(tmp_path, dict.fromkeys(range(1, 10), "ok"))
    wepp_rq._run_hillslopes_rq("my-run")
    (run.runs / "p5.slp").write_text("another slope")
    ctx.messages.clear()
    assert again(run) == {"p5.err"}
    assert ctx.steps[-1] == (9, 9, "done")
    assert any(text.endswith("9/9 hillslopes, done") for _, text in ctx.messages)


def test_of_many_hillslopes_some_begin_at_a_time_and_each_before_it_runs(
    ctx, tmp_path: Path, monkeypatch
):
    """One that runs again is not done from before; one whose turn has not come is left as it is."""
    monkeypatch.setattr(reconcile, "TOGETHER", 3)
    monkeypatch.setattr(reconcile, "FEW", 1)
    run = a_run(tmp_path, dict.fromkeys(range(1, 12), "ok"))
    ctx.cpus = 1
    wepp_rq._run_hillslopes_rq("my-run")
    (run.runs / "frost.txt").write_text("1 1 1\n")
    (run.runs / "p7.man").write_text("exit2\n")
    with pytest.raises(SimulationFailed, match="hillslope 7 failed"):
        wepp_rq._run_hillslopes_rq("my-run")
    ledger = reconcile.ledger_of("my-run", run)
    states = [ledger.entry(f"hillslope:{number}").state for number in range(1, 12)]
    assert states == ["done"] * 6 + ["begun"] * 2 + ["done"] * 3
    (run.runs / "p7.man").write_text((run.runs / "p8.man").read_text())
    assert again(run) == {f"p{number}.err" for number in range(7, 12)}

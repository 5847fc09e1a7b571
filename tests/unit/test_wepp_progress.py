"""How far a stage is, as the job's record and the panel have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks import interchange_rq, wepp_rq
from tasks.run.directory import WATERSHED, RunDirectory
from tasks.run.status import Panel
from tasks.wepp.binary import Engine
from tasks.wepp.documents import Climate
from tasks.wepp.prompts import Answers, Contract
from tasks.wepp.running import Years
from tasks.wepp.samples.watershed import write_watershed
from tasks.wepp.simulation import NETWORK_OUTPUTS, Simulation
from tests.unit.recording import RecordingContext
from weppd.task import using


@pytest.fixture
def ctx(tmp_path: Path, redis_url: str):
    with using(RecordingContext(tmp_path / "runs", redis=redis_url)) as context:
        yield context


def test_a_long_simulation_is_followed_by_its_years(ctx, tmp_path: Path):
    """A year is over when the next begins, the last one at the end; a line half written waits."""
    run = RunDirectory(tmp_path)
    run.runs.mkdir(parents=True)
    answers = Answers(run.run_file(WATERSHED), "watershed", (), (), (), 4)
    simulation = Simulation(run, WATERSHED, Engine("wepp", Path("wepp"), Contract()), answers)
    years = Years(Panel(ctx, "my-run", "wepp"), simulation)
    years.look()
    log = run.err_file(WATERSHED)
    log.write_text(" SIMULATION YEAR =     1\n")
    years.look()
    assert ctx.steps == []
    log.write_text(" SIMULATION YEAR =     1\n  events\n SIMULATION YEAR =     2\n SIMULATION YE")
    years.look()
    years.look()
    assert [done for done, *_ in ctx.steps] == [1]
    log.write_text(log.read_text() + "AR =     4\n")
    years.look()
    years.end()
    assert [(done, total) for done, total, _ in ctx.steps] == [(1, 4), (3, 4), (4, 4)]


def test_a_stage_of_preparation_counts_its_files(ctx, tmp_path: Path):
    """Slopes, managements and soils of three hillslopes are nine files."""
    write_watershed(tmp_path / "runs" / "my-run", channels=1, years=1, elements=2)
    wepp_rq._prep_multi_ofe_rq("my-run")
    assert [step[:2] for step in ctx.steps] == [(n, 9) for n in range(1, 10)]
    assert any(text.endswith("9/9 files, done") for _, text in ctx.messages)


def test_the_network_s_years_reach_the_job(ctx, tmp_path: Path):
    """What the embedded engine did is told, whole, when it is over."""
    ctx.settings = {**ctx.settings, "wepp": {"default_bin": "hillsim"}}
    write_watershed(tmp_path / "runs" / "my-run", channels=1, years=2)
    for stage in ("slopes", "managements", "soils", "climates", "remaining", "watershed"):
        getattr(wepp_rq, f"_prep_{stage}_rq")("my-run")
    wepp_rq._run_hillslopes_rq("my-run")
    wepp_rq.run_watershed_rq("my-run")
    assert ctx.steps[-1] == (2, 2, "done")


def test_what_follows_the_network_counts_files_measures_and_reports(ctx, tmp_path: Path):
    """The small jobs tell what they do in its own numbers, not that they are done."""
    ctx.settings = {**ctx.settings, "wepp": {"default_bin": "hillsim"}}
    write_watershed(tmp_path / "runs" / "my-run", channels=1, years=1)
    with Climate.locked(tmp_path / "runs" / "my-run") as climate:
        climate.delete_after_interchange = True
    for stage in ("slopes", "managements", "soils", "climates", "remaining", "watershed"):
        getattr(wepp_rq, f"_prep_{stage}_rq")("my-run")
    wepp_rq._run_hillslopes_rq("my-run")
    wepp_rq.run_watershed_rq("my-run")
    wepp_rq._post_run_cleanup_out_rq("my-run")
    found = {path.name for path in (tmp_path / "runs/my-run/wepp/output").iterdir()}
    files = len(found & set(NETWORK_OUTPUTS))
    assert ctx.steps[-1] == (files, files, "done")
    interchange_rq._build_hillslope_interchange_rq("my-run")
    interchange_rq._build_totalwatsed3_rq("my-run")
    interchange_rq._post_watershed_interchange_rq("my-run")
    wepp_rq._analyze_return_periods_rq("my-run")
    assert [step[:2] for step in ctx.steps[-5:]] == [(n, 5) for n in range(1, 6)]
    wepp_rq._cleanup_raw_rq("my-run")
    assert ctx.steps[-1] == (15, 15, "done")  # five daily reports of three hillslopes
    interchange_rq._build_hillslope_interchange_rq("my-run")
    assert ctx.steps[-1] == (7, 7, "done")  # the tables and the picture that stand

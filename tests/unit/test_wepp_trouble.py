"""What stands against a run: one clear message, a ledger that tells the truth, and going on."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from tasks import interchange_rq, wepp_rq
from tasks.run.directory import NotPrepared, ReadOnlyRun, RunDirectory
from tasks.run.ledger import StepLedger
from tasks.run.prep import RedisPrep
from tasks.wepp.reconcile import ledger_of
from tasks.wepp.samples.watershed import write_watershed
from tasks.wepp.simulation import SimulationFailed

PREP = ("slopes", "managements", "soils", "climates", "remaining", "watershed")


@pytest.fixture
def run(ctx, tmp_path: Path) -> RunDirectory:
    """A run of one channel and three hillslopes, nothing done."""
    write_watershed(tmp_path / "runs" / "my-run", channels=1, years=1)
    return RunDirectory(tmp_path / "runs" / "my-run")


def prepared() -> None:
    for stage in PREP:
        getattr(wepp_rq, f"_prep_{stage}_rq")("my-run")


def told(ctx) -> str:
    """What the panel was told of the last exception: one line, in JSON."""
    verb, text = ctx.messages[-1][1].split(maxsplit=2)[1:]
    assert verb == "EXCEPTION_JSON"
    return json.loads(text)["message"]


def test_a_full_disk_while_inputs_are_written_is_gone_on_from(ctx, run, monkeypatch):
    """The file is named, nothing half-written stays, the step is not done; then it finishes."""
    whole = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.name.startswith(".p2.man"):
            whole(path, data[:100])
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"No space left on device: .*p2\.man"):
        wepp_rq._prep_managements_rq("my-run")
    assert "p2.man" in told(ctx)
    assert not list(run.runs.glob(".*"))
    assert ledger_of("my-run", run).entry("prep:managements").state == "begun"
    monkeypatch.undo()
    prepared()
    assert ledger_of("my-run", run).entry("prep:managements").state == "done"


def test_a_full_disk_under_the_embedded_engine_names_the_output(ctx, run, monkeypatch):
    """Which file, in the one line of the job; the hillslopes before it stand."""
    prepared()
    whole = Path.open

    def full(path: Path, *how: Any, **more: Any) -> Any:
        if path.name.startswith(".H2.wat.dat"):
            return whole(Path("/dev/full"), "wb", **more)
        return whole(path, *how, **more)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(SimulationFailed, match=r"hillslope 2 .*No space left on device: .*H2\.wat"):
        wepp_rq._run_hillslopes_rq("my-run")
    assert ledger_of("my-run", run).entry("hillslope:2").state == "begun"
    monkeypatch.undo()
    assert wepp_rq._run_hillslopes_rq("my-run")[0] is True


def test_a_corrupt_pass_file_is_named_and_its_hillslope_made_again(ctx, run):
    """The network says which file; a launch simulates that hillslope and no other."""
    prepared()
    wepp_rq._run_hillslopes_rq("my-run")
    passed = run.output / "H2.pass.dat"
    good = passed.read_bytes()
    passed.write_bytes(good[: len(good) // 2])
    with pytest.raises(SimulationFailed, match=r"the watershed failed with hillsim.*H2\.pass\.dat"):
        wepp_rq.run_watershed_rq("my-run")
    assert "H2.pass.dat" in told(ctx)
    others = {path: path.stat().st_ino for path in run.output.glob("H[13].pass.dat")}
    wepp_rq._run_hillslopes_rq("my-run")
    assert passed.read_bytes() == good
    assert {path: path.stat().st_ino for path in others} == others
    assert wepp_rq.run_watershed_rq("my-run")[0] is True


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (lambda: wepp_rq._run_hillslopes_rq("my-run"), "wepp/runs does not exist: prepare"),
        (lambda: wepp_rq.run_watershed_rq("my-run"), r"pw0\.run does not exist: prepare"),
        (lambda: wepp_rq._analyze_return_periods_rq("my-run"), r"ebe_pw0\.parquet does not exist"),
        (lambda: wepp_rq.run_flowpath_rq("my-run", "fp_1"), "'fp_1' is none of this run's"),
        (
            lambda: interchange_rq._build_hillslope_interchange_rq("my-run"),
            "wepp/output does not exist: run the hillslopes first",
        ),
        (lambda: interchange_rq._build_totalwatsed3_rq("my-run"), r"H\.wat\.parquet: missing, run"),
        (
            lambda: interchange_rq._post_watershed_interchange_rq("my-run"),
            r"pass_pw0\.txt, .*: missing, run",
        ),
    ],
)
def test_a_step_out_of_order_says_what_it_lacks(ctx, run, step, says):
    """What was not made yet is named, to the panel and to the job."""
    with pytest.raises(NotPrepared, match=says):
        step()
    assert told(ctx)


def test_the_network_before_its_hillslopes_names_the_first_pass_file(ctx, run):
    """Prepared, and nothing simulated."""
    prepared()
    with pytest.raises(NotPrepared, match=r"the watershed: its pass file .*H1\.pass\.dat"):
        wepp_rq.run_watershed_rq("my-run")


def test_a_run_whose_channels_were_not_simulated_is_not_complete(ctx, run):
    """Neither before they are prepared, nor before they ran, nor where a killed one began: the page
    is not told, and the stamp not set; what an older program simulated has no ledger."""
    refused = pytest.raises(NotPrepared, match="the watershed has not been run to its end in")
    with refused:
        wepp_rq._log_complete_rq("my-run")
    prepared()
    with refused:
        wepp_rq._log_complete_rq("my-run")
    ledger = StepLedger(run.root)
    ledger.begin({"watershed": "inputs"})
    run.output.mkdir(parents=True)
    (run.output / "loss_pw0.txt").write_text("cut")
    with refused:
        wepp_rq._log_complete_rq("my-run")
    assert not any("TRIGGER" in text for _, text in ctx.messages)
    assert RedisPrep(run.root, "my-run")["run_wepp_watershed"] is None
    ledger.forget()
    wepp_rq._log_complete_rq("my-run")
    assert "TRIGGER" in ctx.messages[-1][1]


@pytest.mark.parametrize(
    "task",
    [
        *(f"_prep_{stage}_rq" for stage in PREP),
        *("_run_hillslopes_rq", "run_watershed_rq", "_cleanup_raw_rq", "_log_complete_rq"),
    ],
)
def test_a_run_marked_readonly_is_left_as_it_is(ctx, run, task):
    """Every job refuses by the mark's name; no file is made or changed."""
    (run.root / "READONLY").touch()
    before = {path for path in run.root.rglob("*") if path.name != "redisprep.dump"}
    with pytest.raises(ReadOnlyRun, match="is marked READONLY"):
        getattr(wepp_rq, task)("my-run")
    assert {path for path in run.root.rglob("*") if path.name != "redisprep.dump"} == before


def test_a_failed_step_is_not_done_in_the_run_s_ledger(ctx, run):
    """The page shows hillslopes as not run; after the repair they are, and the run goes on."""
    prepared()
    prep = RedisPrep.getInstanceFromRunID("my-run")
    soil = run.runs / "p3.sol"
    whole = soil.read_bytes()
    soil.unlink()
    soil.write_text("7778\n")
    with pytest.raises(SimulationFailed, match="hillslope 3 failed with hillsim"):
        wepp_rq._run_hillslopes_rq("my-run")
    assert prep["run_wepp_hillslopes"] is None
    soil.write_bytes(whole)
    wepp_rq._run_hillslopes_rq("my-run")
    assert prep["run_wepp_hillslopes"]
    assert interchange_rq._build_hillslope_interchange_rq("my-run")[0] is True

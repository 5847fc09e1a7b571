"""Scenarios of a small watershed: what each changes, what is made anew, what all of them tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyarrow import parquet

from tasks import omni_rq, path_ce_rq
from tasks.omni import children
from tasks.omni.documents import Omni, Scenario
from tasks.path_ce.documents import Asked, PathCe, Treatment
from tasks.project import trial
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.nodb import BrokenDocument
from tasks.run.prep import RedisPrep
from tasks.wepp.documents import CoverChoice, Landuse
from tasks.wepp.samples.watershed import write_watershed

MULCH = {"type": "mulch", "ground_cover_increase": "30%", "base_scenario": "sbs_map"}
THIN = {"type": "thinning", "canopy_cover": "40%", "ground_cover": "75%"}


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    """A run of three hillslopes: one burnt, one old forest, one of corn."""
    root = tmp_path / "runs" / "my-run"
    write_watershed(root, channels=1, years=1)
    kinds = {"burnt": "high_severity_fire", "woods": "old_forest", "field": "corn_no_till"}
    landuse = Landuse.load(root)
    grown = dict(zip(sorted(landuse.hillslopes), kinds, strict=True))
    document = landuse.model_copy(
        update={
            "covers": {key: CoverChoice(cover=name) for key, name in kinds.items()}
            | {"channels": landuse.covers[landuse.channels]},
            "hillslopes": {top: [key] for top, key in grown.items()},
            "channels": "channels",
        }
    )
    (root / "landuse.nodb").write_text(document.dump())
    return root


def want(wd: Path, *scenarios: dict[str, object], **fields: object) -> None:
    """Have omni.nodb want these."""
    with Omni.locked(wd) as document:
        document.scenarios = [Scenario.model_validate(scenario) for scenario in scenarios]
        for name, value in fields.items():
            setattr(document, name, value)


def covers(wd: Path, scenario: dict[str, object]) -> dict[str, CoverChoice]:
    """The covers that a scenario has."""
    child = children.make(wd, Scenario.model_validate(scenario))
    return Landuse.load(child.root).covers


def stamps_at_triggers(ctx, monkeypatch, wd: Path) -> dict[str, bool]:
    """Whether the run's scenarios count as done, for each event at which its page looks."""
    seen, say = {}, ctx.status

    def look(channel: str, text: str) -> None:
        words = text.split()
        if channel == "my-run:omni" and words[1] == "TRIGGER":
            seen[words[-1]] = RedisPrep(wd, "my-run")["run_omni_scenarios"] is not None
        say(channel, text)

    monkeypatch.setattr(ctx, "status", look)
    return seen


def test_a_scenario_changes_the_covers_that_it_is_about(ctx, wd: Path):
    """Uniform fires burn what is forest; what burnt is old forest undisturbed; corn stays corn."""
    burnt = covers(wd, {"type": "uniform_low"})
    assert [burnt[key].cover for key in ("burnt", "woods", "field")] == [
        "low_severity_fire", "low_severity_fire", "corn_no_till",
    ]  # fmt: skip
    assert covers(wd, {"type": "undisturbed"})["burnt"].cover == "old_forest"
    thin = covers(wd, THIN)["woods"]
    assert (thin.canopy, thin.interrill, thin.rill) == (0.4, 0.75, 0.75)
    mulch = covers(wd, MULCH)
    assert mulch["burnt"].interrill == pytest.approx(0.45)
    assert mulch["woods"] == CoverChoice(cover="old_forest")


def test_a_scenario_says_itself_what_takes_the_place_of_what(ctx, wd: Path):
    """By names of the documents or the library; what nobody knows is named."""
    told = {"type": "prescribed_fire", "covers": {"old_forest": "low_severity_fire"}}
    with pytest.raises(NotPrepared, match="run the scenario 'undisturbed' first"):
        covers(wd, told)
    covers(wd, {"type": "undisturbed"})
    assert covers(wd, told)["woods"].cover == "low_severity_fire"
    with pytest.raises(BrokenDocument, match="uniform_moderate: no cover of the library is it"):
        covers(wd, {"type": "uniform_moderate"})
    with pytest.raises(BrokenDocument, match="'moor' is no cover"):
        covers(wd, {"type": "uniform_moderate", "covers": {"woods": "moor"}})
    with pytest.raises(BrokenDocument, match="there is no soil 'rock'"):
        covers(wd, {"type": "uniform_low", "soils": {"rock": "sand"}})


def test_scenarios_are_jobs_in_two_stages_and_only_those_that_are_not_up_to_date(
    ctx, wd: Path, monkeypatch
):
    """What follows another waits for all that do not; what is up to date is told as skipped."""
    trial.run_all("my-run", RunDirectory(wd))
    want(wd, MULCH, {"type": "undisturbed"}, THIN)
    assert omni_rq.run_omni_scenarios_rq("my-run") == "child-5"
    planned, ctx.children = ctx.children, []
    assert [child["label"] for child in planned] == [
        "jobs:0,scenario:mulch_30_sbs_map", "jobs:0,scenario:undisturbed",
        "jobs:1,scenario:thinning_40_75",
        "jobs:2,func:_compile_hillslope_summaries_rq", "jobs:3,func:_finalize_omni_scenarios_rq",
    ]  # fmt: skip
    assert planned[2]["depends_on"] == ["child-1", "child-2"]
    seen = stamps_at_triggers(ctx, monkeypatch, wd)
    for child in planned:
        name = child["function"].rpartition(".")[2]
        getattr(omni_rq, name)(*child["args"])
    assert seen == {"OMNI_SCENARIO_RUN_TASK_COMPLETED": True, "END_BROADCAST": True}
    omni_triggers = [
        t.split()[-1] for c, t in ctx.messages if c == "my-run:omni" and "TRIGGER" in t
    ]
    assert omni_triggers == ["OMNI_SCENARIO_RUN_TASK_COMPLETED", "END_BROADCAST"]
    assert RedisPrep(wd, "my-run")["run_omni_scenarios"]
    state = Omni.load(wd).scenario_run_state
    assert {entry["status"] for entry in state.values()} == {"executed"}
    rows = parquet.read_table(wd / "omni/scenarios.hillslope_summaries.parquet").to_pylist()
    assert len(rows) == 3 * 4
    yields = {(r["scenario"], r["wepp_id"]): r["Sediment Yield (t)"] for r in rows}
    assert yields["mulch_30_sbs_map", 1] < yields["sbs_map", 1]
    assert yields["mulch_30_sbs_map", 3] == yields["sbs_map", 3]
    ctx.messages.clear()
    want(wd, MULCH | {"ground_cover_increase": 60}, THIN)
    omni_rq.run_omni_scenarios_rq("my-run")
    assert [child["label"] for child in ctx.children[:1]] == ["jobs:0,scenario:mulch_60_sbs_map"]
    assert len(ctx.children) == 3
    assert [text.split()[2] for _, text in ctx.messages].count("run_omni_scenario_rq(my-run,") == 1
    state = Omni.load(wd).scenario_run_state
    assert (state["thinning_40_75"]["status"], "undisturbed" in state) == ("skipped", False)


def test_scenarios_in_one_job_feed_the_choice_of_treatments(ctx, wd: Path):
    """All in the dispatcher where the document wants it; the tables are what PATH reads."""
    trial.run_all("my-run", RunDirectory(wd))
    want(wd, MULCH, use_rq_job_pool_concurrency=False)
    assert omni_rq.run_omni_scenarios_rq("my-run") is None
    assert ctx.children == []
    mulch = Treatment(label="mulch", scenario="mulch_30_sbs_map", quantity=1.0, unit_cost=100.0)
    with PathCe.locked(wd) as document:
        document.config = Asked(treatment_options=(mulch,), undisturbed_scenario=None)
    told = path_ce_rq.run_path_cost_effective_rq("my-run")
    assert told["treatment_hillslopes"] == {"mulch": [1]}
    frame = parquet.read_table(wd / "path/analysis_frame.parquet")
    assert frame["Burn severity"].to_pylist() == ["High", "Unknown", "Unknown"]


def test_a_run_without_scenarios_and_a_definition_that_is_none_are_told(ctx, wd: Path):
    """In one line each."""
    with pytest.raises(BrokenDocument, match=r"omni\.nodb: it has no scenarios"):
        omni_rq.run_omni_scenarios_rq("my-run")
    with pytest.raises(BrokenDocument, match="thinning wants canopy_cover"):
        omni_rq.run_omni_scenario_rq("my-run", {"type": "thinning"})

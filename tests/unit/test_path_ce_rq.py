"""The choice of treatments from the tables of a run's scenarios: what is chosen, told and kept."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tasks import path_ce_rq
from tasks.path_ce.documents import Asked, PathCe, Treatment
from tasks.run.directory import NotPrepared, ReadOnlyRun
from tasks.run.nodb import BrokenDocument
from tasks.run.prep import RedisPrep
from tests.unit.recording import RecordingContext
from weppd.task import using

SOME = Treatment(label="some", scenario="mulch_15_sbs_map", quantity=1, unit_cost=10, fixed_cost=5)
MORE = Treatment(label="more", scenario="mulch_60_sbs_map", quantity=2, unit_cost=10, fixed_cost=5)
#: Of four hillslopes: area in ha, slope, land use, and t of sediment after fire, some, more.
HILLS = (
    (1, 1.0, 0.1, "105", (10.0, 6.0, 2.0)),
    (2, 2.0, 0.1, "118", (4.0, 3.0, 2.0)),
    (3, 1.0, 0.9, "106", (8.0, 4.0, 1.0)),
    (4, 1.0, 0.1, "42", (1.0, 1.0, 1.5)),
)


@pytest.fixture
def ctx(tmp_path: Path, redis_url: str):
    with using(RecordingContext(tmp_path / "runs", redis=redis_url)) as context:
        yield context


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    """A run whose scenarios have been run; a hillslope's NTU is its yield, for 100 m3 of water."""
    root = tmp_path / "runs" / "my-run"
    (root / "omni").mkdir(parents=True)
    (root / "watershed").mkdir()
    rows = [
        {
            "WeppID": str(number), "TopazID": f"{number}1", "Landuse": use, "scenario": scenario,
            "Hillslope Area (ha)": area, "Sediment Yield (kg/ha)": 1000.0 * tons / area,
            "Runoff (mm)": 60.0 / area, "Baseflow (mm)": 40.0 / area,
        }
        for number, area, _, use, yields in HILLS
        for scenario, tons in zip(
            ("sbs_map", "mulch_15_sbs_map", "mulch_60_sbs_map", "undisturbed"), (*yields, 0.5),
            strict=True,
        )
    ]  # fmt: skip
    table(root / "omni/scenarios.hillslope_summaries.parquet", rows)
    ground = [
        {"wepp_id": number, "topaz_id": 10 * number + 1, "slope_scalar": slope, "area": area * 1e4}
        for number, area, slope, *_ in HILLS
    ]
    table(root / "watershed/hillslopes.parquet", ground)
    return root


def table(path: Path, rows: list[dict[str, object]]) -> None:
    """Write rows as a table."""
    parquet.write_table(pa.Table.from_pylist(rows), path)


def ask(wd: Path, **config: object) -> None:
    """Have the document ask for this, of the two treatments."""
    with PathCe.locked(wd) as document:
        document.config = Asked(treatment_options=(SOME, MORE), **config)


def test_the_cheapest_treatments_reach_the_target_and_all_is_written(ctx, wd):
    """By hand: of 23 in all 12 are saved by hillslope 1 (more: 8) and 3 (some: 4)."""
    ask(wd, sddc_threshold=11.0, sdyd_threshold=100.0)
    told = path_ce_rq.run_path_cost_effective_rq("my-run")
    assert (told["status"], told["used_secondary"]) == ("optimal", False)
    # 20 + 10 and both fixed costs; more alone (8 + 7) would be 20 + 20 + 5.
    assert told["treatment_hillslopes"] == {"some": [3], "more": [1]}
    assert (told["total_cost"], told["total_fixed_cost"], told["cost_gap"]) == (40.0, 10.0, 0.0)
    assert told["total_sddc_reduction"] == pytest.approx(12.0)
    assert told["final_sddc"] == pytest.approx(11.0)
    assert json.loads((wd / "path/results.json").read_text()) == told
    final = parquet.read_table(wd / "path/hillslope_sdyd.parquet").to_pylist()
    assert [(row["wepp_id"], row["final_Sdyd"]) for row in final] == [
        (1, 2.0), (2, 4.0), (3, 4.0), (4, 1.0),
    ]  # fmt: skip
    (lost,) = parquet.read_table(wd / "path/untreatable_hillslopes.parquet").to_pylist()
    assert lost["wepp_id"] == 4
    frame = parquet.read_table(wd / "path/analysis_frame.parquet")
    assert frame["Burn severity"].to_pylist() == ["High", "Moderate", "Low", "Unknown"]
    assert frame["NTU reduction more"].to_pylist() == pytest.approx([8.0, 2.0, 7.0, -0.5])
    assert frame.schema.field("Sdyd undisturbed").metadata[b"units"] == b"t"


def test_the_page_sees_how_far_it_is_and_how_it_ended(ctx, wd):
    """Stages, the ledger's stamp, the job under its key, the trigger, the document's words."""
    ask(wd, sdyd_threshold=100.0, sddc_threshold=23.0)
    told = path_ce_rq.run_path_cost_effective_rq("my-run")
    assert told["selected_hillslopes"] == []
    assert ctx.steps[-1] == (3, 3, "done")
    assert ctx.messages[-1] == ("my-run:path_ce", "rq:j1 TRIGGER   path_ce PATH_CE_RUN_COMPLETE")
    prep = RedisPrep(wd, "my-run")
    assert prep["run_path_ce"] is not None
    assert prep.get_rq_job_id("run_path_ce") == "j1"
    document = PathCe.load(wd)
    assert (document.status, document.progress) == ("completed", 1.0)


def test_what_cannot_be_reached_is_told_and_the_best_is_chosen(ctx, wd):
    """Every hillslope that a treatment helps gets what helps most; filters leave out the others."""
    ask(wd, sddc_threshold=0.0, sdyd_threshold=0.0, slope_range=(None, 20.0))
    told = path_ce_rq.run_path_cost_effective_rq("my-run")
    assert (told["status"], told["used_secondary"]) == ("secondary", True)
    assert told["treatment_hillslopes"] == {"some": [], "more": [1, 2]}
    assert told["final_sddc"] == pytest.approx(13.0)
    ask(wd, sdyd_threshold=5.0, sddc_threshold=23.0, severity_filter=["Low"])
    assert path_ce_rq.run_path_cost_effective_rq("my-run")["treatment_hillslopes"] == {
        "some": [3], "more": [],
    }  # fmt: skip


def test_weppclouds_document_is_read_and_never_written(ctx, wd):
    """In its own words; what came of it lies beside."""
    options = [SOME.model_dump() | {"label": "a"}]
    fields = {"_config": {"sddc_threshold": 23.0, "severity_filter": None,
                          "slope_range": [None, None], "sdyd_threshold": 100.0,
                          "treatment_options": options}}  # fmt: skip
    text = json.dumps({"py/object": "site.PathCostEffective", **fields})
    (wd / "path_ce.nodb").write_text(text)
    told = path_ce_rq.run_path_cost_effective_rq("my-run")
    assert told["treatment_hillslopes"] == {"a": []}
    assert (wd / "path_ce.nodb").read_text() == text


def test_what_is_missing_is_named_and_the_document_says_so(ctx, wd):
    """A scenario, a hillslope, the tables, a mark: one line, no results."""
    ask(wd, post_fire_scenario="uniform_high")
    with pytest.raises(BrokenDocument, match="it has no scenario 'uniform_high': run that first"):
        path_ce_rq.run_path_cost_effective_rq("my-run")
    document = PathCe.load(wd)
    assert (document.status, "uniform_high" in document.status_message) == ("failed", True)
    ask(wd)
    ground = wd / "watershed/hillslopes.parquet"
    table(ground, parquet.read_table(ground).to_pylist()[:3])
    with pytest.raises(BrokenDocument, match="hillslope 4 is not in watershed/hillslopes"):
        path_ce_rq.run_path_cost_effective_rq("my-run")
    (wd / "omni/scenarios.hillslope_summaries.parquet").unlink()
    with pytest.raises(NotPrepared, match=r"summaries\.parquet does not exist: run the scenarios"):
        path_ce_rq.run_path_cost_effective_rq("my-run")
    (wd / "READONLY").touch()
    with pytest.raises(ReadOnlyRun):
        path_ce_rq.run_path_cost_effective_rq("my-run")
    assert not (wd / "path").exists()

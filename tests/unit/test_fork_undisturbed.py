"""A fork as if nothing had burnt: built anew, run, and told of at the end; or no copy at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks import project_rq
from tasks.data.places import NoData
from tasks.project.copies import NotCopied
from tasks.run.foreign import ForeignDocument
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp.documents import Disturbed, Landuse, Soils
from tests.unit import site_maps


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    """A run that burnt, built and simulated, on a site with maps."""
    site = tmp_path / "site"
    site_maps.write(site / "nlcd/2019.tif", [[42] * 5] * 4)
    site_maps.write(site / "ssurgo/gNATSGSO/2025.tif", [[7] * 5] * 4)
    site_maps.write_soil(site / "sol/7.sol")
    site_maps.write_station(site / "cli/near.cli", -117.0, 46.0, years=1)
    data = {"landuse": str(site), "soils": str(site), "soil_files": str(site / "sol")}
    ctx.settings = {**ctx.settings, "data": {**data, "climate": str(site / "cli")}}
    root = site_maps.a_run(tmp_path / "runs" / "my" / "my-run")
    site_maps.write(root / "disturbed/sbs.tif", [[3] * 5] * 4)
    project_rq.init_sbs_map_rq("my-run", "sbs.tif")
    for build in ("landuse", "soils", "climate"):
        getattr(project_rq, f"build_{build}_rq")("my-run")
    (root / "wepp/output").mkdir(parents=True)
    (root / "wepp/output/H1.pass.dat").write_text("of burnt land")
    ctx.messages.clear()
    return root


def triggers(ctx) -> list[str]:
    """The events of the panels, in order."""
    return [text.split()[-1] for _, text in ctx.messages if text.split()[1] == "TRIGGER"]


def test_a_fork_without_its_fire_is_built_anew_and_run(ctx, wd: Path) -> None:
    """Forest again; outputs of burnt land stay behind; its end follows the run's last job."""
    made = Path(project_rq.fork_rq("my-run", "other-run", undisturbify=True))
    assert Landuse.load(wd).hillslopes[22] == ["high_fire"]
    assert Landuse.load(made).hillslopes == {top: ["42"] for top in (21, 22, 23)}
    assert Disturbed.load(made).sbs_map is None
    assert not (made / "wepp/output/H1.pass.dat").exists()
    prep = RedisPrep(made, "other-run")
    assert not prep.has_sbs
    assert prep[str(TaskEnum.init_sbs_map)] is None
    assert prep[str(TaskEnum.build_soils)] is not None
    assert triggers(ctx) == []
    *jobs, last = ctx.children
    assert {job["args"][0] for job in jobs} == {"other-run"}
    assert (last["function"], last["args"]) == ("tasks.project_rq._finish_fork_rq", ("my-run",))
    assert last["depends_on"] == [f"child-{len(jobs)}"]
    assert last["label"] == "jobs:9,func:_finish_fork_rq"
    project_rq._finish_fork_rq("my-run")
    assert triggers(ctx) == ["FORK_COMPLETE"]


def test_a_fork_that_cannot_be_built_is_not_there(ctx, wd: Path, tmp_path: Path) -> None:
    """What the site's data lack is told; neither a copy nor its ledger stays; no job is made."""
    (tmp_path / "site/sol/7.sol").unlink()
    with pytest.raises(NoData, match=r"lacks 7\.sol"):
        project_rq.fork_rq("my-run", "other-run", undisturbify=True)
    assert not (wd.parents[1] / "ot/other-run").exists()
    assert triggers(ctx) == ["FORK_FAILED"]
    assert ctx.children == []
    (tmp_path / "site/sol/7.sol").write_bytes((wd / "soils/7.sol").read_bytes())
    assert project_rq.fork_rq("my-run", "other-run", undisturbify=True)
    with pytest.raises(NotCopied, match="is there already"):
        project_rq.fork_rq("my-run", "other-run", undisturbify=True)


def test_documents_of_another_program_are_not_built_over(ctx, wd: Path) -> None:
    """Before anything is copied."""
    Soils.path(wd).write_text(json.dumps({"py/object": "site.Soils"}))
    with pytest.raises(ForeignDocument, match="never written over"):
        project_rq.fork_rq("my-run", "other-run", undisturbify=True)
    assert not (wd.parents[1] / "ot").exists()

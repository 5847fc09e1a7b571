"""Contrasts: which hillslopes are chosen, what the channels make of them, what is told of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pyarrow import parquet

from tasks import omni_rq
from tasks.omni import children, contrasts
from tasks.omni.documents import ContrastPair, Omni, Scenario
from tasks.project import trial
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.locks import NoDbAlreadyLockedError, locked
from tasks.run.nodb import BrokenDocument
from tasks.run.prep import RedisPrep
from tests.unit.test_omni_rq import MULCH, wd

__all__ = ["wd"]
MULCHED = "mulch_30_sbs_map"
PAIR = ContrastPair(control_scenario="sbs_map", contrast_scenario=MULCHED)
SEDIMENT = "Avg. Ann. sediment discharge from outlet"


def want(wd: Path, **fields: object) -> None:
    """Have omni.nodb want contrasts of the pair, and these."""
    with Omni.locked(wd) as document:
        document.contrast_pairs = [PAIR]
        for name, value in fields.items():
            setattr(document, name, value)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test that simulates the run leaves it for the others."""
    return tmp_path_factory.mktemp("contrasts") / "my-run"


@pytest.fixture
def ran(ctx, wd: Path, kept: Path) -> Path:
    """The run, and one scenario of it: hillslope 21, which burnt, is mulched. Each has its copy."""
    if kept.exists():
        shutil.rmtree(wd)
        shutil.copytree(kept, wd, symlinks=True)
        RedisPrep(wd, "my-run").reload()
        RedisPrep(children.place(wd, MULCHED)).reload()
    else:
        trial.run_all("my-run", RunDirectory(wd))
        omni_rq.run_omni_scenario_rq("my-run", MULCH)
        with Omni.locked(wd) as document:
            document.scenarios = [Scenario.model_validate(MULCH)]
        want(wd)
        shutil.copytree(wd, kept, symlinks=True)
    ctx.messages.clear()
    return wd


def do(ctx) -> None:
    """Do the jobs that were enqueued, in order."""
    for child in ctx.children:
        getattr(omni_rq, child["function"].rpartition(".")[2])(*child["args"])


def outlet(root: Path) -> dict[str, float]:
    """The outlet's figures of a run."""
    path = root / "wepp/output/interchange/loss_pw0.out.parquet"
    return {row["key"]: row["value"] for row in parquet.read_table(path).to_pylist()}


def test_a_contrast_of_all_hillslopes_is_the_other_scenario_and_one_of_the_unchanged_is_none(
    ctx, ran: Path
):
    """No hillslope is simulated again, and the outlet is told beside the control's."""
    want(ran, contrast_groups=[[21, 22, 23], [22], [21]])
    assert omni_rq.run_omni_contrasts_rq("my-run") == "child-4"
    assert [child["label"] for child in ctx.children] == [
        *("jobs:contrast:1", "jobs:contrast:2", "jobs:contrast:3"),
        "jobs:finalize:omni_contrasts",
    ]
    do(ctx)
    control, mulched = outlet(ran), outlet(children.place(ran, MULCHED))
    assert outlet(contrasts.place(ran, 1)) == mulched
    assert outlet(contrasts.place(ran, 2)) == control
    assert control[SEDIMENT] > outlet(contrasts.place(ran, 3))[SEDIMENT] == mulched[SEDIMENT]
    assert not list(contrasts.place(ran, 3).rglob("p[1-9]*.run"))
    rows = parquet.read_table(ran / "omni/contrasts.out.parquet").to_pylist()
    (row,) = [row for row in rows if (row["contrast_id"], row["key"]) == (3, SEDIMENT)]
    assert row["_contrast_name"] == f"sbs_map,21__to__{MULCHED}"
    assert (row["contrast_topaz_id"], row["control_v"]) == (21, control[SEDIMENT])
    assert row["control-contrast_v"] == row["control_v"] - row["v"] > 0.0
    sidecar = (ran / "omni/contrasts/contrast_3.tsv").read_text().splitlines()
    other = children.place(ran, MULCHED)
    assert sidecar == [
        f"21\t{other}/wepp/output/H1", f"22\t{ran}/wepp/output/H2", f"23\t{ran}/wepp/output/H3",
    ]  # fmt: skip
    triggers = [text.split()[-1] for c, text in ctx.messages if "TRIGGER" in text and "omni" in c]
    assert triggers == ["OMNI_CONTRAST_RUN_TASK_COMPLETED", "END_BROADCAST"]
    assert RedisPrep(ran, "my-run")["run_omni_contrasts"]


def test_hillslopes_are_chosen_by_what_they_yield_until_it_is_enough(ctx, ran: Path):
    """The greatest first, as many as have the wanted share of all of it; a few side by side."""
    rows = contrasts.summaries.hillslopes(ran, "sbs_map")
    told = {row["topaz_id"]: row["Sediment Yield (t)"] for row in rows}
    ranked = sorted(told, key=lambda top: -told[top])
    first, all_of_it = told[ranked[0]], sum(told.values())
    for share, many in ((first / all_of_it, 1), (min(1.0, first / all_of_it + 0.001), 2)):
        want(ran, contrast_objective="Sediment_Yield_t", contrast_share=share)
        found = contrasts.planned(ran, Omni.load(ran))
        assert [one.topaz_ids for one in found.values()] == [[top] for top in ranked[:many]]
    want(ran, contrast_hillslopes=1)
    assert len(contrasts.planned(ran, Omni.load(ran))) == 1
    want(ran, contrast_groups=[[21]] * 5, contrast_batch_size=2)
    omni_rq.run_omni_contrasts_rq("my-run")
    assert [child["depends_on"] for child in ctx.children] == [
        [], [], ["child-1", "child-2"], ["child-1", "child-2"], ["child-3", "child-4"],
        [f"child-{n}" for n in range(1, 6)],
    ]  # fmt: skip


def test_a_second_launch_runs_no_network_that_is_the_same_and_drops_what_is_not_wanted(
    ctx, ran: Path
):
    """What is as it was stays; fewer contrasts leave no directories behind, none leave nothing."""
    want(ran, contrast_groups=[[21], [22]])
    omni_rq.run_omni_contrasts_rq("my-run")
    do(ctx)
    report = contrasts.place(ran, 1) / "wepp/output/loss_pw0.txt"
    born = report.stat().st_ino
    ctx.children.clear()
    want(ran, contrast_groups=[[21]])
    omni_rq.run_omni_contrasts_rq("my-run")
    do(ctx)
    assert report.stat().st_ino == born
    assert not contrasts.place(ran, 2).exists()
    assert not contrasts.sidecar(ran, 2).exists()
    working = locked("my-run;;omni-contrast;;1", "runtime-paths/wepp")
    with working, pytest.raises(NoDbAlreadyLockedError):
        omni_rq.delete_omni_contrasts_rq("my-run")
    assert omni_rq.delete_omni_contrasts_rq("my-run") == 1
    assert not contrasts.place(ran, 1).exists()
    assert not (ran / "omni/contrasts.out.parquet").exists()
    assert RedisPrep(ran, "my-run")["run_omni_contrasts"] is None
    with pytest.raises(BrokenDocument, match="there is no contrast 1"):
        omni_rq.run_omni_contrast_rq("my-run", 1)


@pytest.mark.parametrize(
    ("fields", "kind", "says"),
    [
        ({"contrast_pairs": []}, BrokenDocument, "it has no contrast_pairs"),
        ({"contrast_groups": [[21, 24]]}, BrokenDocument, "contrast_groups: no hillslope 24"),
        ({"contrast_groups": [[21]] * 201}, BrokenDocument, "it wants 201 contrasts, 200 may be"),
        (
            {"contrast_pairs": [PAIR.model_copy(update={"contrast_scenario": "thinning_4_7"})]},
            NotPrepared,
            r"loss_pw0\.out\.parquet does not exist: run the scenario 'thinning_4_7' first",
        ),
    ],
)
def test_contrasts_that_cannot_be_are_told_before_a_job_is_enqueued(
    ctx, ran: Path, fields: dict[str, object], kind: type[Exception], says: str
):
    """In one line that names the document or the scenario."""
    want(ran, **fields)
    with pytest.raises(kind, match=says):
        omni_rq.run_omni_contrasts_rq("my-run")
    assert ctx.children == []


def test_a_pass_file_that_is_gone_is_named_and_nothing_is_run(ctx, ran: Path):
    """The contrast fails by the file; made again, it runs."""
    want(ran, contrast_groups=[[21]])
    omni_rq.run_omni_contrasts_rq("my-run")
    lost = children.place(ran, MULCHED) / "wepp/output/H1.pass.dat"
    text = lost.read_bytes()
    lost.unlink()
    with pytest.raises(NotPrepared, match=r"H1\.pass\.dat does not exist: run the hillslopes"):
        omni_rq.run_omni_contrast_rq("my-run", 1)
    lost.write_bytes(text)
    assert omni_rq.run_omni_contrast_rq("my-run", 1)[0] is True

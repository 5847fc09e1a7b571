"""The four ways to begin a WEPP run: which jobs each enqueues, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tasks import interchange_rq, project_rq, wepp_rq
from tasks.run import underway
from tasks.run.atomic import replace_text
from tasks.run.databases import RedisDB, redis_client
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.locks import WORKING, NoDbAlreadyLockedError, locked
from tasks.run.nodb import BrokenDocument, ReadOnlyRun
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp import wanted
from tasks.wepp.binary import UnknownBinary, choose
from tasks.wepp.dispatch import NotBuilt, RunUnderWay
from tasks.wepp.documents import Watershed, Wepp
from tasks.wepp.plan import BEGINNINGS, Wanted, launcher, plan
from tasks.wepp.samples.watershed import write_watershed
from tests.unit import fake_wepp
from tests.unit.recording import RecordingContext
from weppd.task import REGISTRY, using


@pytest.fixture
def ctx(tmp_path: Path, redis_url: str):
    """A job's context over run roots in `runs`, with a stand-in as the default executable."""
    fake_wepp.install_network(tmp_path / "bin")
    wepp = {"bin_dir": str(tmp_path / "bin"), "default_bin": "wepp_250915"}
    with using(RecordingContext(tmp_path / "runs", wepp=wepp, redis=redis_url)) as context:
        yield context


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    """The directory of a run with documents, nothing prepared."""
    wd = tmp_path / "runs" / "my-run"
    write_watershed(wd, channels=3, years=1)
    return wd


def functions(ctx: RecordingContext) -> list[str]:
    """What was enqueued, in order."""
    return [child["function"].rpartition(".")[2] for child in ctx.children]


@pytest.mark.parametrize("begin", BEGINNINGS)
@pytest.mark.parametrize("multi_ofe", [False, True])
def test_every_planned_job_is_a_task(begin: str, multi_ofe: bool):
    """No plan names a function that a cell would look for in vain."""
    jobs = plan(Wanted(begin=begin, multi_ofe=multi_ofe, flowpaths=True))
    assert interchange_rq
    assert {job.task for job in jobs} <= set(REGISTRY)


def test_a_whole_run_is_a_tree_with_production_s_keys(ctx, wd):
    """Stages 0 to 6, their keys in the parent's record, and what each waits for."""
    final = wepp_rq.run_wepp_rq("my-run")
    assert functions(ctx) == [
        *("_prep_slopes_rq", "_prep_managements_rq", "_prep_soils_rq", "_prep_climates_rq"),
        *("_prep_remaining_rq", "_run_hillslopes_rq", "_build_hillslope_interchange_rq"),
        *("_build_totalwatsed3_rq", "_prep_watershed_rq", "run_watershed_rq"),
        *("_post_run_cleanup_out_rq", "_post_watershed_interchange_rq"),
        *("_analyze_return_periods_rq", "_cleanup_raw_rq", "_log_complete_rq"),
    ]
    labels = [child["label"] for child in ctx.children]
    assert labels[0] == "jobs:0,func:_prep_slopes_rq"
    assert labels[5] == "jobs:1,func:run_hillslopes_rq"
    assert labels[-1] == "jobs:6,func:_log_complete_rq"
    assert ctx.children[4]["depends_on"] == ["child-1", "child-2", "child-3", "child-4"]
    assert ctx.children[9]["depends_on"] == ["child-9"]
    assert ctx.children[0]["timeout"] == 14_400
    assert final == "child-15"
    assert ctx.messages[-2][1].endswith(
        "ENQUEUED  run_wepp_rq(my-run) -> awaiting final job child-15"
    )


def test_long_runs_give_their_network_more_than_twelve_hours(ctx, wd):
    """0.05 s for each year and hillslope, in whole hours, and never less than 12."""
    fake_wepp.prepare_run(wd.parent, "long-run", dict.fromkeys(range(1, 21), "ok"))
    runs = wd.parent / "long-run" / "wepp" / "runs"
    text = fake_wepp.WATERSHED.replace("\n0\n2\n", "\n0\n50000\n")
    (runs / "pw0.run").write_text(text)
    wepp_rq.run_wepp_watershed_noprep_rq("long-run")
    assert ctx.children[0]["timeout"] == 14 * 3600
    wepp_rq.run_wepp_rq("my-run")
    network = next(c for c in ctx.children if c["function"].endswith("._prep_watershed_rq"))
    assert network["timeout"] == 43_200


def test_the_executable_that_was_asked_for_reaches_the_jobs_that_start_one(ctx, wd):
    """The argument wins over the document; what starts no engine is not given one."""
    write_watershed(wd, channels=3, years=1, wepp_bin="wepp_250915")
    wepp_rq.run_wepp_rq("my-run")
    given = {c["function"].rpartition(".")[2]: c.get("wepp_bin") for c in ctx.children}
    assert given["_run_hillslopes_rq"] == given["run_watershed_rq"] == "wepp_250915"
    assert given["_prep_slopes_rq"] is None


def test_a_run_without_channels_ends_with_its_hillslopes(ctx, wd):
    """run_watershed off: no network is prepared or run, and the page is told all the same."""
    write_watershed(wd, channels=3, years=1, run_watershed=False)
    wepp_rq.run_wepp_rq("my-run")
    assert functions(ctx)[5:] == [
        *("_run_hillslopes_rq", "_build_hillslope_interchange_rq", "_build_totalwatsed3_rq"),
        *("_cleanup_raw_rq", "_log_complete_rq"),
    ]


def test_what_is_missing_is_told_before_a_job_is_enqueued(ctx, wd):
    """Each document by name; a network that was not prepared; nothing half enqueued."""
    for name in ("watershed", "landuse", "soils", "climate"):
        path = wd / f"{name}.nodb"
        text = path.read_bytes()
        path.unlink()
        with pytest.raises(NotPrepared, match=rf"{name}\.nodb does not exist"):
            wepp_rq.run_wepp_rq("my-run")
        path.write_bytes(text)
    with pytest.raises(NotPrepared, match="wepp/runs does not exist"):
        wepp_rq.run_wepp_noprep_rq("my-run")
    fake_wepp.prepare_run(wd.parent, "other")
    with pytest.raises(NotPrepared, match=r"pw0\.run does not exist"):
        wepp_rq.run_wepp_watershed_noprep_rq("other")
    assert ctx.children == []


def test_a_production_run_is_simulated_as_it_is_prepared(ctx, wd):
    """Its documents are another program's: they are not read for what is there in wepp/runs."""
    other = fake_wepp.prepare_run(wd.parent, "other")
    (other / "wepp.nodb").write_text('{"py/object": "site.Wepp", "_x": 1}')
    wepp_rq.run_wepp_noprep_rq("other")
    assert functions(ctx)[0] == "_run_hillslopes_rq"
    assert not [name for name in functions(ctx) if name.startswith("_prep")]
    (other / "watershed.nodb").write_text('{"py/object": "site.Watershed"}')
    with pytest.raises(BrokenDocument, match=r"watershed\.nodb: it has no hillslopes"):
        wepp_rq.run_wepp_rq("other")


# A field beside its class and one below py/state: as two versions of jsonpickle write them.
BESIDE = '{"py/object": "site.Wepp", "wd": "/runs/other", %s}'
BELOW = '{"py/object": "site.core.Wepp", "py/state": {"wd": "/runs/other", %s}}'


@pytest.mark.parametrize("dialect", [BESIDE, BELOW])
def test_what_production_wants_of_a_prepared_run_is_read_from_its_document(ctx, wd, dialect):
    """The executable by its name, and no channels where they were switched off; nothing written."""
    other = fake_wepp.prepare_run(wd.parent, "other")
    fake_wepp.add_network(other)
    fields = '"_wepp_bin": "wepp_250915", "_run_wepp_watershed": %s'
    for switch in ("true", "false"):
        text = dialect % (fields % switch)
        (other / "wepp.nodb").write_text(text)
        ctx.children.clear()
        wepp_rq.run_wepp_noprep_rq("other")
        assert ctx.children[0]["wepp_bin"] == "wepp_250915"
        assert ("run_watershed_rq" in functions(ctx)) is (switch == "true")
        assert (other / "wepp.nodb").read_text() == text
    (other / "wepp.nodb").write_text(dialect % '"_wepp_bin": "wepp_990101"')
    with pytest.raises(UnknownBinary, match="wepp_bin 'wepp_990101' is not in"):
        wepp_rq.run_wepp_noprep_rq("other")


SUMMARY = '"_subs_summary": {"22": {"py/object": "site.Hill", "topaz_id": 22}, "23": {}}'


@pytest.mark.parametrize("dialect", [BESIDE, BELOW])
def test_a_prepared_run_of_production_has_all_its_hillslopes_and_its_grid(ctx, wd, dialect):
    """As many as its document or the table beside it has; the grid of losses of TOPAZ's rasters."""
    other = fake_wepp.prepare_run(wd.parent, "other", dict.fromkeys((1, 2), "ok"))
    fake_wepp.add_network(other)
    (other / "watershed.nodb").write_text(dialect % SUMMARY)
    (other / "dem/topaz").mkdir(parents=True)
    for name, cells in (("SUBWTA", "22 23"), ("DISCHA", "30 60")):
        head = "ncols 2\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 30\n"
        (other / f"dem/topaz/{name}.ARC").write_text(f"{head}{cells}\n")
    wepp_rq.run_wepp_noprep_rq("other")
    assert "_post_make_loss_grid_rq" in functions(ctx)
    engine, run = choose(ctx.settings["wepp"], None), RunDirectory(other)
    found = wanted.hillslopes(run, engine)
    assert [one.wepp_id for one in found.simulations] == [1, 2]
    run.output.mkdir(exist_ok=True)
    profile = "head\n" * 4 + "".join(f"{n}.0 1.0 {n / 100}\n" for n in range(100))
    for number in (1, 2):
        (other / f"wepp/output/H{number}.plot.dat").write_text(profile)
    wepp_rq._post_make_loss_grid_rq("other")
    assert (other / "wepp/plots/loss.asc").read_text().splitlines()[-1] == "0.0000 0.0000"
    tops = pa.table({"topaz_id": [22, 23, 32]})
    (other / "watershed").mkdir()
    parquet.write_table(tops, other / "watershed/hillslopes.parquet")
    with pytest.raises(NotPrepared, match=r"p3\.run cannot.*the watershed has 3 hillslopes"):
        wanted.hillslopes(run, engine)


def test_flowpaths_are_left_out_by_name_where_hillslopes_have_several_elements(ctx, wd):
    """Their soils and managements are of as many elements: the panel says so, the rest is run."""
    write_watershed(wd, channels=1, years=1, elements=2, flowpaths=1)
    wepp_rq.run_wepp_rq("my-run")
    assert "_run_flowpaths_rq" not in functions(ctx)
    assert "_run_hillslopes_rq" in functions(ctx)
    assert any("flowpaths have one element" in text for _, text in ctx.messages)
    with pytest.raises(BrokenDocument, match=r"wepp\.nodb: flowpaths have one element"):
        wepp_rq.run_flowpath_rq("my-run", "fp_21_1")


def test_a_prepared_run_has_its_flowpaths_and_its_grid_of_losses(ctx, wd):
    """Behind the inputs everything that the documents want is made, from the network the grid."""
    watershed = write_watershed(wd, channels=1, years=1, flowpaths=1)
    watershed.subcatchments = watershed.distance_to_channel = "dem/some.asc"
    replace_text(Watershed.path(wd), watershed.dump())
    for stage in ("slopes", "managements", "soils", "climates", "remaining", "watershed"):
        getattr(wepp_rq, f"_prep_{stage}_rq")("my-run")
    wepp_rq.run_wepp_noprep_rq("my-run")
    assert {"_run_flowpaths_rq", "_post_make_loss_grid_rq"} <= set(functions(ctx))
    ctx.children.clear()
    wepp_rq.run_wepp_watershed_noprep_rq("my-run")
    assert "_post_make_loss_grid_rq" in functions(ctx)
    assert "_run_flowpaths_rq" not in functions(ctx)
    wepp_rq._post_make_loss_grid_rq("my-run")
    assert any(
        text.endswith("SKIPPED   _post_make_loss_grid_rq(my-run) -> its hillslopes have no plots")
        for _, text in ctx.messages
    )


def test_a_locked_and_a_readonly_run_are_refused(ctx, wd):
    """Somebody edits wepp.nodb, another job runs the model, the run is marked: who or what."""
    for name in ("wepp.nodb", WORKING):
        with (
            locked("my-run", name),
            pytest.raises(NoDbAlreadyLockedError, match=f"{name} of my-run is locked by"),
        ):
            wepp_rq.run_wepp_rq("my-run")
    (wd / "READONLY").touch()
    with pytest.raises(ReadOnlyRun, match="my-run is marked READONLY"):
        wepp_rq.run_wepp_rq("my-run")
    assert ctx.children == []


def test_a_run_that_is_under_way_is_not_launched_again_until_it_has_ended(ctx, wd):
    """Two clicks are one run: the final job of the first decides, in whatever way it ended."""
    final = wepp_rq.run_wepp_rq("my-run")
    jobs = redis_client(RedisDB.RQ)
    for status in ("deferred", "started", "queued"):
        jobs.hset(f"rq:job:{final}", "status", status)
        with pytest.raises(RunUnderWay, match=f"final job {final} is {status}; .*cancel j1"):
            wepp_rq.run_wepp_rq("my-run", clean=True)
    known = len(ctx.children)
    for status in ("finished", "failed", "canceled", "stopped"):
        jobs.hset(f"rq:job:{final}", "status", status)
        final = wepp_rq.run_wepp_rq("my-run")
    jobs.delete(f"rq:job:{final}")
    wepp_rq.run_wepp_rq("my-run")
    assert len(ctx.children) == 6 * known


def test_a_launch_between_two_jobs_that_build_terrain_waits_for_the_last(ctx, wd):
    """As a job behind it, with what was asked for; two presses are one. It is no run under way,
    so that the builder is not refused; when the builder is over, the model is launched."""
    prep, jobs = RedisPrep(wd, "my-run"), redis_client(RedisDB.RQ)
    prep.set_rq_job_id(underway.CHAIN, "abstracts")
    jobs.hset("rq:job:abstracts", "status", "deferred")
    assert wepp_rq.run_wepp_watershed_rq("my-run", clean=True) == "child-1"
    (child,) = ctx.children
    assert child["function"] == "tasks.wepp_rq.run_wepp_watershed_rq"
    assert (child["depends_on"], child["allow_failure"]) == (["abstracts"], True)
    assert (child["clean"], child["unique"]) == (True, "behind abstracts")
    said = "run_wepp_watershed_rq(my-run) waits for its terrain: job abstracts"
    assert any(text.endswith(said) for _, text in ctx.messages)
    assert underway.find(prep) is None
    jobs.hset("rq:job:abstracts", "status", "finished")
    wepp_rq.run_wepp_rq("my-run")
    assert functions(ctx)[-1] == "_log_complete_rq"


@pytest.mark.parametrize("how", ["failed", "stopped", "canceled"])
def test_a_launch_that_waited_for_what_was_not_built_is_refused_by_name(ctx, wd, how):
    """It would run on what was there before. A later launch is asked for by somebody who knows;
    one that reads no document has nothing to do with it."""
    prep, jobs = RedisPrep(wd, "my-run"), redis_client(RedisDB.RQ)
    wepp_rq.run_wepp_rq("my-run")
    jobs.hset("rq:job:b1", mapping={"status": how, "ended_at": "2026-01-01T10:00:05.000000Z"})
    jobs.hset("rq:job:j1", mapping={"enqueued_at": "2026-01-01T10:00:04.000000Z"})
    prep.set_rq_job_id("build_soils_rq", "b1")
    with pytest.raises(NotBuilt, match=f"build_soils_rq of my-run .* {how}: see job b1"):
        wepp_rq.run_wepp_rq("my-run")
    fake_wepp.prepare_run(wd.parent, "my-run", {1: "ok"})
    wepp_rq.run_wepp_noprep_rq("my-run")
    jobs.hset("rq:job:j1", mapping={"enqueued_at": "2026-01-01T10:00:06.000000Z"})
    wepp_rq.run_wepp_rq("my-run")
    jobs.delete("rq:job:b1", "rq:job:j1")


@pytest.mark.parametrize(
    ("key", "told"),
    [("build_channels_rq", "build_channels_rq of my-run"), (underway.CHAIN, "the terrain of my-r")],
)
def test_a_launch_behind_terrain_that_was_not_built_is_refused_by_name(ctx, wd, key, told):
    """It began when the chain was over, and has waited since it was asked for. One that never
    began is told of, too; a launch that is asked for later runs on what was there before."""
    prep, jobs = RedisPrep(wd, "my-run"), redis_client(RedisDB.RQ)
    jobs.hset("rq:job:b1", mapping={"status": "failed", "ended_at": "2026-01-01T10:00:05.000000Z"})
    prep.set_rq_job_id(key, "b1")
    times = {"created_at": "2026-01-01T10:00:04.0Z", "enqueued_at": "2026-01-01T10:00:06.0Z"}
    jobs.hset("rq:job:j1", mapping=times)
    ctx.label = "later,func:run_wepp_rq"
    with pytest.raises(NotBuilt, match=f"{told}.* failed: see job b1"):
        wepp_rq.run_wepp_rq("my-run")
    ctx.label = ""
    wepp_rq.run_wepp_rq("my-run")
    jobs.delete("rq:job:b1", "rq:job:j1")


def under_way(prep: RedisPrep) -> None:
    """A model of the run that has not ended."""
    underway.note(prep, "launch", "final")
    redis_client(RedisDB.RQ).hset("rq:job:final", "status", "deferred")


def test_a_builder_waits_for_the_model_that_is_under_way(ctx, wd):
    """As a job behind its final one, however that ends; nothing counts as built, and the panel is
    told for what it waits. The button's job is that one from now on."""
    prep = RedisPrep(wd, "my-run")
    under_way(prep)
    assert project_rq.build_soils_rq("my-run") == "child-1"
    (child,) = ctx.children
    assert child["function"] == "tasks.project_rq.build_soils_rq"
    assert (child["depends_on"], child["allow_failure"]) == (["final"], True)
    assert (child["runid"], prep.get_rq_job_id("build_soils_rq")) == ("my-run", "child-1")
    assert ctx.words() == ["STARTED", "STATUS"]
    assert ctx.messages[-1][1].endswith("build_soils_rq(my-run) waits for the model: job final")
    assert "build_soils" not in prep.timestamps_report()
    ctx.label = child["label"]  # and when it meets the next model, it waits for that one
    assert project_rq.build_soils_rq("my-run") == "child-2"


def test_several_builders_that_follow_one_another_wait_as_one(ctx, wd):
    """It is their dispatcher that waits; one of a chain keeps its place, and a run that is marked
    READONLY is refused at once."""
    under_way(RedisPrep(wd, "my-run"))
    assert project_rq.build_subcatchments_and_abstract_watershed_rq("my-run", {"a": 1}) == "child-1"
    assert ctx.children[0]["updates"] == {"a": 1}
    ctx.label = "jobs:1,func:abstract_watershed_rq"
    with pytest.raises(RunUnderWay):
        project_rq.abstract_watershed_rq("my-run")
    ctx.label = ""
    (wd / "READONLY").touch()
    with pytest.raises(ReadOnlyRun):
        project_rq.build_soils_rq("my-run")
    assert len(ctx.children) == 1


def test_a_builder_that_nobody_pressed_is_noted_when_it_begins(ctx, wd):
    """One that a later press has enqueued already stays the button's."""
    prep = RedisPrep(wd, "my-run")
    underway.begins(prep, "build_soils_rq", "typed")
    assert prep.get_rq_job_id("build_soils_rq") == "typed"
    redis_client(RedisDB.RQ).hset("rq:job:pressed", "status", "queued")
    prep.set_rq_job_id("build_soils_rq", "pressed")
    underway.begins(prep, "build_soils_rq", "typed")
    assert prep.get_rq_job_id("build_soils_rq") == "pressed"


def test_every_task_that_builds_is_one_that_a_launch_looks_at():
    """Those that change a run's documents, one at a time, but for what launches the model."""
    builds = {n.rpartition(".")[2] for n, o in REGISTRY.items() if o["lock"] == "run"}
    assert builds - {launcher(begin) for begin in BEGINNINGS} >= set(underway.BUILDERS)


@pytest.mark.parametrize("begin", BEGINNINGS)
def test_what_launches_the_model_takes_its_turn_with_what_builds_the_run(begin: str):
    """weppd has them wait for each other without a slot: they name one key."""
    launches = REGISTRY[f"tasks.wepp_rq.{launcher(begin)}"]
    builds = REGISTRY[f"{project_rq.__name__}.build_soils_rq"]
    assert launches["lock"] == builds["lock"] == "run"


def test_a_launch_takes_the_stamps_of_what_is_done_anew(ctx, wd):
    """Preflight shows the run as not done from the moment it is launched."""
    prep = RedisPrep.getInstanceFromRunID("my-run")
    for step in TaskEnum:
        prep.timestamp(step)
    wepp_rq.run_wepp_rq("my-run")
    assert set(TaskEnum) - {TaskEnum(s) for s in prep.timestamps_report()} == {
        TaskEnum.run_wepp_hillslopes,
        TaskEnum.run_wepp_watershed,
        TaskEnum.run_omni_scenarios,
    }
    prep.timestamp(TaskEnum.run_wepp_hillslopes)
    for stage in ("slopes", "managements", "soils", "climates", "remaining", "watershed"):
        getattr(wepp_rq, f"_prep_{stage}_rq")("my-run")
    wepp_rq.run_wepp_watershed_noprep_rq("my-run")
    assert prep["run_wepp_hillslopes"]


def test_clean_begins_afresh_from_where_it_begins(ctx, wd):
    """What is made anew is removed; what the beginning takes as given stays."""
    run = RunDirectory(wd)
    for stage in ("slopes", "managements", "soils", "climates", "remaining", "watershed"):
        getattr(wepp_rq, f"_prep_{stage}_rq")("my-run")
    run.output.mkdir()
    (run.output / "H1.loss.dat").write_text("old")
    (run.output / ".nfs0001").write_text("held open elsewhere")
    wepp_rq.run_wepp_watershed_noprep_rq("my-run", clean=True)
    assert (run.output / "H1.loss.dat").exists()
    wepp_rq.run_wepp_noprep_rq("my-run", clean=True)
    assert not (run.output / "H1.loss.dat").exists()
    assert run.run_file(1).exists()
    wepp_rq.run_wepp_rq("my-run", clean=True)
    assert not run.runs.exists()
    assert not (wd / "wepp" / "steps.jsonl").exists()


def test_a_network_that_is_none_is_refused_before_a_hillslope_is_simulated(ctx, wd: Path):
    """Hours later it would be as wrong; a run that wants no channels is run."""
    document = Watershed.load(wd)
    document.channels[0].downstream = document.channels[1].topaz_id
    replace_text(Watershed.path(wd), document.dump())
    with pytest.raises(BrokenDocument, match=r"watershed\.nodb: 0 channels are outlets, one must"):
        wepp_rq.run_wepp_rq("my-run")
    assert ctx.children == []
    replace_text(Wepp.path(wd), Wepp(run_watershed=False).dump())
    wepp_rq.run_wepp_rq("my-run")
    assert "_run_hillslopes_rq" in functions(ctx)


def test_arguments_that_a_task_does_not_take_are_told_with_its_name(ctx, wd: Path):
    """By name, whatever was given."""
    with pytest.raises(TypeError, match=r"^run_wepp_rq does not take .*'colour'"):
        wepp_rq.run_wepp_rq("my-run", colour="red")

"""The ledger of a run: what the site's pages, its preflight and a resumed run read."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.run import databases
from tasks.run.databases import RedisDB, redis_client, redis_connection_kwargs
from tasks.run.directory import NotPrepared, runid_of
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from weppd.task import LocalContext, using


@pytest.fixture
def wd(tmp_path: Path, redis_url: str):
    """The directory of a run, with the test's Redis as the site's."""
    home = tmp_path / "batch" / "b" / "runs" / "leaf"
    home.mkdir(parents=True)
    run = {"roots": [str(tmp_path)], "batch_root": str(tmp_path / "batch")}
    settings = {"redis": {"url": redis_url}, "run": run, "compat": {"ledger": "both"}}
    with using(LocalContext(settings)):
        yield home


def hash_of(key: str) -> dict[str, str]:
    return redis_client(RedisDB.LOCK).hgetall(key)


def test_a_step_is_done_from_its_stamp_until_it_is_removed(wd):
    """`prep[str(step)]` gates a resumed run: None, then whole seconds, then None."""
    prep = RedisPrep.getInstance(wd)
    assert prep[str(TaskEnum.build_soils)] is None
    stamp = prep.timestamp(TaskEnum.build_soils)
    assert prep["build_soils"] == stamp > 1_700_000_000
    prep.remove_timestamp(TaskEnum.build_soils)
    assert prep["build_soils"] is None


def test_a_later_step_has_a_greater_stamp_within_the_same_second(wd):
    """The preflight compares stamps: soils after the watershed count as later."""
    prep = RedisPrep(wd)
    stamps = [prep.timestamp(s) for s in list(TaskEnum)[:12]]
    assert stamps == sorted(set(stamps))
    assert list(prep.timestamps_report().values()) == stamps


def test_two_batches_with_a_leaf_of_one_name_have_two_ledgers(wd):
    """The hash is kept under the whole run id, not under the directory's name."""
    other = wd.parents[2] / "c" / "runs" / "leaf"
    other.mkdir(parents=True)
    RedisPrep(wd).timestamp(TaskEnum.fetch_dem)
    assert RedisPrep(other)["fetch_dem"] is None
    assert "timestamps:fetch_dem" in hash_of("batch;;b;;leaf")


def test_older_readers_find_the_hash_under_the_last_part_where_the_site_wants_it(wd):
    """With ledger = "both" the site's preflight still sees a leaf's steps."""
    prep = RedisPrep(wd)
    prep.timestamp(TaskEnum.fetch_dem)
    assert hash_of("leaf")["timestamps:fetch_dem"] == str(prep["fetch_dem"])
    prep.remove_all_timestamp()
    assert not [name for name in hash_of("leaf") if name.startswith("timestamps:")]


def test_a_flushed_redis_is_healed_from_the_dump_even_by_a_change(wd):
    """After FLUSHALL no step is forgotten, whatever comes first: a reader or a change."""
    prep = RedisPrep(wd)
    prep.timestamp(TaskEnum.build_soils)
    prep.set_rq_job_id("run_wepp_rq", "j1")
    redis_client(RedisDB.LOCK).flushall()
    prep.timestamp(TaskEnum.build_climate)
    assert list(prep.timestamps_report()) == ["build_soils", "build_climate"]
    redis_client(RedisDB.LOCK).flushall()
    assert RedisPrep(wd).get_rq_job_ids() == {"run_wepp_rq": "j1"}


def test_the_dump_holds_the_hash_without_the_mirrors_of_locks(wd):
    """`redisprep.dump` is the ledger as JSON; locks are no part of a run's history."""
    prep = RedisPrep(wd)
    redis_client(RedisDB.LOCK).hset(prep.runid, "locked:wepp.nodb", "true")
    prep.sbs_required = True
    dump = json.loads((wd / "redisprep.dump").read_text())
    assert dump == {"attrs:loaded": "true", "attrs:sbs_required": "true"}
    assert prep.sbs_required
    assert not prep.has_sbs


def test_writers_at_once_leave_a_dump_that_is_whole_and_the_newest(wd):
    """Two tasks that end together cost neither of them its stamp, in Redis or on disk."""
    steps = list(TaskEnum)[:16]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda step: RedisPrep(wd).timestamp(step), steps))
    assert json.loads((wd / "redisprep.dump").read_text()) == hash_of(RedisPrep(wd).runid)
    assert len(RedisPrep(wd).timestamps_report()) == len(steps)


def test_a_broken_dump_is_named_and_not_overwritten(wd):
    """A ledger that cannot be read is an error with its path, never an empty ledger."""
    (wd / "redisprep.dump").write_text("{broken")
    with pytest.raises(ValueError, match=r"redisprep\.dump is not JSON"):
        RedisPrep(wd)
    assert (wd / "redisprep.dump").read_text() == "{broken"


def test_no_ledger_without_a_run(wd):
    """tryGetInstance gives None where the run does not exist; getInstance says so."""
    assert RedisPrep.tryGetInstance(wd / "nowhere") is None
    with pytest.raises(NotPrepared, match="nowhere does not exist"):
        RedisPrep.getInstance(wd / "nowhere")


def test_an_archive_is_known_while_it_is_made(wd):
    """`archive:job_id` is there from set to clear."""
    prep = RedisPrep(wd)
    prep.set_archive_job_id("j9")
    assert RedisPrep(wd).get_archive_job_id() == "j9"
    prep.clear_archive_job_id()
    assert prep.get_archive_job_id() is None


def test_a_run_is_found_by_its_id_and_its_id_by_its_directory(wd):
    """Composite ids and their directories lead to each other."""
    pup = wd / "_pups" / "omni" / "scenarios" / "mulch_30_sbs_map"
    pup.mkdir(parents=True)
    assert runid_of(pup) == "batch;;b;;leaf;;omni;;mulch_30_sbs_map"
    assert runid_of(wd.parent.parent / "_base") == "batch;;b;;_base"
    assert runid_of(wd / "_pups/omni/contrasts/3") == "batch;;b;;leaf;;omni-contrast;;3"
    prep = RedisPrep.getInstanceFromRunID("batch;;b;;leaf;;omni;;mulch_30_sbs_map")
    assert prep.wd == pup


def test_connection_arguments_come_from_weppd_or_the_usual_variables(wd, monkeypatch):
    """In a job weppd's own server; outside it REDIS_URL with the wanted database."""
    assert redis_connection_kwargs(RedisDB.RQ)["unix_socket_path"].endswith(".sock")
    monkeypatch.setenv("REDIS_URL", "redis://u:secret@db.example:7000/3")
    with using(LocalContext({})):
        kwargs = redis_connection_kwargs(RedisDB.LOCK, decode_responses=True, extra={"port": 1})
    assert kwargs == {
        "host": "db.example",
        "port": 1,
        "db": 0,
        "username": "u",
        "password": "secret",
        "decode_responses": True,
    }


def test_a_client_does_not_look_its_own_version_up(wd, monkeypatch):
    """That costs each job more than its words with Redis; nor does the server need to be told."""

    def asked(name: str) -> str:
        raise AssertionError(f"the version of {name} was looked up")

    databases._client.cache_clear()
    monkeypatch.setattr("importlib.metadata.version", asked)
    assert redis_client(RedisDB.LOCK).ping()


def test_every_step_has_a_label_and_a_name_of_its_own():
    """A page lists 32 steps, each told apart from the others."""
    assert len({str(s) for s in TaskEnum}) == len({s.label() for s in TaskEnum}) == 32
    assert TaskEnum("run_path_ce") is TaskEnum.run_path_cost_effective
    assert all(step.emoji() for step in TaskEnum)

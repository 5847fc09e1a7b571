"""The documents of a run, their locks, and those that another program wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from tasks.run import foreign, locks
from tasks.run.databases import RedisDB, redis_client
from tasks.run.directory import NotPrepared
from tasks.run.nodb import BrokenDocument, Document, NoDbStaleWriteError, ReadOnlyRun
from weppd.task import LocalContext, using


class Soils(Document, name="soils", version=2):
    """A document for these tests."""

    clip_depth_mm: float | None = None
    mukeys: dict[str, int] = Field(default_factory=dict)


@pytest.fixture
def wd(tmp_path: Path, redis_url: str):
    home = tmp_path / "my-run"
    home.mkdir()
    with using(LocalContext({"redis": {"url": redis_url}, "run": {"batch_root": "/b"}})):
        yield home


def test_a_change_is_on_disk_when_its_block_ends_well_and_only_then(wd):
    """The end of `locked` writes the document; an exception in it leaves the old one."""
    with Soils.locked(wd) as soils:
        soils.clip_depth_mm = 500.0
    assert Soils.load(wd).clip_depth_mm == 500.0
    with pytest.raises(ValidationError), Soils.locked(wd) as soils:
        soils.clip_depth_mm, soils.mukeys = 1.0, "no dictionary"
    assert Soils.load(wd).clip_depth_mm == 500.0
    assert sorted(p.name for p in wd.iterdir()) == ["soils.nodb"]


def test_own_documents_carry_their_schema_and_keep_what_they_do_not_know(wd):
    """A field of a newer program survives an older one's change."""
    (wd / "soils.nodb").write_text('{"schema": "soils/1", "later": [1]}')
    with Soils.locked(wd) as soils:
        soils.mukeys = {"a": 1}
    written = json.loads((wd / "soils.nodb").read_text())
    assert written["schema"] == "soils/2"
    assert written["later"] == [1]


def test_one_holder_at_a_time_and_the_other_is_told_who(wd):
    """The second is refused with the document and its holder, and the lock is gone afterwards."""
    with Soils.locked(wd):
        assert Soils.islocked(wd)
        assert list(locks.lock_statuses("my-run")) == ["soils.nodb"]
        with (
            pytest.raises(locks.NoDbAlreadyLockedError, match=r"soils\.nodb of my-run is locked"),
            Soils.locked(wd, wait=0.15),
        ):
            pass
    assert not Soils.islocked(wd)


def test_the_lock_is_as_the_sites_own_programs_take_it(wd):
    """Under nodb-lock:<runid>:<file>, JSON with token, owner and times, with a time to live."""
    client = redis_client(RedisDB.LOCK)
    with Soils.locked(wd):
        value = json.loads(client.get("nodb-lock:my-run:soils.nodb"))
        assert set(value) == {"token", "owner", "acquired_at", "expires_at", "ttl"}
        assert 21_500 < client.ttl("nodb-lock:my-run:soils.nodb") <= 21_600


def test_a_lock_that_another_took_meanwhile_is_not_let_go(wd):
    """Release compares the token: after `clear_locks` the next holder keeps his."""
    client = redis_client(RedisDB.LOCK)
    with Soils.locked(wd):
        assert locks.clear_locks("my-run") == ["soils.nodb"]
        client.set("nodb-lock:my-run:soils.nodb", '{"token": "other", "owner": "h:1"}')
    assert locks.lock_statuses("my-run") == {"soils.nodb": "h:1"}


def test_pages_see_locks_in_the_runs_hash_and_a_killed_holders_is_put_right(wd):
    """`locked:<file>` is "true" while held; what a killed holder left is cleared on a look."""
    client = redis_client(RedisDB.LOCK)
    with Soils.locked(wd):
        assert client.hget("my-run", "locked:soils.nodb") == "true"
    assert client.hget("my-run", "locked:soils.nodb") == "false"
    client.hset("my-run", "locked:wepp.nodb", "true")
    assert locks.lock_statuses("my-run") == {}
    assert client.hget("my-run", "locked:wepp.nodb") == "false"


def test_a_document_that_changed_while_it_was_held_is_not_written_over(wd):
    """A writer that took no lock loses nothing: the holder is refused as stale."""
    with Soils.locked(wd) as soils:
        soils.clip_depth_mm = 1.0
    theirs = Soils.load(wd).dump().replace("1.0", "2.0")
    with (
        pytest.raises(NoDbStaleWriteError, match="changed while it was held"),
        Soils.locked(wd) as soils,
    ):
        (wd / "soils.nodb").write_text(theirs)
    assert Soils.load(wd).clip_depth_mm == 2.0


def test_a_read_only_run_is_left_as_it_is(wd):
    """With the marker READONLY no document is changed."""
    (wd / "READONLY").touch()
    with pytest.raises(ReadOnlyRun, match="is marked READONLY"), Soils.locked(wd):
        pass
    assert not Soils.path(wd).exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "schema None is not that of soils"),
        ('{"schema": "wepp/1"}', "schema 'wepp/1' is not that of soils"),
        ('{"schema": "soils/3"}', "newer than this program's, 2"),
        ('{"schema": "soils/2", "clip_depth_mm": "x"}', "clip_depth_mm: Input should be a valid"),
    ],
)
def test_a_broken_document_is_named_with_the_reason(wd, text, complaint):
    """What cannot be read is an error with its path, and stays as it is."""
    (wd / "soils.nodb").write_text(text)
    with pytest.raises(BrokenDocument, match=rf"soils\.nodb.*{complaint}"):
        Soils.load(wd)
    assert (wd / "soils.nodb").read_text() == text


def test_a_missing_document_says_that_its_step_was_not_run(wd):
    """NotPrepared names the file."""
    with pytest.raises(NotPrepared, match=r"soils\.nodb does not exist"):
        Soils.load(wd)


# Written by jsonpickle 2.2 on Python 3.11, and by 4.1 on the same, from objects of equal content.
BESIDE = """{"py/object": "site.Soils", "_l": [1], "l2": {"py/id": 1}, "inner": {"py/object":
 "site.In", "x": [1, 2]}, "again": {"py/id": 2}, "d": {"k": 1}, "d2": {"py/id": 4},
 "t": {"py/tuple": [1, 2]}, "s": {"py/set": [3]}, "e": {"py/reduce": [{"py/type": "site.E"},
 {"py/tuple": [1]}]}, "e2": {"py/id": 5}, "by": {"py/b64": "YWI="}, "me": {"py/id": 0}}"""
BELOW = """{"py/object": "site.Soils", "py/state": {"_l": [1], "l2": {"py/id": 2}, "inner":
 {"py/object": "site.In", "py/state": {"x": [1, 2]}}, "again": {"py/id": 3}, "d": {"k": 1},
 "d2": {"py/id": 6}, "t": {"py/tuple": [1, 2]}, "s": {"py/set": [3]}, "e": {"py/reduce":
 [{"py/type": "site.E"}, {"py/tuple": [1]}]}, "e2": {"py/id": 7}, "by": {"py/b64": "YWI="},
 "me": {"py/id": 0}}}"""


@pytest.mark.parametrize("text", [BESIDE, BELOW], ids=["fields beside", "fields below py/state"])
def test_both_dialects_of_jsonpickle_are_read(wd, text):
    """References, tuples, sets, bytes and nested objects come out as they were put in."""
    (wd / "soils.nodb").write_text(text)
    view = foreign.read(wd / "soils.nodb")
    assert view.kind == "site.Soils"
    assert view.get("l") == view.get("l2") == [1]
    assert view.get("again", "x") == [1, 2]
    assert view.get("again") is view.get("inner")
    assert view.get("d2") == {"k": 1}
    assert (view.get("t"), view.get("s"), view.get("by")) == ((1, 2), {3}, b"ab")
    assert view.get("e2") == foreign.Opaque("site.E", ((1,),))
    assert view.get("me", "d", "k") == 1
    with pytest.raises(foreign.ForeignDocument, match=r"site\.Soils has no field x\.y"):
        view.get("x", "y")


def test_what_only_a_class_could_rebuild_counts_as_what_it_is(wd):
    """Dates, objects without fields, arguments of tuples with names: references go past them."""
    (wd / "soils.nodb").write_text(
        """{"py/object": "site.Soils", "py/state": {"when": {"py/object": "datetime.datetime",
         "__reduce__": [{"py/type": "datetime.datetime"}, ["B+QB"]]}, "empty": {"py/object":
         "site.In", "py/state": null}, "pair": {"py/object": "site.Pair", "py/newargs":
         {"py/tuple": [[1], 2]}, "py/seq": [[1], 2]}, "l": [7], "again": {"py/id": 7}}}"""
    )
    view = foreign.read(wd / "soils.nodb")
    assert view.get("when") == foreign.Opaque("datetime.datetime")
    assert view.get("empty") == {foreign.CLASS: "site.In"}
    assert view.get("again") is view.get("l")


@pytest.mark.parametrize(
    ("last", "found"),
    [("", foreign.Opaque("py/id", (2,))), (', "i": {"py/id": 5}', [2])],
    ids=["of unknown age", "told by another reference"],
)
def test_a_reference_that_two_versions_count_differently_is_never_guessed(wd, last, found):
    """Whether dictionaries count is told by a reference that would else lead nowhere, or by none.

    jsonpickle 1 would have meant the list `c` by 2, and jsonpickle 2 means `b`.
    """
    text = '{"py/object": "site.Soils", "a": {}, "b": [2], "c": [3], "d": {"py/id": 2}, "e": []'
    (wd / "soils.nodb").write_text(f'{text}, "f": []{last}}}')
    assert foreign.read(wd / "soils.nodb").get("d") == found


def test_a_foreign_document_is_never_written_over(wd):
    """`locked` on the site's own document fails before anything is written."""
    (wd / "soils.nodb").write_text(BESIDE)
    with pytest.raises(foreign.ForeignDocument, match=r"never written over"), Soils.locked(wd):
        pass
    assert (wd / "soils.nodb").read_text() == BESIDE
    assert not Soils.islocked(wd)


def test_a_reference_to_nothing_is_an_error_of_the_document(wd):
    """A cut or edited file is refused by name, not read as something else."""
    (wd / "soils.nodb").write_text('{"py/object": "site.Soils", "a": {"py/id": 9}}')
    with pytest.raises(foreign.ForeignDocument, match="a reference to container 9"):
        foreign.read(wd / "soils.nodb")
    (wd / "soils.nodb").write_text('{"a": 1}')
    with pytest.raises(foreign.ForeignDocument, match="was not written by jsonpickle"):
        foreign.read(wd / "soils.nodb")

"""Who holds a document's lock, and when an operator may take it away."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from weppd.admin import NoSuchLock
from weppd.errors import Refused
from weppd.shell.people.latches import Latches
from weppd.store.twin.memory import MemoryStore

HERE = os.uname().nodename
NAME = "my-run:wepp.nodb"


def story(owner: str, told: Callable[[Latches], Coroutine[Any, Any, Any]], **more: Any) -> Any:
    """What `told` makes of a lock of `owner`'s, taken just now."""

    async def tell() -> Any:
        store = MemoryStore()
        await store.open()
        value = {"token": "t", "owner": owner, "acquired_at": time.time(), **more}
        store.shelf.locks[0, f"nodb-lock:{NAME}"] = json.dumps(value).encode()
        return await told(Latches(store))

    return asyncio.run(tell())


def a_gone_pid() -> int:
    """The number of a process that was there a moment ago."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


async def freed(latches: Latches) -> tuple[Any, list[Any]]:
    done = await latches.unlock(NAME, force=False)
    return done, list(await latches.locks(""))


def test_the_lock_of_a_process_that_is_gone_is_taken_away() -> None:
    """As a worker that was killed leaves it; then nobody holds it."""
    done, left = story(f"{HERE}:{a_gone_pid()}", freed)
    assert done["lock"] == NAME
    assert left == []


def test_a_process_that_only_has_the_number_of_the_holder_is_not_he() -> None:
    """It began after the lock was taken: numbers come round."""
    done, _ = story(f"{HERE}:{os.getpid()}", freed, acquired_at=60.0)
    assert done["owner"] == f"{HERE}:{os.getpid()}"


@pytest.mark.parametrize(
    ("owner", "lives", "says"),
    [
        (f"{HERE}:{os.getpid()}", True, "which lives: end it, or use --force"),
        ("web-7:12", None, "not to be seen from here: if it is gone, use --force"),
        ("nonsense", None, "not to be seen from here"),
    ],
    # Two workers of one run of the tests must find the same names: no pid in them.
    ids=["here", "elsewhere", "nonsense"],
)
def test_who_lives_or_cannot_be_seen_keeps_his_lock_unless_it_is_forced(
    owner: str, lives: bool | None, says: str
) -> None:
    """The refusal says who, and what to do."""

    async def told(latches: Latches) -> None:
        (row,) = await latches.locks("my-run")
        assert (row["lives"], row["file"]) == (lives, "wepp.nodb")
        with pytest.raises(Refused, match=f"lock {NAME} is held by .*{says}"):
            await latches.unlock(NAME, force=False)
        assert (await latches.unlock(f"nodb-lock:{NAME}", force=True))["owner"] == owner

    story(owner, told)


def test_a_lock_that_nobody_holds_is_named() -> None:
    """A slip of the pen is no success."""

    async def told(latches: Latches) -> None:
        with pytest.raises(NoSuchLock, match=r"no lock 'my-run:wep\.nodb': nobody holds it"):
            await latches.unlock("my-run:wep.nodb", force=True)

    story("web-7:12", told)

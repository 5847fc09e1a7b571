"""A prompt future: who waits goes on at once, and never inside somebody else."""

from __future__ import annotations

import asyncio

import pytest

from weppd.prompt import Prompt


def awaited(story):
    """Run `story(future, heard, task)`: `task` awaits the future, and `heard` has what came."""

    async def tell_it():
        future, heard = Prompt(), []

        async def wait():
            heard.append(await future)

        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        await story(future, heard, task)

    asyncio.run(tell_it())


def test_who_waits_has_gone_on_when_the_answer_returns():
    """From a callback of the loop the waiter is run in the very call."""

    async def story(future, heard, task):
        seen = []
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: (future.answer("a reply"), seen.extend(heard)))
        await task
        assert seen == heard == ["a reply"]

    awaited(story)


def test_a_task_is_not_entered_from_another():
    """A task that answers goes on first; the waiter comes in the loop's next turn."""

    async def story(future, heard, task):
        future.answer("a reply")
        assert heard == []
        await task
        assert heard == ["a reply"]

    awaited(story)


def test_an_answer_before_anybody_waits_is_kept():
    """Who comes later has it."""

    async def tell_it():
        future = Prompt()
        future.answer("a reply")
        assert await future == "a reply"

    asyncio.run(tell_it())


def test_errors_and_cancels_reach_who_waits():
    """They go the loop's way, as with any future."""

    async def failing(future, heard, task):
        future.set_exception(OSError("cut"))
        with pytest.raises(OSError, match="cut"):
            await task

    async def cancelled(future, heard, task):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert future.cancelled()

    awaited(failing)
    awaited(cancelled)


def test_who_waits_may_wait_for_the_next_one_at_once():
    """A waiter that begins to wait anew inside the answer is woken by the next answer."""

    async def tell_it():
        futures, heard = [Prompt(), Prompt()], []

        async def wait():
            for future in futures:
                heard.append(await future)

        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: [future.answer(n) for n, future in enumerate(futures)])
        await task
        assert heard == [0, 1]

    asyncio.run(tell_it())

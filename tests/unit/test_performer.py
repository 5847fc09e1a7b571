"""Effects become calls of the hands, in the order that readers of Redis rely on."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from weppd.core import effects as do
from weppd.core.schedule import Plan, Ticket
from weppd.model import Claim, Finish, Finished, Job
from weppd.shell.performer import Hands


class Recorder:
    """Stands in for store, trips and diary: writes down what is asked of it, in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False
        self.entries = {"e1": object()}
        self.answers = asyncio.Event()

    async def began(self, *args: object) -> None:
        await self.answers.wait()
        self.asked.append("began")

    def record(self, finish: Finish) -> None:
        self.asked.append("record")

    def is_at_work(self, eid: str, pid: int) -> None:
        pass

    def ended(self, finish: Finish) -> None:
        pass


async def announced_and_ended(away: bool) -> Recorder:
    """A job of a run that ended before the store has taken that it began."""
    told = Recorder()
    told.away = away
    nobody = SimpleNamespace()
    hands = Hands(told, told, nobody, nobody, nobody, told, nobody, nobody)
    claim = Claim("e1", Job("j1", "default", "f", b"", runid="my-run"))
    hands.perform(do.Announce(Ticket(claim, Plan("f"), "node.1"), 7, 0.0))
    hands.perform(do.Record(Finish(claim, Finished(None), "node.1", 0.0, 0.0)))
    await asyncio.sleep(0)
    before = list(told.asked)
    told.answers.set()
    await hands.errands.settle()
    await asyncio.sleep(0)
    assert before == (["record"] if away else [])
    return told


@pytest.mark.parametrize(
    ("away", "order"), [(False, ["began", "record"]), (True, ["record", "began"])]
)
def test_the_end_waits_for_the_beginning(away, order):
    """An outcome is recorded after its job was told to have begun, unless the store is away."""
    assert asyncio.run(announced_and_ended(away)).asked == order

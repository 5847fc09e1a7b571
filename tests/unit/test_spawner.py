"""Programs that shall always run: one that cannot even be started is told of, and tried again."""

from __future__ import annotations

import asyncio

from tests.waiting import soon
from weppd.shell.host import zygotes
from weppd.shell.host.zygotes import Child, Spawner


def test_a_program_that_is_not_there_is_named_and_tried_again(monkeypatch, tmp_path):
    """A missing interpreter is no end of weppd: its path is said, and a later start is tried."""
    monkeypatch.setattr(zygotes, "BACKOFF_S", (0.001,))
    missing = str(tmp_path / "python")

    async def story():
        said = []
        spawner = Spawner(asyncio.get_running_loop(), lambda child, how: said.append(how))
        spawner.spawn(Child("other", ([missing], {})))
        await soon(lambda: len(said) >= 3)
        spawner.stop()
        return said

    assert set(asyncio.run(story())) == {f"cannot be started: {missing}: No such file or directory"}

"""Queues paused, jobs retried, trees drawn: an operator at a real weppd."""

from __future__ import annotations

import json
from pathlib import Path

from tests.waiting import eventually

FOREIGN = Path(__file__).parent / "foreign"


def test_a_paused_queue_waits_while_others_go_on(daemon):
    """A pause holds through a restart; a resume takes the queue up again at once."""
    daemon.start()
    code, out, _ = daemon.ctl("pause", "low")
    assert (code, out) == (0, "weppd: open; 0 jobs run; paused: low\n")
    held = daemon.queue("low").enqueue("tasks.noop.noop")
    assert daemon.ends(daemon.queue().enqueue("tasks.noop.noop").id)["state"] == "finished"
    daemon.kill()
    daemon.start()
    assert daemon.ends(daemon.queue().enqueue("tasks.noop.noop").id)["state"] == "finished"
    assert daemon.state(held.id) == "queued"
    assert "paused: low" in daemon.ctl("queues")[1]
    assert daemon.ctl("resume", "low")[0] == 0
    assert daemon.ends(held.id)["state"] == "finished"
    assert "paused" not in daemon.ctl("queues")[1]


def test_a_run_goes_on_where_it_broke(daemon):
    """tree shows the failed step; retry runs it again, and then what was cancelled with it."""
    daemon.tables["tasks"] = {"modules": ["brokentasks", "tasks.noop"]}
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(FOREIGN)}}
    daemon.start()
    mended = daemon.home / "mended"
    root = daemon.queue().enqueue("brokentasks.plan", "my-run", str(mended))
    eventually(lambda: "canceled" in daemon.ctl("tree", "my-run")[1], within=20)
    drawn = daemon.ctl("tree", "my-run")[1].splitlines()
    assert drawn[0].startswith("finished")
    assert "plan " + root.id in drawn[0]
    assert drawn[1].startswith("├─ failed")
    assert drawn[2].endswith("FileNotFoundError: the input is not there")
    assert drawn[3].startswith("└─ canceled")
    mended.touch()
    code, out, err = daemon.ctl("retry", root.id, "--json")
    assert code == 0, err + daemon.stderr
    assert (len(json.loads(out)["retried"]), json.loads(out)["woken"]) == (1, 1)
    eventually(lambda: _states(daemon, root.id) == ["finished", "finished"], within=20)
    code, _, err = daemon.ctl("retry", root.id)
    assert (code, "nothing below it went wrong" in err) == (1, True)
    assert daemon.ctl("retry", "nobody")[0] == 4


def _states(daemon, jid: str) -> list[str]:
    (tree,) = json.loads(daemon.ctl("tree", jid, "--json")[1])["jobs"]
    return [child["state"] for child in tree["children"]]

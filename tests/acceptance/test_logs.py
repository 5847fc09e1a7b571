"""`weppdctl logs`, and the files that a run keeps."""

from __future__ import annotations

import contextlib
import json

import psutil
import pytest
import redis
import rq

from tests.chaos.disks import Disks
from tests.waiting import eventually


def test_a_job_s_words_are_in_its_log(daemon):
    """Beginning, lines and end, in order; a job that said nothing has an answer too."""
    daemon.start()
    job = daemon.queue().enqueue("tasks.noop.say", "hello", 3)
    daemon.ends(job.id)
    eventually(lambda: "ended finished" in daemon.ctl("logs", job.id)[1], within=10)
    lines = daemon.ctl("logs", job.id)[1].splitlines()
    assert [line.rpartition(" ")[2] for line in lines[1:4]] == ["1", "2", "3"]
    assert "began tasks.noop.say" in lines[0]
    silent = daemon.queue().enqueue("tasks.noop.noop")
    daemon.ends(silent.id)
    eventually(lambda: daemon.ctl("logs", silent.id)[0] == 0, within=10)
    assert "finished" in daemon.ctl("logs", silent.id)[1]
    assert daemon.ctl("logs", "nobody")[0] == 4


def test_following_a_log_ends_with_its_job(daemon):
    """logs -f returns when the job has ended, with all of its lines."""
    daemon.start()
    job = daemon.queue().enqueue("tasks.noop.say", "hello", 2)
    code, out, _ = daemon.ctl("logs", "-f", job.id)
    assert code == 0
    assert "hello 2" in out
    assert "ended finished" in out


def test_a_killed_scribe_costs_no_line(daemon):
    """Another one goes on where it stopped: every line once."""
    daemon.start()
    jobs = []
    for number in range(12):
        jobs.append(daemon.queue().enqueue("tasks.noop.say", f"job{number} line", 200))
        for process in _scribes(daemon):
            process.kill()
    for job in jobs:
        daemon.ends(job.id)
        text = eventually(lambda jid=job.id: _whole(daemon, jid), within=20)
        assert text.count(" line ") == 200
        assert text.count("WEPPD ~ began") == 1


def test_the_canonical_log_leaves_out_a_job_that_was_tried_twice(daemon):
    """Only what the same inputs always give is in it."""
    daemon.start()
    connection = redis.Redis.from_url(daemon.url)
    queue = rq.Queue("default", connection=connection)
    steady = queue.enqueue("tasks.noop.say", "steady", 2)
    wobbly = queue.enqueue("tasks.noop.fail", "no", retry=rq.Retry(max=1))
    daemon.ends(steady.id)
    daemon.ends(wobbly.id)
    eventually(lambda: daemon.ctl("logs", "--canonical", steady.id)[0] == 0, within=10)
    text = daemon.ctl("logs", "--canonical", steady.id)[1]
    assert text == "- say INFO l0001 steady 1\n- say INFO l0002 steady 2\n"
    eventually(lambda: daemon.ctl("logs", "--canonical", wobbly.id)[0] == 0, within=10)
    assert daemon.ctl("logs", "--canonical", wobbly.id)[1] == ""
    connection.close()


def _scribes(daemon):
    with contextlib.suppress(psutil.NoSuchProcess):  # a cell's child may end between two looks
        return [p for p in daemon.family() if "weppd.scribe" in p.cmdline()]
    return _scribes(daemon)


def _whole(daemon, jid):
    text = daemon.ctl("logs", jid)[1]
    return text if "ended finished" in text else None


def test_a_full_disk_below_the_logs_is_told_until_it_is_not(daemon):
    """Jobs go on, `status` names the file that waits; when there is room, its lines come."""
    disks = Disks(daemon.home)
    try:
        if not disks.there:
            pytest.skip("only root can mount a small disk")
        daemon.start()
        problems = lambda: json.loads(daemon.ctl("status", "--json")[1])["problems"]  # noqa: E731
        assert problems() == []
        disks.fill("log")
        job = daemon.queue().enqueue("tasks.noop.say", "hello", 3)
        assert daemon.ends(job.id)["state"] == "finished"
        (told,) = eventually(problems, within=20)
        assert told.startswith(f"logs: {daemon.home}/log/")
        assert "the disk is full, its lines wait" in told
        disks.free("log")
        eventually(lambda: not problems(), within=20)
        eventually(lambda: "ended finished" in daemon.ctl("logs", job.id)[1], within=20)
        assert daemon.stop() == 0
    finally:
        disks.close()

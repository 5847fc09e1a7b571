"""Weppd away, cells killed, zygotes alone: nothing is lost and nothing is left."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.process.conftest import ALLOW
from tests.process.fakeweppd import FakeWeppd, alive, descendants, eventually
from weppd.cell import bequest, cellfile


def test_weppd_gone_during_a_job_and_back(weppd, tmp_path):
    """The job goes on; its outcome is sent to the next weppd, again until it is acknowledged."""
    mark = tmp_path / "mark"
    eid = weppd.start("celltasks.wait", 0.3, str(mark))
    weppd.wait("began", eid=eid)
    weppd.go_away()
    eventually(lambda: mark.exists() and "cleaned" in mark.read_text(), "the job ended")
    weppd.listen()
    hello = weppd.wait("hello", who="cell")
    assert (hello["eid"], hello["pid"], hello["n"]) == (eid, weppd.cell, 1)
    over = weppd.wait("over", eid=eid)
    assert over["verdict"]["kind"] == "finished"
    weppd.go_away()
    weppd.listen()
    assert weppd.wait("hello", who="cell")["phase"] == "over"
    assert weppd.wait("over", eid=eid)["body"] == over["body"]
    weppd.cell_peer(1).send({"kind": "ack", "eid": eid})
    assert weppd.run("celltasks.echo", 1)["verdict"]["kind"] == "finished"


def test_hello_of_a_running_job(weppd):
    """A new weppd learns from the hello what runs, and can cancel it."""
    eid = weppd.start("celltasks.wait")
    weppd.wait("began", eid=eid)
    weppd.go_away()
    weppd.listen()
    hello = weppd.wait("hello", who="cell")
    assert (hello["phase"], hello["eid"]) == ("running", eid)
    weppd.cancel(eid)
    assert weppd.wait("over", eid=eid)["asked"] == "cancel"


def test_question_waits_for_the_next_weppd(weppd):
    """A task that enqueues while weppd is away is answered by the next one."""
    eid = weppd.start("celltasks.ask")
    first = weppd.wait("ask", eid=eid)
    weppd.go_away()
    weppd.listen()
    weppd.wait("hello", who="cell")
    again = weppd.wait("ask", eid=eid)
    assert (again["job"], again["body"]) == (first["job"], first["body"])
    weppd.cell_peer(1).send({**again, "body": None, "kind": "answer", "ok": True, "value": "c1"})
    assert pickle.loads(weppd.wait("over", eid=eid)["body"]) == "c1"


def test_cell_killed_with_its_job(weppd):
    """The zygote ends what a killed cell had running, stopped ones too, before it says so."""
    eid = weppd.start("celltasks.tree", 3)
    leader = weppd.wait("began", eid=eid)["pid"]
    tree = eventually(lambda: (d := descendants(leader)) and len(d) == 9 and d, "the tree stands")
    os.kill(tree[0], signal.SIGSTOP)
    os.kill(weppd.cell, signal.SIGKILL)
    gone = weppd.wait("gone", n=1)
    assert (gone["pid"], gone["status"], gone["undead"]) == (weppd.cell, signal.SIGKILL, [])
    assert not any(alive(pid) for pid in [leader, *tree])
    assert descendants(weppd.zygote.pid) == []
    assert weppd.fork(1)["pid"] != weppd.cell


def test_other_cells_survive_the_sweep(weppd):
    """The end of one cell disturbs no job of another."""
    weppd.fork(2)
    eid = weppd.start("celltasks.wait", 1.0, n=2)
    weppd.wait("began", eid=eid)
    os.kill(weppd.cell, signal.SIGKILL)
    weppd.wait("gone", n=1)
    assert weppd.wait("over", eid=eid)["verdict"]["kind"] == "finished"


def test_cell_file_says_who_lives_and_what_runs(weppd):
    """The file of a slot is locked for life and names the execution before the job begins."""
    cells = str(weppd.cells)
    (idle,) = cellfile.read(cells)
    assert (idle.n, idle.holder, idle.facts["eid"]) == (1, weppd.cell, None)
    eid = weppd.start("celltasks.wait")
    began = weppd.wait("began", eid=eid)
    (busy,) = cellfile.read(cells)
    assert (busy.facts["eid"], busy.facts["leader"]) == (eid, began["pid"])
    assert busy.facts["pid"] == busy.holder == weppd.cell
    os.kill(weppd.cell, signal.SIGKILL)
    weppd.wait("gone", n=1)
    (dead,) = cellfile.read(cells)
    assert (dead.holder, dead.facts["eid"]) == (None, eid)


def test_two_cells_cannot_have_one_slot(weppd):
    """A second cell for a slot whose file is locked exits and says so."""
    other = FakeWeppd.__new__(FakeWeppd)
    other.__dict__.update(weppd.__dict__)
    with pytest.raises(BlockingIOError, match="slot 1"):
        cellfile.CellFile(str(weppd.cells), 1, {})


def test_alone_for_long_zygote_and_idle_cells_exit(tmp_path):
    """Without a weppd for `orphan_s`, who has no job exits; who has one ends it first."""
    fake = FakeWeppd(tmp_path)
    try:
        fake.spawn(extra={"PYTHONPATH": str(Path(__file__).parent)})
        fake.set_up(modules=["celltasks"], allow=ALLOW, orphan_s=0.3)
        fake.fork(1)
        mark = tmp_path / "mark"
        fake.start("celltasks.wait", 1.5, str(mark))
        eventually(mark.exists, "the job began")
        fake.go_away()
        eventually(lambda: mark.read_text().startswith("cleaned"), "the job ran to its end")
        assert fake.zygote.poll() is None  # a cell keeps its outcome: it may not exit
        fake.listen()
        over = fake.wait("over")
        fake.cell_peer(1).send({"kind": "ack", "eid": over["eid"]})
        fake.wait("hello", who="zygote")
        fake.go_away()
        eventually(lambda: fake.zygote.poll() == 0, "the zygote exits")
    finally:
        fake.listen()
        fake.close()


def test_an_outcome_that_nobody_comes_for_is_left_on_disk(tmp_path):
    """After `keep_s` without a weppd the cell writes it where a later one looks, and exits."""
    bequests = tmp_path / "bequests"
    bequests.mkdir()
    fake = FakeWeppd(tmp_path)
    try:
        fake.spawn(extra={"PYTHONPATH": str(Path(__file__).parent)})
        times = {"orphan_s": 0.3, "keep_s": 0.4}
        fake.set_up(modules=["celltasks"], allow=ALLOW, bequests=str(bequests), **times)
        fake.fork(1)
        mark = tmp_path / "mark"
        eid = fake.start("celltasks.wait", 0.5, str(mark))
        eventually(mark.exists, "the job began")
        fake.go_away()
        eventually((bequests / eid).exists, "the outcome is on disk")
        eventually(lambda: fake.zygote.poll() == 0, "the zygote exits")
        (hello, _), (over, _) = bequest.read(str(bequests / eid))
        assert (hello["n"], hello["eid"], over["eid"]) == (1, eid, eid)
        assert over["verdict"]["kind"] == "finished"
    finally:
        fake.listen()
        fake.close()


def test_nobody_reads_stderr(tmp_path):
    """A log pipe whose reader ended with weppd ends neither zygote nor cell."""
    fake = FakeWeppd(tmp_path)
    read, write = os.pipe()
    try:
        fake.spawn(extra={"PYTHONPATH": str(Path(__file__).parent)}, stderr=write)
        os.close(write)
        os.close(read)
        fake.set_up(modules=["celltasks", "no_such"], allow=ALLOW)
        cell = fake.fork(1)["pid"]
        os.kill(fake.zygote.pid, signal.SIGUSR1)
        eid = fake.start("celltasks.wait")
        fake.wait("began", eid=eid)
        os.kill(cell, signal.SIGUSR1)
        assert fake.wait("over", eid=eid)["verdict"] == {"kind": "cancelled"}
        assert fake.zygote.poll() is None
    finally:
        fake.close()


def test_preload_that_starts_threads(tmp_path):
    """A zygote that could not fork safely says which module it is and exits with code 3."""
    (tmp_path / "threaded.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    fake = FakeWeppd(tmp_path)
    try:
        zygote = fake.spawn(extra={"PYTHONPATH": str(tmp_path)})
        fake.wait("hello", who="zygote")
        fake.zygote_peer().send({"kind": "setup", "preload": ["threaded"]})
        assert eventually(lambda: zygote.poll(), "the zygote exits") == 3
        assert "preload threaded: it starts threads" in (tmp_path / "zygote.err").read_text()
    finally:
        fake.close()


def test_retired_zygote_waits_for_its_cells(weppd):
    """A retired zygote forks no more, and exits with its last cell."""
    weppd.zygote_peer().send({"kind": "retire"})
    weppd.zygote_peer().send({"kind": "fork", "n": 2})
    assert "retiring" in weppd.wait("gone", n=2)["reason"]
    assert weppd.run("celltasks.echo", 1)["verdict"]["kind"] == "finished"
    weppd.cell_peer(1).send({"kind": "retire"})
    eventually(lambda: weppd.zygote.poll() == 0, "the zygote exits")


def test_problems_of_modules_are_named(tmp_path):
    """A module that cannot be imported is named in ready; the tasks of the others are there."""
    fake = FakeWeppd(tmp_path)
    try:
        fake.spawn(extra={"PYTHONPATH": str(Path(__file__).parent)})
        ready = fake.set_up(modules=["celltasks", "no_such_module"], preload=["nor_this"])
        assert [line.partition(":")[0] for line in ready["problems"]] == [
            "preload nor_this", "no_such_module",
        ]  # fmt: skip
        assert ready["registry"]["celltasks.facts"]["cpus"] == "all"
        assert ready["threads"] == 1
    finally:
        fake.close()


def test_light_zygote_imports_little(weppd):
    """A light zygote has no library that its cells can do without: each makes every fork dearer."""
    with open(f"/proc/{weppd.zygote.pid}/maps") as lines:
        libraries = {
            Path(line.split()[-1]).name.partition(".")[0] for line in lines if ".so" in line
        }
    assert not libraries & {"_asyncio", "_ssl", "_posixsubprocess", "_queue", "_decimal"}
    code = (
        "import sys, weppd.cell.__main__;"
        "print(*{'threading','asyncio','subprocess','logging','socket','typing','tempfile',"
        "'multiprocessing','weppd.model','redis','numpy','dataclasses','pathlib','fcntl','zlib'}"
        " & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""


INTERPRETERS = [
    path
    for version in ("3.10.13", "3.12.1", "3.13.0")
    if (path := Path.home() / ".pyenv/versions" / version / "bin/python").exists()
]


@pytest.fixture(scope="session")
def second_venv(tmp_path_factory):
    """A virtual environment of its own, without any package."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, symlinks=True)
    return home / "bin" / "python"


@pytest.mark.parametrize("python", [None, *INTERPRETERS], ids=lambda p: p and p.parts[-3])
def test_another_interpreter(tmp_path, second_venv, python):
    """A zygote runs under an interpreter that has none of weppd's packages, from 3.10 on."""
    fake = FakeWeppd(tmp_path, str(python or second_venv))
    try:
        fake.spawn(extra={"PYTHONPATH": str(Path(__file__).parent)})
        ready = fake.set_up(modules=["celltasks"], allow=ALLOW)
        assert ready["problems"] == []
        fake.fork(1)
        assert pickle.loads(fake.run("celltasks.echo", 1)["body"]) == ((1,), {})
        failed = fake.run("celltasks.fail", "as it should")
        assert failed["body"].decode().endswith("ValueError: as it should\n")
        assert pickle.loads(fake.run("celltasks.coroutine", 2)["body"]) == 2
        eid = fake.start("celltasks.wait")
        fake.cancel(eid)
        assert fake.wait("over", eid=eid)["verdict"] == {"kind": "cancelled"}
    finally:
        fake.close()

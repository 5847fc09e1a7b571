"""Two nodes on one Redis: who is alive keeps its jobs, who is dead loses them, late ones change
nothing."""

from __future__ import annotations

import contextlib
import json
import signal
from pathlib import Path

import psutil
import pytest

from tests.acceptance.conftest import Daemon
from tests.waiting import eventually

LEASE_S = 3.0
HERE = "tests.acceptance.nodetasks"


@pytest.fixture
def nodes(make_daemon) -> tuple[Daemon, Daemon]:
    """Nodes a and b over the same runs; b takes no jobs before `resume`."""
    a, b = make_daemon(), make_daemon()
    for name, daemon in (("a", a), ("b", b)):
        daemon.tables["daemon"]["name"] = name
        daemon.tables["node"] = {"lease_s": LEASE_S, "hold_s": 30.0}
        daemon.tables["tasks"]["modules"] = ["tasks.noop", HERE]
        daemon.tables["run"] = {"roots": [f"{a.home}/runs"], "batch_root": ""}
        daemon.env["PYTHONPATH"] = str(Path(__file__).parents[2])
    (a.home / "runs" / "my-run").mkdir()
    a.start()
    return a, b


def begun(a: Daemon, function: str, runid: str | None, seconds: float) -> tuple[str, Path]:
    """A job whose body has begun on node a; its id and its ledger."""
    ledger = a.home / f"ledger-{function}-{runid}"
    job = a.queue().enqueue(f"{HERE}.{function}", runid, str(ledger), seconds)
    eventually(lambda: a.state(job.id) == "started" and ledger.exists(), within=15)
    return job.id, ledger


def words(ledger: Path) -> list[str]:
    return [line.split()[0] for line in ledger.read_text().splitlines()]


def quiet_s(b: Daemon) -> float:
    """For how long node b has seen node a's lease stand still; a long time if it is gone."""
    code, out, err = b.ctl("nodes", "--json")
    assert code == 0, err
    found = [n["quiet_s"] for n in json.loads(out)["nodes"] if n["name"] == "a"]
    return found[0] if found else 1e9


def named(daemon: Daemon, word: str) -> list[psutil.Process]:
    return [p for p in daemon.family() if word in " ".join(p.cmdline())]


def send(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # one died of another's end
            process.send_signal(number)


def test_a_node_whose_daemon_hangs_keeps_the_job_of_a_run(nodes):
    """weppd of node a stands still for three leases, its cell lives: the body runs once."""
    a, b = nodes
    jid, ledger = begun(a, "again", "my-run", 4 * LEASE_S)
    b.start()
    a.process.send_signal(signal.SIGSTOP)
    eventually(lambda: quiet_s(b) > 3 * LEASE_S, within=60)
    assert b.state(jid) == "started"
    a.process.send_signal(signal.SIGCONT)
    assert b.ends(jid)["state"] == "finished"
    assert words(ledger) == ["begin", "end"]


def test_a_dead_nodes_jobs_are_run_elsewhere_or_failed_by_name(nodes):
    """Everything of node a is killed: what may run again does so on b, the other says why not."""
    a, b = nodes
    may, ledger = begun(a, "again", None, 600)
    not_again, other = begun(a, "once", "my-run", 600)
    send(a.family(), signal.SIGKILL)
    b.start()
    shown = b.ends(not_again, within=60)
    assert (shown["state"], shown["error"]) == ("failed", "worker lost: node a is silent")
    eventually(lambda: len(words(ledger)) == 2, within=60)
    assert words(other) == ["begin"]
    assert b.show(may)["worker"].startswith("b.")
    assert b.ctl("cancel", may)[0] == 0
    eventually(lambda: quiet_s(b) == 1e9, within=30)


def test_a_node_that_comes_back_late_changes_nothing(nodes):
    """Everything of node a was stopped for long: b's run counts, a's never comes to its end."""
    a, b = nodes
    jid, ledger = begun(a, "again", "my-run", 3 * LEASE_S)
    stopped = a.family()
    send(stopped, signal.SIGSTOP)
    b.start()
    eventually(lambda: len(words(ledger)) == 2, within=60)
    send(stopped, signal.SIGCONT)
    assert b.ends(jid)["state"] == "finished"
    assert b.show(jid)["worker"].startswith("b.")
    eventually(lambda: named(a, "sleep") == [] and _idle(a), within=20)
    assert words(ledger) == ["begin", "begin", "end"]


def _idle(daemon: Daemon) -> bool:
    _, out, _ = daemon.ctl("status", "--json")
    return not any(slot.get("job") for slot in json.loads(out)["slots"])


def test_a_cell_without_lease_or_witness_ends_its_job_itself(nodes):
    """weppd is killed and the scribe hangs: before anybody may take the job, its body is ended."""
    a, b = nodes
    jid, ledger = begun(a, "again", "my-run", 600)
    a.kill()
    send(named(a, "weppd.scribe"), signal.SIGSTOP)
    pid = int(ledger.read_text().split()[1])
    eventually(lambda: not psutil.pid_exists(pid), within=LEASE_S * 3)
    assert words(ledger) == ["begin"]
    b.start()
    assert b.state(jid) == "started"
    eventually(lambda: len(words(ledger)) == 2, within=60)
    assert b.show(jid)["worker"].startswith("b.")


def test_the_witness_lies_in_the_run_while_the_job_lives(nodes):
    """Other nodes see `<run>/_weppd/<jid>.alive` move, and nothing is left of it afterwards."""
    a, _ = nodes
    jid, _ = begun(a, "once", "my-run", 2.5)
    witness = a.home / "runs" / "my-run" / "_weppd" / f"{jid}.alive"
    first = eventually(lambda: witness.exists() and witness.read_text().split(), within=15)
    eventually(lambda: witness.read_text().split() != first, within=15)
    assert a.ends(jid)["state"] == "finished"
    eventually(lambda: not witness.parent.exists(), within=15)


def test_nodes_are_listed_with_what_they_run(nodes):
    """`weppdctl nodes` names both, this one first, and how many jobs each has."""
    a, b = nodes
    begun(a, "once", None, 600)
    b.start()
    eventually(lambda: quiet_s(b) < 1e9, within=15)
    code, out, _ = b.ctl("nodes")
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["NODE", "LEASE", "RUNNING"]
    assert rows[1] == ["b", "this", "node", "0"]
    assert rows[2] == ["a", "beats", "1"]


def test_a_second_weppd_of_one_name_ends_and_takes_nothing(make_daemon):
    """Two hosts of one name on one Redis: the first goes on, the other says who has it, with 75."""
    a, b = make_daemon(), make_daemon()
    for daemon in (a, b):
        daemon.tables["node"] = {"lease_s": LEASE_S}
        daemon.tables["tasks"]["modules"] = ["tasks.noop", HERE]
        daemon.env["PYTHONPATH"] = str(Path(__file__).parents[2])
    a.start()
    jid, ledger = begun(a, "again", None, LEASE_S)
    b.start(wait=False)
    assert b.process.wait(60) == 75
    assert "another weppd has the name 'node' on this Redis" in b.stderr
    assert a.ends(jid)["state"] == "finished"
    assert words(ledger) == ["begin", "end"]


@pytest.fixture
def twins(nodes) -> tuple[Daemon, Daemon]:
    """Two nodes that have the same name; the second is not started."""
    a, b = nodes
    b.tables["daemon"]["name"] = "a"
    return a, b


def test_a_silent_nodes_name_is_not_had_before_the_witnesses_of_its_jobs_stand_still(twins):
    """weppd is killed, its cell and scribe live: whoever wants its name runs none of its jobs."""
    a, b = twins
    jid, ledger = begun(a, "again", "my-run", 2.5 * LEASE_S)
    # From then on weppd is not needed for it; a cell that never had one ends its job by itself.
    eventually((a.home / "runs" / "my-run" / "_weppd" / f"{jid}.alive").exists, within=15)
    a.kill()
    b.start(wait=False)
    eventually(lambda: "end" in words(ledger), within=60)
    assert words(ledger) == ["begin", "end"]
    assert "action=take_over" not in b.stderr
    assert b.process.poll() is None
    a.start()
    assert a.ends(jid)["state"] == "finished"
    assert b.process.wait(60) == 75


def test_the_name_of_a_dead_node_is_had_with_its_jobs_judged_as_lost(twins):
    """Everything of node a is killed: one of its name runs again what may, and says of the rest."""
    a, b = twins
    may, ledger = begun(a, "again", "my-run", 600)
    not_again, _ = begun(a, "once", None, 600)
    send(a.family(), signal.SIGKILL)
    b.start()
    shown = b.ends(not_again, within=60)
    assert (shown["state"], shown["error"]) == ("failed", "worker lost: node a is silent")
    eventually(lambda: len(words(ledger)) == 2, within=60)
    assert b.ctl("cancel", may)[0] == 0

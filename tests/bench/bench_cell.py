"""How fast cells run jobs that do nothing, and what that costs: python -m tests.bench.bench_cell

A fake weppd keeps the cells busy (ack and the next start in one write). Prints jobs per second and
CPU milliseconds per job of the cells with their children, for a process per job and for reused
processes.
"""

from __future__ import annotations

import os
import pickle
import select
import sys
import tempfile
import time
from pathlib import Path

from tests.process.fakeweppd import FakeWeppd
from weppd.cell.frames import pack

HZ = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU seconds of a process, its reaped children and its living child."""
    total = 0.0
    for one in [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]:
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(") ")[2].split()
        total += sum(map(int, fields[11:15])) / HZ
    return total


def drain(fake: FakeWeppd, cells: int, jobs: int, per_child: int, spool: bool) -> float:
    """Run `jobs` jobs over the cells; the seconds it took."""
    data = pickle.dumps(("benchtasks.noop", None, (1,), {}), 5)
    peers = {fake.cell_peer(n).sock.fileno(): fake.cell_peer(n) for n in range(1, cells + 1)}
    given = done = 0

    def start() -> bytes:
        nonlocal given
        given += 1
        eid = f"{given:032x}"
        return pack(
            {
                "kind": "start", "eid": eid, "job": eid, "function": "benchtasks.noop",
                "serializer": "pickle", "runid": None, "queue": "default", "worker": "w",
                "timeout": 180, "on_timeout": [["KILL", 0]], "meta_len": 0, "cpus": 1,
                "spool": f"{fake.home}/{eid}.out" if spool else None,
                "tmp": f"{fake.home}/{eid}.tmp" if spool else None,
                "jobs_per_child": per_child,
            },
            data,
        )  # fmt: skip

    began = time.perf_counter()
    for peer in peers.values():
        peer.sock.sendall(start())
    while done < jobs:
        for fd in select.select(list(peers), [], [])[0]:
            peer = peers[fd]
            for header, _ in peer.splitter.feed(peer.sock.recv(1 << 16)):
                if header["kind"] != "over":
                    continue
                assert header["verdict"]["kind"] == "finished", header
                done += 1
                ack = pack({"kind": "ack", "eid": header["eid"]})
                peer.sock.sendall(ack + (start() if given < jobs else b""))
    return time.perf_counter() - began


def main() -> None:
    """Measure, and print a line per mode."""
    cells = 2
    root = "/dev/shm" if os.path.isdir("/dev/shm") else None
    for per_child in (1, 1_000_000):
        for spool in (True, False):
            with tempfile.TemporaryDirectory(dir=root) as home:
                fake = FakeWeppd(Path(home))
                fake.spawn(extra={"PYTHONPATH": str(Path(__file__).parent)})
                fake.set_up(preload=sys.argv[1:] or ["benchtasks"], modules=["benchtasks"])
                pids = [fake.fork(n)["pid"] for n in range(1, cells + 1)]
                jobs = 3000 if per_child == 1 else 15000
                drain(fake, cells, 200, per_child, spool)
                before = sum(map(cpu_s, pids))
                took = drain(fake, cells, jobs, per_child, spool)
                used = sum(map(cpu_s, pids)) - before
                fake.close()
            mode = "a process per job" if per_child == 1 else "reused processes"
            print(
                f"{mode}, {'with' if spool else 'without'} spool and tmp: {jobs / took:.0f} jobs/s,"
                f" {used / jobs * 1000:.3f} ms CPU per job in cell and child"
            )


if __name__ == "__main__":
    main()

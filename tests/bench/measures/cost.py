"""What it costs to be there: memory and CPU while idle; what a long queue costs."""

from __future__ import annotations

import time
from typing import Any

from tests.bench.house import Deployment, Server, marks, pss_mib, running, scheduled_s
from tests.bench.peers import Peer

SETTLE_S = 2.0


def idle(peer: Peer, server: Server, slots: int, seconds: float) -> dict[str, Any]:
    """PSS and CPU of an idle deployment that has done jobs which need numpy and pandas."""
    with running(peer, server, slots) as made:
        for number in range(2 * slots):
            made.produce("enqueue", "heavy", "1", str(made.log), str(number))
        made.await_done(2 * slots)
        time.sleep(SETTLE_S)
        family = made.family()
        pss, before = pss_mib(family), scheduled_s(family)
        time.sleep(seconds)
        percent = 100 * (scheduled_s(family) - before) / seconds
        return {"pss_mib": pss, "processes": len(family), "cpu_percent": percent}


def depth(peer: Peer, server: Server, waiting: int, jobs: int) -> dict[str, Any]:
    """Throughput over the first `jobs` of a queue that has `waiting` more behind them."""
    made = Deployment(peer, server)
    try:
        bulk = ["--many"] if peer.bulk else []
        total = jobs + waiting
        made.produce("enqueue", "mark", str(total), str(made.log), "1", *bulk)
        made.start()
        made.await_done(jobs)
        times = sorted(at for _, at in marks(made.log)[:jobs])
        skip = len(times) // 10
        span = (times[-1] - times[skip]) / 1e9
        return {"waiting": waiting, "jobs_per_s": (len(times) - skip - 1) / span}
    finally:
        made.end()

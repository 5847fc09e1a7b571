"""How fast `status` answers while the admin socket is under fire.

    python -m tests.bench.bench_admin [asks]

A weppd with a Redis of its own, 500 connections that say nothing, and two clients that send spoiled
requests as fast as they can; meanwhile one client asks `GET /v1/status`, over and over.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
from pathlib import Path

from tasks.demo.house import House
from tests.process.test_admin_fuzz import connections, spoiled
from tests.process.test_admin_socket import GET, talk


async def _fire(path: Path, dice: random.Random) -> None:
    while True:
        try:
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(spoiled(dice))
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 10)
            writer.close()
        except OSError:
            await asyncio.sleep(0)


async def measure(path: Path, asks: int, under_fire: bool) -> list[float]:
    """Seconds of each ask."""
    _readers, idle = await connections(path, 500 if under_fire else 0)
    fire = [asyncio.create_task(_fire(path, random.Random(i))) for i in range(2 * under_fire)]
    took = []
    for _ in range(asks):
        began = time.perf_counter()
        assert "200 OK" in await talk(path, GET.format("/v1/status"))
        took.append(time.perf_counter() - began)
    for task in fire:
        task.cancel()
    for writer in idle:
        writer.close()
    return took


def main() -> None:
    """Print p50, p99 and the longest, in milliseconds, without and with the fire."""
    asks = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with House() as house:
        for under_fire in (False, True):
            took = sorted(asyncio.run(measure(house.home / "admin.sock", asks, under_fire)))
            cuts = statistics.quantiles(took, n=100)
            words = "under fire" if under_fire else "alone"
            print(
                f"{words:<11} p50 {1e3 * cuts[49]:.2f} ms, p99 {1e3 * cuts[98]:.2f} ms,"
                f" longest {1e3 * took[-1]:.2f} ms"
            )


if __name__ == "__main__":
    main()

"""What a fan-out of many hillslopes costs beside its engines: memory and CPU of the job's process.

    python -m tests.bench.bench_fanout [HILLSLOPES]

The engine is a shell script that copies outputs made before, so that nearly all of the time is the
fan-out's own. CPU seconds are what counts: they do not depend on what else the machine does.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tasks import wepp_rq
from tests.unit import fake_wepp
from tests.unit.recording import RecordingContext
from tests.unit.test_complete import ENRICHMENT, pass_text
from tests.unit.test_wepp_rq import REPORT
from weppd.embedded import Embedded
from weppd.task import using

#: Seconds of CPU that a real engine takes for a hillslope of ten to thirty years (median).
ENGINE_S = 0.6
SCRIPT = """#!/bin/sh
while read line; do case $line in
*pass.dat) cp {made}/pass $line;; *loss.dat) cp {made}/loss $line;; *ebe.dat) cp {made}/ebe $line;;
esac; done
echo " WEPP COMPLETED HILLSLOPE SIMULATION SUCCESSFULLY"
"""


def main(hillslopes: int) -> None:
    """Run them, and print what it took."""
    home = Path(tempfile.mkdtemp(prefix="fan-"))
    server = Embedded(home / "redis")
    (home / "redis").mkdir()
    server.start()
    try:
        _measure(home, server.url(), hillslopes)
    finally:
        server.stop()
        shutil.rmtree(home)


def _measure(home: Path, redis: str, hillslopes: int) -> None:
    _install(home)
    fake_wepp.prepare_run(home / "runs", how=dict.fromkeys(range(1, hillslopes + 1), "ok"))
    wepp = {"bin_dir": str(home / "bin"), "default_bin": "wepp_250915"}
    with using(RecordingContext(home / "runs", wepp=wepp, redis=redis)):
        for what in ("all of them", "none, for all are done"):
            before, began = _cpu(), time.monotonic()
            wepp_rq._run_hillslopes_rq("my-run")
            took, wall = _cpu() - before, time.monotonic() - began
            each = took / hillslopes
            print(
                f"{hillslopes} hillslopes, {what}: {wall:.1f} s wall, {took:.1f} s CPU of the job's"
                f" process, {1000 * each:.2f} ms each ({100 * each / ENGINE_S:.2f} % of an engine's"
                f" {ENGINE_S} s); at most {_peak_mb():.0f} MB"
            )


def _install(home: Path) -> None:
    made = home / "made"
    made.mkdir()
    for name, text in (("pass", pass_text(2)), ("loss", REPORT + ENRICHMENT), ("ebe", "head\n")):
        (made / name).write_text(text)
    (home / "bin").mkdir()
    engine = home / "bin" / "wepp_250915"
    engine.write_text(SCRIPT.replace("{made}", str(made)))
    engine.chmod(0o755)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)

"""The story: a sample watershed from its documents to the outlet, then a long run and a cancel."""

from __future__ import annotations

import argparse
import signal
import sys
import textwrap
import time
from pathlib import Path

from tasks.demo import DemoFailed, processes, results
from tasks.demo.house import House
from tasks.demo.processes import Living
from tasks.demo.screen import Screen
from tasks.run.directory import RunDirectory
from tasks.wepp import hillslopes
from tasks.wepp.samples.watershed import write_watershed
from weppd.client import TERMINAL, Job, JobFailed, JobView, Queue

RUN, LONG_RUN = "sample-run", "long-run"
CHANNELS, HILLSLOPES, YEARS = 9, 23, 5
LONG_CHANNELS, LONG_YEARS = 3, 100
WORK, FINAL = "jobs:1,func:run_hillslopes_rq", "jobs:6,func:_log_complete_rq"
CHANNEL_WORK = "jobs:3,func:run_watershed_rq"
PATIENCE_S = 180.0
_WIDTH = 74  # of a line in the log, within 80 columns
AT_WORK_S = 0.2
COLUMNS = (
    "hillslope",
    "runoff\nmm/yr",
    "soil loss\nt/ha/yr",
    "sediment\nt/yr",
    "engine",
)


class Story:
    """The acts of the demonstration on one house and one screen."""

    def __init__(self, house: House, screen: Screen) -> None:
        self._house, self._screen = house, screen
        self._queue = Queue("default", connection=house.redis_url)

    def run_to_outlet(self) -> None:
        """Act one: a watershed from the queue to its outlet, and what came of it."""
        title = f"A WEPP run of {HILLSLOPES} hillslopes and {CHANNELS} channels, {YEARS} years"
        self._screen.heading(title)
        run = RunDirectory(self._house.run_dir(RUN))
        write_watershed(run.root, CHANNELS, YEARS)
        began = time.monotonic()
        parent, final, work = self._enqueue(RUN)
        self._watch(work, "hillslopes")
        self._watch(self._view(parent).children[CHANNEL_WORK], "years of the channels")
        Job(final, self._queue).result(PATIENCE_S)
        self._screen.line(f"complete after {time.monotonic() - began:.1f} s; its jobs:")
        self._screen.table(results.JOBS, results.jobs(self._children(parent)), "no jobs")
        self._results(run)
        self._places(run)

    def cancel(self) -> None:
        """Act two: long hillslopes, and nothing of them left after a cancel."""
        self._screen.heading(f"A run of {LONG_YEARS} years a hillslope, cancelled")
        run = RunDirectory(self._house.run_dir(LONG_RUN))
        write_watershed(run.root, LONG_CHANNELS, LONG_YEARS, seed=2)
        _, final, work = self._enqueue(LONG_RUN)
        before = self._house.until("its processes", PATIENCE_S, lambda: self._working(work))
        self._family(before, "")
        self._screen.line(f"weppdctl cancel {work}")
        answer = self._house.ctl("cancel", work)
        ended = ", ".join(f"{count} at {rung}" for rung, count in answer["rungs"].items())
        self._screen.line(f"{answer['state']} in {answer['seconds']:.2f} s; ended: {ended}")
        left = processes.still_alive(before)
        self._family(left, "its process tree: empty")
        if left or answer["survivors"]:
            raise DemoFailed(f"the cancel left {len(left)} processes alive")
        self._house.until(
            "the rest to be cancelled", PATIENCE_S, lambda: self._view(final).status == "canceled"
        )

    def _enqueue(self, runid: str) -> tuple[str, str, str]:
        """The ids of the dispatcher, of the final job, and of the one that runs the hillslopes."""
        job = self._queue.enqueue("tasks.wepp_rq.run_wepp_rq", runid)
        self._screen.line(f"enqueued run_wepp_rq({runid!r}) as {job.id}")
        job.result(PATIENCE_S)
        children = self._view(job.id).children
        return job.id, children[FINAL], children[WORK]

    def _children(self, parent: str) -> dict[str, JobView]:
        return {label: self._view(jid) for label, jid in self._view(parent).children.items()}

    def _view(self, jid: str) -> JobView:
        view = Job(jid, self._queue).view()
        if view is None:
            raise DemoFailed(f"job {jid} is not in the store")
        return view

    def _watch(self, work: str, noun: str) -> None:
        job = Job(work, self._queue)
        with self._screen.progress(noun) as step:

            def ended() -> bool:
                over = job.get_status() in TERMINAL
                if progress := job.progress:
                    step(int(progress["done"]), int(progress["total"]), str(progress["note"]))
                return over

            self._house.until(f"the {noun}", PATIENCE_S, ended)

    def _working(self, work: str) -> list[Living]:
        """The job's process and its engines, once each of these is well at work."""
        pid = self._view(work).meta.get("pid")
        family = processes.tree(pid) if pid else []
        engines = [one for one in family if one.pid != pid]
        return family if engines and all(one.cpu_s >= AT_WORK_S for one in engines) else []

    def _results(self, run: RunDirectory) -> None:
        rows = hillslopes.read(run.hillslope_table)
        if len(rows) != HILLSLOPES:
            raise DemoFailed(f"{run.hillslope_table} has {len(rows)} rows, not {HILLSLOPES}")
        self._screen.line("what left each hillslope in a mean year, by hillsim, the engine that is")
        self._screen.line("embedded here; [wepp] bin_dir and wepp_bin name an executable of WEPP:")
        self._screen.table(COLUMNS, [_row(row) for row in rows], "no rows")
        self._screen.line("at the outlet, in a mean year:")
        self._screen.table(results.OUTLET, results.outlet(run.interchange), "nothing")
        self._screen.line("and the greatest events of a year, by how often they return:")
        self._screen.table(*results.return_periods(run.interchange), "nothing")

    def _places(self, run: RunDirectory) -> None:
        log = run.root / "rq.log"
        lines = self._house.until("its rq.log", PATIENCE_S, lambda: _results_in(log))
        for what, path in results.places(run):
            if not path.exists():
                raise DemoFailed(f"{path} is missing")
            shown = path if path == run.root else path.relative_to(run.root)
            self._screen.line(f"{what:<12}{shown}")
        self._screen.line("the log has a line for each hillslope, such as")
        for words in textwrap.wrap(lines[0].partition(" INFO ")[2], _WIDTH, subsequent_indent="  "):
            self._screen.line(f"  {words}")

    def _family(self, members: list[Living], empty: str) -> None:
        rows = [(str(m.pid), str(m.parent), m.name, f"{m.cpu_s:.2f}") for m in members]
        self._screen.table(("pid", "parent", "process", "CPU s"), rows, empty)


def _results_in(log: Path) -> list[str] | None:
    """The lines of results in a run's log, once there is one for each hillslope."""
    if not log.is_file():
        return None
    found = [line for line in log.read_text(encoding="utf-8").splitlines() if " mm/yr, " in line]
    return found if len(found) == HILLSLOPES else None


def _row(row: hillslopes.Hillslope) -> tuple[str, ...]:
    figures = (row.runoff_mm_yr, row.soil_loss_t_ha_yr)
    return (
        str(row.wepp_id),
        *(f"{figure:.2f}" for figure in figures),
        f"{row.sediment_yield_t_yr:.4f}",
        row.engine,
    )


def main() -> int:
    """Play it; 0 only if everything held."""
    parser = argparse.ArgumentParser(prog="python -m tasks.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave its directory where it is")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    screen = Screen()
    try:
        _play(screen, keep=options.keep)
    except (DemoFailed, JobFailed) as error:
        screen.line(f"FAILED: {error}")
        return 1
    except KeyboardInterrupt:
        screen.line("stopped, and cleaned up")
        return 130
    return 0


def _play(screen: Screen, *, keep: bool) -> None:
    began = time.monotonic()
    with House(keep=keep) as house:
        screen.heading("A private weppd with its own Redis")
        screen.line(f"weppd {house.pid} serves in {house.home}")
        story = Story(house, screen)
        story.run_to_outlet()
        story.cancel()
        home = house.home
    fate = "kept" if keep else "removed; `python -m tasks.demo --keep` leaves it"
    screen.line(f"{home}: {fate}")
    screen.line(f"all of it held, {time.monotonic() - began:.1f} s in all")


if __name__ == "__main__":
    sys.exit(main())

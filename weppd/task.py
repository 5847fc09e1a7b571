"""The door for tasks: how a function becomes a task, and what it may ask of weppd while it runs.

::

    from weppd.task import current, task

    @task(timeout=3600, cpus=1)
    def run_hillslope_rq(runid: str, wepp_id: int) -> tuple[bool, float]:
        ctx = current()
        ctx.log("began", item=f"h{wepp_id:04d}")

A decorated function is called exactly as it was written; outside a job `current()` is a
`LocalContext`, so that the same function can be tested by calling it. Standard library only, and
little of it: light zygotes import this module, and a fork costs what its parent imported.
"""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod

from weppd.errors import LockHeld as LockHeld
from weppd.errors import Refused as Refused
from weppd.errors import RunError as RunError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Any, ParamSpec, TypeVar

    from weppd.pool import Pool

    P = ParamSpec("P")
    R = TypeVar("R")

#: The attribute that marks a function as a task; its value is the task's options.
MARK = "__weppd_task__"
#: On a function that speaks on a panel of its run: the panel.
PANEL = "__weppd_panel__"

#: Options of each task known to this process, by dotted name.
REGISTRY: dict[str, dict[str, Any]] = {}

#: Seconds that a lock stands without its holder's word; while the job lives it is renewed.
LOCK_TTL_S = 21_600


class Cancelled(BaseException):
    """Raised in the main thread of a job when somebody cancels it.

    No Exception, so that a task that catches those lets it pass; clean up in `finally`.
    """


def task(
    function: None = None,
    /,
    *,
    timeout: int | None = None,
    min_timeout: int | None = None,
    cpus: int | str = 1,
    zygote: str = "light",
    short: bool = False,
    retry_on_crash: bool = False,
    jobs_per_child: int | None = None,
    limits: Mapping[str, Any] | None = None,
    memory: str | None = None,
    lock: str | None = None,
    absent: str | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a top-level function as a task, under its dotted name; the function is unchanged.

    - `timeout`, `min_timeout`: seconds a job may run if its producer said nothing, and at least;
    - `cpus`: CPUs of the host it counts for: 0 for one that only enqueues, 1, more, or "all";
    - `zygote`: the class of zygote, a table `[zygote.<name>]` of the settings, that it runs in;
    - `short`: its jobs take milliseconds and may be fetched ahead;
    - `retry_on_crash`: a job whose process died, through no word of its own, may run again;
    - `jobs_per_child`: jobs that one process may serve in a row; None for the zygote's own number;
    - `limits`: what no job of it may exceed, cgroup v2 names to values: {"memory.max": "2G"};
    - `memory`: what the host must have free for a job of it, such as "2G";
    - `lock`: a key for one job at a time, on all hosts ("run": the run's); others wait in order;
    - `absent`: why it can only fail, for a name that producers call and that is not here.

    ValueError if an option or the function cannot be used.
    """
    if function is not None:
        raise ValueError("@task: write it with brackets, @task()")
    options = {
        "timeout": timeout,
        "min_timeout": min_timeout,
        "cpus": cpus,
        "zygote": zygote,
        "short": short,
        "retry_on_crash": retry_on_crash,
        "jobs_per_child": jobs_per_child,
        "limits": dict(limits) if limits else None,
        "memory": memory,
        "lock": lock,
        "absent": absent,
    }
    _check(options)

    def register(function: Callable[P, R]) -> Callable[P, R]:
        options["panel"] = getattr(function, PANEL, None)
        REGISTRY[dotted_name(function)] = options
        setattr(function, MARK, options)
        return function

    return register


def _check(options: dict[str, Any]) -> None:
    for key in ("timeout", "min_timeout", "jobs_per_child"):
        if (value := options[key]) is not None and (type(value) is not int or value < 1):
            raise ValueError(f"@task({key}={value!r}): give a whole number from 1, or None")
    if (cpus := options["cpus"]) != "all" and (type(cpus) is not int or cpus < 0):
        raise ValueError(f"@task(cpus={cpus!r}): give 0, 1, more, or 'all'")
    if options["limits"] or options["memory"]:
        from weppd import limits

        limits.check(options["limits"] or {}, "@task(limits=…)")
        limits.check({"memory.max": options["memory"] or "max"}, "@task(memory=…)")
    if options["lock"] is not None and not (isinstance(options["lock"], str) and options["lock"]):
        raise ValueError(f"@task(lock={options['lock']!r}): give a key, such as 'run', or None")
    if not isinstance(options["zygote"], str) or not options["zygote"]:
        raise ValueError(f"@task(zygote={options['zygote']!r}): give the name of a zygote class")


def dotted_name(function: Callable[..., Any]) -> str:
    """The name under which a top-level function can be enqueued: `module.name`.

    ValueError for what cannot be found again by its name: a method, a lambda, an inner function.
    """
    name: str = getattr(function, "__qualname__", "")
    module: str = getattr(function, "__module__", "") or ""
    if not name or not module or "." in name or "<" in name:
        raise ValueError(f"{function!r} is no top-level function: a job names it as 'module.name'")
    return f"{module}.{name}"


class Context(ABC):
    """What a running job knows of itself, and its ways to speak.

    `runid` is None for a job that belongs to no run; `place` is its place in the tree of jobs, such
    as "2.1", `label` the name its parent gave it, `parent` the parent's job id. `cpus` is the share
    of the host that it may use. `settings` holds the tables of the settings that concern tasks, as
    plain values. `tmp` is a directory of its own that is removed after the job.
    """

    job_id: str = ""
    eid: str = ""
    queue: str = ""
    worker: str = ""
    runid: str | None = None
    place: str = ""
    label: str = ""
    parent: str | None = None
    cpus: int = 1
    settings: Mapping[str, Any]
    cancelled: bool = False

    @property
    @abstractmethod
    def tmp(self) -> Path:
        """A directory for temporary files, removed when the job has ended."""

    @abstractmethod
    def log(
        self, text: str, *, item: str | None = None, level: str = "info", volatile: bool = False
    ) -> None:
        """Write a line to the run's log.

        `item` names what the line is about, such as "h0007": lines of one item keep their order in
        the canonical log, whatever the order in which items were done. Mark as `volatile` what
        differs between two runs of the same inputs: durations, ids, paths, progress.
        """

    @abstractmethod
    def status(self, channel: str, text: str) -> None:
        """Publish `text` as it is on a channel of the status database."""

    @abstractmethod
    def progress(self, done: int, total: int, note: str = "") -> None:
        """Say how far the job is; at most two a second are sent, and the last one always."""

    @abstractmethod
    def enqueue(
        self,
        function: Callable[..., Any] | str,
        *args: Any,
        label: str | None = None,
        depends_on: Sequence[str] | str = (),
        timeout: int | None = None,
        queue: str | None = None,
        cpus: int | str | None = None,
        unique: str | None = None,
        lock: str | None = None,
        limits: Mapping[str, Any] | None = None,
        memory: int | str | None = None,
        expect: float | str | None = None,
        allow_failure: bool = False,
        **kwargs: Any,
    ) -> str:
        """Enqueue a child of this job and return its id.

        `label` is the key under which the child is found again in the parent's record; `depends_on`
        takes ids of jobs that must finish first, or with `allow_failure` end in any way; `timeout`
        is in seconds; without `queue` the child goes to the parent's. `unique` is a key under which
        one job lives at most ("run": one of this function for its run): where one does, its id is
        returned and nothing is enqueued; it stays where it is in its tree. `lock` and `limits` are
        as for `task`, `memory` ("2G") and `expect` ("90s") as for `weppd.client`.
        Refused if this job is being cancelled, if the store does not take it, for a wrong limit.
        """

    @abstractmethod
    def on_cancel(self, function: Callable[[], object]) -> None:
        """Call `function` if the job is cancelled, after the task has unwound; last one first."""

    @abstractmethod
    def shield(self) -> AbstractContextManager[None]:
        """Hold `Cancelled` back inside the `with`; it is raised at the end of the block."""

    @abstractmethod
    def lock(
        self, key: str, *, db: int | None = None, ttl: int = LOCK_TTL_S, wait: float = 0.0
    ) -> AbstractContextManager[object]:
        """Hold the lock `key` inside the `with`, as one of all jobs on all hosts.

        `db` is the Redis database of the lock, by default that of WEPPcloud's locks, whose format
        it has; `ttl` (s, from 15) is how long it stands when nobody renews it, which weppd does
        while the job lives. However the job ends, its locks are gone when its end can be seen.
        Cancelled is held back while the lock is taken and while it is let go. LockHeld if somebody
        else has it, and still has after `wait` seconds.
        """

    def pool(self, workers: int | None = None) -> Pool:
        """A pool of at most `workers` processes, by default `cpus`, to use in a `with`.

        ::

            with current().pool() as pool:
                for result in pool.map(slope_of, cells):
                    ...

        `submit`, `map`, `as_done`, and futures with `result`, `exception`, `cancel`. It ends with
        the job: on a cancel what waits is cancelled, and what runs is interrupted by `Cancelled`.
        """
        from weppd.pool import Pool

        return Pool(workers or self.cpus)

    def run_dir(self, runid: str | None = None) -> Path:
        """The directory of a run, by default of this job's own.

        RunError for a bad run id, for none, where no root has a directory for it, and where that
        directory is a link that leads out of the roots.
        """
        from pathlib import Path

        from weppd import runs

        wanted = runid if runid is not None else self.runid
        if wanted is None:
            raise RunError("this job belongs to no run: give run_dir the id of a run")
        run = self.settings.get("run", {})
        places = runs.candidates(wanted, run.get("roots", ()), run.get("batch_root", ""))
        for place in places:
            if Path(place).is_dir():
                homes = (*run.get("roots", ()), run.get("batch_root", ""))
                roots = [os.path.realpath(r) for r in homes if r]
                if not runs.inside(os.path.realpath(place), roots):
                    raise RunError(f"run {wanted!r}: {place} is a link that leads out of the roots")
                return Path(place)
        tried = ", ".join(map(str, places)) or "nowhere, [run] roots is empty"
        raise RunError(f"run {wanted!r} has no directory: tried {tried}")


class LocalContext(Context):
    """The context outside a job: log lines go to stderr, all else is silent.

    `enqueue` is Refused: there is no weppd to take the child. Give `settings` and `runid` to try a
    task by hand, inside `using(context)`.
    """

    def __init__(
        self, settings: Mapping[str, Any] | None = None, runid: str | None = None, cpus: int = 0
    ) -> None:
        self.settings = settings or {}
        self.runid = runid
        self.cpus = cpus or len(os.sched_getaffinity(0))

    @property
    def tmp(self) -> Path:
        """The system's directory for temporary files."""
        from pathlib import Path
        from tempfile import gettempdir

        return Path(gettempdir())

    def log(
        self, text: str, *, item: str | None = None, level: str = "info", volatile: bool = False
    ) -> None:
        """Write the line to stderr."""
        words = [level, "~" if volatile else "", item or "", text]
        sys.stderr.write(" ".join(word for word in words if word) + "\n")

    def status(self, channel: str, text: str) -> None:
        """Do nothing."""

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Do nothing."""

    def enqueue(
        self,
        function: Callable[..., Any] | str,
        *args: Any,
        label: str | None = None,
        depends_on: Sequence[str] | str = (),
        timeout: int | None = None,
        queue: str | None = None,
        cpus: int | str | None = None,
        unique: str | None = None,
        lock: str | None = None,
        limits: Mapping[str, Any] | None = None,
        memory: int | str | None = None,
        expect: float | str | None = None,
        allow_failure: bool = False,
        **kwargs: Any,
    ) -> str:
        """Refused: outside a job nothing can be enqueued this way."""
        name = function if isinstance(function, str) else dotted_name(function)
        raise Refused(f"{name} was not enqueued: this code runs outside a job, use weppd.client")

    def on_cancel(self, function: Callable[[], object]) -> None:
        """Do nothing: nobody can cancel."""

    def shield(self) -> AbstractContextManager[None]:
        """Hold nothing back: nobody can cancel."""
        from contextlib import nullcontext

        return nullcontext()

    def lock(
        self, key: str, *, db: int | None = None, ttl: int = LOCK_TTL_S, wait: float = 0.0
    ) -> AbstractContextManager[object]:
        """Do nothing: outside a job nobody is kept out."""
        return self.shield()


_current: Context | None = None


def current() -> Context:
    """The context of the job that runs in this process; outside a job, a `LocalContext`."""
    return LocalContext() if _current is None else _current


def enter(context: Context | None) -> Context | None:
    """Make `context` the current one and return the one before; for the cell and for tests."""
    global _current
    before, _current = _current, context
    return before


def using(context: Context) -> AbstractContextManager[Context]:
    """Make `context` the current one inside a `with`: the way to try a task without weppd."""
    from contextlib import contextmanager

    @contextmanager
    def inside() -> Iterator[Context]:
        before = enter(context)
        try:
            yield context
        finally:
            enter(before)

    return inside()

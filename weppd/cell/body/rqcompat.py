"""For tasks written for RQ: `rq.get_current_job()`, a returned `rq.Retry`, and callbacks.

Nothing here imports rq unless the job itself does or brings callbacks: a light child needs no Redis
client. The current job is set as soon as `rq.job` is imported, be it inside the function. RQ 2.x
keeps it on a stack (`_job_stack`), 3.x in a context variable (`_current_job`).
"""

from __future__ import annotations

import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType, ModuleType
    from typing import Any

    from weppd.cell.body.context import JobContext

#: Where RQ keeps its current job.
MODULE = "rq.job"


class CurrentJob:
    """Sees to it that RQ's notion of the current job is the job of `context`.

    `url` is that of Redis; where it does not give the job, the job's log says so.
    """

    def __init__(self, context: JobContext, url: str) -> None:
        self._context = context
        self._url = url
        self.watches = False
        self.serializer = "pickle"
        self.job: Any = None
        self.connection: Any = None

    def watch(self) -> None:
        """Set the current job now if `rq.job` is loaded, else when it will be imported."""
        module = sys.modules.get(MODULE)
        if self.job is not None or self.watches:
            return
        if module is not None:
            self.install(module)
        else:
            self.watches = True
            sys.meta_path.insert(0, self)

    def forget(self) -> None:
        """Undo `watch`, in a process that goes on to another job."""
        if self.watches and self in sys.meta_path:
            sys.meta_path.remove(self)
        self.watches = False
        module = sys.modules.get(MODULE)
        if self.job is None or module is None:
            return
        if hasattr(module, "_job_stack"):
            module._job_stack.pop()
        else:
            module._current_job.set(None)

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        """As a finder of modules: let `rq.job` be found as usual, and set it up when it is run."""
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        self.watches = False
        from importlib.util import find_spec

        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_install(module: ModuleType) -> None:
                run(module)
                self.install(module)

            spec.loader.exec_module = run_and_install  # type: ignore[method-assign]
        return spec

    def install(self, module: ModuleType) -> None:
        """Fetch the job and make it RQ's current one."""
        from redis import RedisError

        try:
            self.connection = self._connection()
            self.job = module.Job.fetch(
                self._context.job_id,
                connection=self.connection,
                serializer=self._serializer_class(),
            )
        except (RedisError, OSError, ValueError, module.NoSuchJobError) as error:
            line = f"rq.get_current_job() gives None: {error}"
            self._context.log(line, level="warning", volatile=True)
            return
        if hasattr(module, "_job_stack"):
            module._job_stack.push(self.job)
        else:
            module._current_job.set(self.job)

    def _connection(self) -> Any:
        from redis import Redis
        from redis.sentinel import Sentinel

        from weppd import settings_redis

        watched = settings_redis.sentinels(self._url)
        if watched is None:
            return Redis.from_url(self._url)
        # redis-py has no types for it.
        made: Any = Sentinel
        known = made(list(watched.places), sentinel_kwargs=watched.for_sentinels())
        return known.master_for(watched.master, **watched.for_server())

    def _serializer_class(self) -> Any:
        if self.serializer != "json":
            return None
        from rq.serializers import JSONSerializer

        return JSONSerializer


def as_retry(result: object) -> dict[str, Any] | None:
    """The verdict of a returned `rq.Retry`; None for any other result."""
    kind = type(result)
    if kind.__name__ != "Retry" or kind.__module__ != MODULE:
        return None
    intervals = list(getattr(result, "intervals", ()) or (0,))
    return {
        "kind": "retry",
        "max": getattr(result, "max", 0),
        "interval": intervals[0],
        "intervals": intervals,
    }


def run_callback(
    function: Callable[..., Any], current: CurrentJob, arguments: Sequence[object], timeout_s: float
) -> None:
    """Call an RQ callback as `function(job, connection, *arguments)`.

    `current` must watch. TimeoutError after `timeout_s` seconds; what it raises is passed on.
    """
    __import__(MODULE)

    def expire(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"the callback {function.__qualname__} took over {timeout_s:g} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        function(current.job, current.connection, *arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

"""The keyword options of rq's `enqueue`, read into a JobSpec.

Takes rq's own option objects (Retry, Callback, Dependency, Repeat, Job) by what they carry, so that
neither side needs to import the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from weppd import limits
from weppd.frozen import maker
from weppd.model import Callback
from weppd.store.nouns import JobSpec, Retry

Function = str | Callable[..., Any]

_OPTIONS = frozenset(
    "job_timeout timeout description result_ttl ttl failure_ttl depends_on job_id at_front meta"
    " retry repeat on_success on_failure on_stopped unique lock cpus limits memory expect"
    " label parent place".split()
)
_plain = maker(JobSpec)
_PERIOD = re.compile(r"(\d+)\s*([smhd]?)\Z")
_LONGEST_KEY = 200
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def split(kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options and the function's own keywords, from what was given to `enqueue`."""
    if not kwargs:
        return {}, {}
    options = {name: value for name, value in kwargs.items() if name in _OPTIONS}
    own = {name: value for name, value in kwargs.items() if name not in _OPTIONS}
    return options, own


def spec(
    function: Function,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    options: Mapping[str, Any],
    queue: str,
    serializer: str,
) -> JobSpec:
    """The job that these options describe; TypeError or ValueError names a bad one."""
    if not options:
        call = dotted(function), tuple(args), dict(kwargs)
        return _plain(*call, None, queue, "", serializer)
    waits, allow, front = _dependencies(options.get("depends_on"))
    return JobSpec(
        function=dotted(function),
        args=tuple(args),
        kwargs=dict(kwargs),
        queue=queue,
        id=_id(options.get("job_id")),
        serializer=serializer,
        description=options.get("description"),
        timeout=seconds("job_timeout", options.get("job_timeout", options.get("timeout"))),
        result_ttl=seconds("result_ttl", options.get("result_ttl")),
        failure_ttl=seconds("failure_ttl", options.get("failure_ttl")),
        ttl=seconds("ttl", options.get("ttl")),
        at_front=bool(options.get("at_front")) or front,
        depends_on=waits,
        allow_failures=allow,
        meta=options.get("meta") or {},
        retry=_retry(options.get("retry")),
        on_success=_callback(options.get("on_success")),
        on_failure=_callback(options.get("on_failure")),
        on_stopped=_callback(options.get("on_stopped")),
        cpus=None if options.get("cpus") is None else str(options["cpus"]),
        limits=_limits(options),
        memory=memory(options.get("memory")),
        expect_s=expect(options.get("expect")),
        lock=_key("lock", options.get("lock")) or None,
        unique=options.get("unique") is True,
        unique_as=_key("unique", options.get("unique")),
        parent=_job_id(options["parent"]) if options.get("parent") else None,
        label=options.get("label"),
        place=options.get("place", ""),
        extra=_repeat(options.get("repeat")),
    )


def dotted(function: Function) -> str:
    """The dotted name of a function, or the name itself; ValueError where a worker has none."""
    if isinstance(function, str):
        return function
    module = getattr(function, "__module__", None)
    name = getattr(function, "__qualname__", "")
    if not module or not name or module == "__main__" or "<" in name:
        raise ValueError(
            f"{function!r} cannot be enqueued: name a function of a module that workers can import"
        )
    return f"{module}.{name}"


def seconds(name: str, value: Any) -> int | None:
    """A period in seconds: a number, or text such as "90s", "30m", "12h", "1d"; -1 is for ever."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, float):
        return int(value)
    found = _PERIOD.match(str(value).strip().lower())
    if found is None:
        raise ValueError(f"{name}={value!r} is no period: give seconds, or '30m', '12h', '1d'")
    return int(found[1]) * _SECONDS[found[2]]


def _limits(options: Mapping[str, Any]) -> dict[str, str]:
    """Those given as such; those in meta stay where they are, but must make sense too."""
    inner = (options.get("meta") or {}).get("limits")
    if inner is not None:
        limits.check(inner, 'meta["limits"]')
    return limits.check(options.get("limits") or {})


def memory(given: Any) -> str | None:
    """Bytes that a job asks for, from a number or "2G"; ValueError where it is no size."""
    return None if given is None else str(limits.size(given))


def expect(given: Any) -> float | None:
    """Seconds that a job will take, from a number or "90s"; ValueError below one, or for none."""
    value = seconds("expect", given)
    if value is not None and value < 1:
        raise ValueError(f"expect={given!r}: give one second or more")
    return None if value is None else float(value)


def _id(value: Any) -> str:
    if value is None:
        return ""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", str(value)):
        raise ValueError(f"job_id={value!r} holds more than letters, digits, - and _")
    return str(value)


def _key(name: str, value: Any) -> str:
    """A key that a producer chose; "" where it chose none."""
    if value is None or isinstance(value, bool):
        return ""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_KEY:
        raise ValueError(f"{name}={value!r}: give text of 1 to {_LONGEST_KEY} characters")
    return value


def _job_id(job: Any) -> str:
    """The id of a job, given as such or as a Job of ours or of rq's."""
    return job if isinstance(job, str) else str(job.id)


def _dependencies(given: Any) -> tuple[tuple[str, ...], bool, bool]:
    """Ids, whether failures are allowed, whether to go to the front."""
    if given is None:
        return (), False, False
    allow = bool(getattr(given, "allow_failure", False))
    front = bool(getattr(given, "enqueue_at_front", False))
    jobs = getattr(given, "dependencies", given)
    if isinstance(jobs, str) or not isinstance(jobs, Sequence):
        jobs = [jobs]
    parts = [_dependencies(job) if hasattr(job, "dependencies") else job for job in jobs]
    ids: list[str] = []
    for part in parts:
        ids += part[0] if isinstance(part, tuple) else [_job_id(part)]
        allow = allow or (isinstance(part, tuple) and part[1])
    return tuple(ids), allow, front


def _retry(given: Any) -> Retry | None:
    if given is None or isinstance(given, Retry):
        return given
    if isinstance(given, int):
        return Retry(given)
    intervals = getattr(given, "intervals", None) or ()
    front = bool(getattr(given, "enqueue_at_front", False))
    return Retry(int(given.max), tuple(int(s) for s in intervals), front)


def _callback(given: Any) -> Callback | None:
    if given is None or isinstance(given, Callback):
        return given
    if isinstance(given, str) or hasattr(given, "__qualname__"):
        return Callback(dotted(given))
    return Callback(str(given.name), int(given.timeout or 60))


def _repeat(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    intervals = getattr(given, "intervals", None)
    extra = {"repeats_left": str(int(given.times))}
    return {**extra, "repeat_intervals": json.dumps(list(intervals))} if intervals else extra

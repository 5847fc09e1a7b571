"""Job hashes: RQ's own fields and bytes, to nouns and back.

::

    <prefix>:job:<id>   data         zlib( pickle | json of (function, instance, args, kwargs) )
                        meta         pickle | json of a dict; the task's own process writes it
                        exc_info     zlib( UTF-8 )
                        created_at … YYYY-MM-DDThh:mm:ss.ffffffZ, UTC; empty where there is none
                        weppd_*      fields of weppd's own; RQ's readers pass over them

Absent and empty both mean None. Nothing here executes or imports anything of a payload.
"""

from __future__ import annotations

import json
import pickle
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from weppd.frozen import maker
from weppd.model import Callback, Job
from weppd.store import asked
from weppd.store.nouns import JobSpec
from weppd.store.pickles import peek

Hash = Mapping[bytes, bytes]
_job = maker(Job)
Fields = dict[str, bytes | str | int]

DEPENDENCIES = "dependency_ids"
#: Which claim of its job a claim is, counted from 1.
TRIES = "weppd_tries"
#: Under which key it is the one live job.
UNIQUE = "weppd_unique"
_CALLBACKS = {"on_success": "success", "on_failure": "failure", "on_stopped": "stopped"}
_NUMBERS = ("timeout", "result_ttl", "failure_ttl", "ttl")
#: Fields that RQ's readers expect of a job that has not begun.
_BLANK = dict.fromkeys(
    "success_callback_name failure_callback_name stopped_callback_name started_at ended_at"
    " last_heartbeat worker_name group_id".split(),
    "",
)
#: Payloads of at most so many bytes are not compressed.
STORED = 256
# Of one execution or kept elsewhere: not carried along when a hash is written anew.
_TRANSIENT = frozenset(
    b"status started_at ended_at last_heartbeat worker_name result exc_info"
    b" weppd_usage weppd_progress weppd_reason weppd_none weppd_turn".split()
)
_OWN = frozenset(
    b"data meta origin description timeout result_ttl failure_ttl ttl retries_left".split()
    + b"retry_intervals enqueue_at_front_on_retry created_at enqueued_at".split()
    + b"weppd_parent weppd_place weppd_cpus weppd_crashes weppd_losses".split()
    + b"weppd_limits weppd_memory weppd_expect weppd_lock".split()
    + [f"{v}_callback_{x}".encode() for v in _CALLBACKS.values() for x in ("name", "timeout")]
)

#: Not among the fields that are passed along as they are.
_READ = _OWN | _TRANSIENT
_NUMBER_KEYS = [(name.encode(), name) for name in _NUMBERS]
_CALLBACK_KEYS = [(f"{word}_callback_name".encode(), word) for word in _CALLBACKS.values()]
_WORDS = {word: name for name, word in _CALLBACKS.items()}


def stamp(at: float) -> str:
    """A moment as RQ writes it; empty for 0."""
    if not at:
        return ""
    whole = int(at // 1)
    micros = round((at - whole) * 1e6)
    return f"{_second(whole + micros // 1_000_000)}.{micros % 1_000_000:06d}Z"


@lru_cache(maxsize=16)
def _second(at: int) -> str:
    """Four stamps and more are written for each job, most of them of this very second."""
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def decode(jid: str, fields: Hash, queue: str) -> Job:
    """The job that a hash holds, as it is claimed from `queue`.

    A field that cannot be read does not stop the claim: `problem` says which it is, so that the
    job can fail with that line.
    """
    given = {name: value for name, value in fields.items() if value}
    call = peek(given.get(b"data", b""))
    problems = [call.problem] if call.problem else []
    rest: dict[str, Any] = {}
    for key, name in _NUMBER_KEYS:
        if key in given:
            rest[name] = _number(given[key], name, problems)
    for key, word in _CALLBACK_KEYS:
        if key in given:
            rest[_WORDS[word]] = _callback(given, word, problems)
    return _job(
        id=jid,
        queue=queue,
        function=call.function,
        data=given.get(b"data", b""),
        meta=given.get(b"meta", b""),
        serializer=call.serializer,
        runid=call.runid,
        description=_text(given, b"description"),
        retries_left=_whole(given, "retries_left", problems),
        retry_intervals=_intervals(given, problems),
        retry_at_front=given.get(b"enqueue_at_front_on_retry") == b"1",
        created_at=_text(given, b"created_at"),
        enqueued_at=_text(given, b"enqueued_at"),
        parent=_text(given, b"weppd_parent") or None,
        place=_text(given, b"weppd_place"),
        cpus=_text(given, b"weppd_cpus") or None,
        limits=asked.limits_of(given, problems),
        memory=_text(given, b"weppd_memory") or None,
        expect_s=asked.seconds_of(given),
        lock=_text(given, b"weppd_lock") or None,
        crashes=_whole(given, "weppd_crashes", problems),
        losses=tuple(_text(given, b"weppd_losses").splitlines()),
        extra=_extra(given),
        problem=problems[0] if problems else None,
        **rest,
    )


def _text(given: Hash, name: bytes) -> str:
    raw = given.get(name)
    return raw.decode("utf-8", "replace") if raw else ""


def _number(raw: bytes, name: str, problems: list[str]) -> int | None:
    try:
        return int(raw)
    except ValueError:
        problems.append(f"field {name} holds {raw[:40]!r}, not a number")
        return None


def _whole(given: Hash, name: str, problems: list[str]) -> int:
    raw = given.get(name.encode())
    return _number(raw, name, problems) or 0 if raw else 0


def _intervals(given: Hash, problems: list[str]) -> tuple[int, ...]:
    raw = given.get(b"retry_intervals")
    if not raw:
        return ()
    try:
        return tuple(int(seconds) for seconds in json.loads(raw))
    except (ValueError, TypeError, RecursionError):
        problems.append(f"field retry_intervals holds {raw[:40]!r}, not a list of seconds")
        return ()


def _callback(given: Hash, word: str, problems: list[str]) -> Callback:
    key = f"{word}_callback_timeout"
    raw = given.get(key.encode())
    timeout = _number(raw, key, problems) if raw else None
    name = _text(given, f"{word}_callback_name".encode())
    return Callback(name, 60 if timeout is None else timeout)


def _extra(given: Hash) -> dict[str, str]:
    return {
        name.decode("utf-8", "replace"): value.decode("utf-8", "surrogateescape")
        for name, value in given.items()
        if name not in _READ
    }


def encode(spec: JobSpec, jid: str, at: float) -> Fields:
    """The hash of a new job, created at `at` (epoch), without status and queueing times."""
    return {"created_at": stamp(at), **_BLANK, "origin": spec.queue, **own_fields(spec)}


def own_fields(spec: JobSpec) -> Fields:
    """The part of a new job's hash that is its own, and not that of every new job."""
    fields: Fields = {"data": payload(spec), "description": described(spec)}
    for name in _NUMBERS:
        if (value := getattr(spec, name)) is not None:
            fields[name] = value
    if spec.on_success or spec.on_failure or spec.on_stopped:
        _put_callbacks(fields, spec)
    _put_retry(fields, spec)
    _put_waiting(fields, spec)
    _put_own(fields, spec)
    return fields


def payload(spec: JobSpec) -> bytes:
    """The bytes of `data`: the producer's own, or the serialised call; in zlib's format as RQ's."""
    if spec.data is not None:
        return spec.data if spec.data[:1] == b"\x78" else deflated(spec.data)
    call = (spec.function, None, spec.args, dict(spec.kwargs))
    return deflated(dumps(call, spec.serializer))


def deflated(plain: bytes) -> bytes:
    """`plain` in zlib's format (RFC 1950); what is short stands in it as it is (RFC 1951, 3.2.4).

    It would get no shorter, and to set the compressor up takes longer than all else that is done
    for a job here.
    """
    size = len(plain)
    if size > STORED:
        return zlib.compress(plain)
    head = b"\x78\x01\x01" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little")
    return head + plain + zlib.adler32(plain).to_bytes(4, "big")


def dumps(value: Any, serializer: str) -> bytes:
    """Serialise with the serializer of that name: "pickle" or "json"."""
    if serializer == "json":
        return json.dumps(value).encode()
    return pickle.dumps(value, protocol=5)


def described(spec: JobSpec) -> str:
    """The call as RQ's readers show it: long arguments are cut after 75 characters."""
    if spec.description is not None:
        return spec.description
    args, kwargs = spec.args, spec.kwargs
    if spec.data is not None:
        call = peek(spec.data)
        args, kwargs = call.args, call.kwargs
    shown = [_cut(repr(value)) for value in args]
    shown += sorted(f"{key}={_cut(repr(value))}" for key, value in kwargs.items())
    return f"{spec.function}({', '.join(shown)})"


def _cut(text: str) -> str:
    return text if len(text) <= 75 else text[:75] + "..."


def _put_callbacks(fields: Fields, spec: JobSpec) -> None:
    for name, word in _CALLBACKS.items():
        callback: Callback | None = getattr(spec, name)
        if callback is not None:
            fields[f"{word}_callback_name"] = callback.function
            fields[f"{word}_callback_timeout"] = callback.timeout


def _put_retry(fields: Fields, spec: JobSpec) -> None:
    if spec.retry is None:
        return
    fields["retries_left"] = spec.retry.max
    if spec.retry.intervals:
        fields["retry_intervals"] = json.dumps(list(spec.retry.intervals))
    if spec.retry.at_front:
        fields["enqueue_at_front_on_retry"] = 1


def _put_waiting(fields: Fields, spec: JobSpec) -> None:
    if spec.depends_on:
        fields["dependency_id"] = spec.depends_on[0]
        fields[DEPENDENCIES] = json.dumps(list(spec.depends_on))
    if spec.allow_failures:
        fields["allow_dependency_failures"] = 1
    if spec.at_front:
        fields["enqueue_at_front"] = 1


def _put_own(fields: Fields, spec: JobSpec) -> None:
    if spec.meta:
        fields["meta"] = dumps(dict(spec.meta), spec.serializer)
    if spec.extra:
        fields.update(spec.extra)
    asks = spec.limits or spec.memory or spec.expect_s or spec.lock
    if not (asks or spec.parent or spec.label or spec.place or spec.cpus):
        return
    own = {"parent": spec.parent, "label": spec.label, "place": spec.place, "cpus": spec.cpus}
    _put_weppd(fields, own | _asks(spec))


def _put_weppd(fields: Fields, own: Mapping[str, str | int | None]) -> None:
    fields.update((f"weppd_{name}", value) for name, value in own.items() if value)


def _asks(job: JobSpec | Job) -> dict[str, str | None]:
    """What a job asks of its host, apart from its CPUs, and of other jobs."""
    expect = repr(job.expect_s) if job.expect_s else None
    asks = {"limits": asked.written(job.limits), "memory": job.memory, "expect": expect}
    return {**asks, "lock": job.lock}


def rehash(job: Job) -> Fields:
    """The hash of a claimed job, from what its claim kept, for a store that has forgotten it."""
    fields: Fields = {
        name: value.encode("utf-8", "surrogateescape") for name, value in job.extra.items()
    }
    for name in _CALLBACKS.values():
        fields[f"{name}_callback_name"] = ""
    fields |= {"created_at": job.created_at, "enqueued_at": job.enqueued_at, "data": job.data}
    fields |= {"origin": job.queue, "description": job.description, "ended_at": ""}
    for name in _NUMBERS:
        if (value := getattr(job, name)) is not None:
            fields[name] = value
    _put_callbacks(fields, job)  # type: ignore[arg-type]  # the same three members
    if job.retries_left or job.retry_intervals:
        fields["retries_left"] = job.retries_left
        fields["retry_intervals"] = json.dumps(list(job.retry_intervals))
    own: dict[str, str | int | None] = {"parent": job.parent, "place": job.place}
    own |= {"cpus": job.cpus, "crashes": job.crashes, "losses": "\n".join(job.losses)}
    _put_weppd(fields, own | _asks(job))
    if job.meta:
        fields["meta"] = job.meta
    return fields


def flat(fields: Mapping[str, bytes | str | int]) -> list[bytes | str | int]:
    """Names and values in turn, as Redis' commands take them."""
    return [part for pair in fields.items() for part in pair]


def paired(parts: Iterable[bytes]) -> dict[bytes, bytes]:
    """The mapping that a flat reply holds."""
    turn = iter(parts)
    return dict(zip(turn, turn, strict=True))

"""The frame around a job's function: whatever happens inside becomes one verdict and its bytes."""

from __future__ import annotations

import pickle
import sys
from io import StringIO
from json import dumps
from sys import modules

from weppd.cell.body import rqcompat
from weppd.cell.body.call import call, resolve
from weppd.cell.body.surroundings import prepare, prepare_libraries
from weppd.cell.body.unpickle import Payload, read
from weppd.errors import WeppdError
from weppd.task import Cancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weppd.cell.body.context import JobContext
    from weppd.cell.body.environment import Ahead
    from weppd.cell.body.interrupt import Interrupt
    from weppd.cell.setup import Setup

    Outcome = tuple[dict[str, Any], bytes]

#: The verdict of a job that has ended well and has no result.
NOTHING: dict[str, Any] = {"kind": "finished", "none": True}
_MESSAGE_CAP = 2000
_TRACE_CAP = 1 << 18
#: RQ's own words for a result that its serializer does not take.
UNSERIALIZABLE = "Unserializable return value"

if sys.version_info >= (3, 13):
    # The interpreter's own hook imports it there: at the end of a job that is too late, for an
    # upgrade may have replaced the files.
    import traceback as _traceback  # noqa: F401


def run(
    start: dict[str, Any],
    body: bytes,
    setup: Setup,
    current: rqcompat.CurrentJob,
    interrupt: Interrupt,
    ahead: Ahead | None,
) -> Outcome:
    """Unpickle, look up and call the job's function; its verdict and the result's bytes or trace.

    `ahead` is the environment that was made before. Never raises: also a Cancelled that arrives at
    the last moment is caught here.
    """
    try:
        try:
            interrupt.arm()
            outcome = _work(start, body, setup, current, ahead)
        finally:
            interrupt.disarm()
    except Cancelled:
        outcome = {"kind": "cancelled"}, b""
    except BaseException as error:  # noqa: BLE001 - the frame's purpose: all that a job can raise
        outcome = _failed(error)
        if start.get("call") is None:
            _on_failure(start, setup, current, error)
    return outcome


def flush_output() -> None:
    """Bring what the job printed into the spool, as far as the disk takes it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # A full disk, or a stream that the job closed: it never fails a job.
            pass


def _work(
    start: dict[str, Any],
    body: bytes,
    setup: Setup,
    current: rqcompat.CurrentJob,
    ahead: Ahead | None,
) -> Outcome:
    prepare(start, ahead)
    if start.get("call") == "stopped":
        _callback(start, setup, current, "stopped", ())
        return NOTHING, b""
    current.serializer = serializer = start.get("serializer") or "pickle"
    data = body[start.get("meta_len") or 0 :]
    payload = read(data, serializer, setup.allow_types, setup.alias)
    function = resolve(payload, setup)
    if "numpy" in modules or "numba" in modules:
        prepare_libraries(int(start.get("cpus") or 1))
    if not current.watches:
        current.watch()
    result = call(function, payload)
    retry = rqcompat.as_retry(result) if result is not None else None
    if retry is not None:
        return retry, b""
    if "on_success" in start:
        _callback(start, setup, current, "success", (result,))
    if result is None:
        return NOTHING, b""
    return {"kind": "finished", "none": False}, _serialized(result, serializer)


def _serialized(result: object, serializer: str) -> bytes:
    try:
        if serializer == "json":
            return dumps(result).encode()
        return pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - a result's own __reduce__ may raise anything
        _write_error(f"the result, a {type(result).__name__}, is not kept: {error}\n")
        return _serialized(UNSERIALIZABLE, serializer)


def _failed(error: BaseException) -> Outcome:
    text = _trace(error)
    message = _message(error)[:_MESSAGE_CAP]
    verdict = {"kind": "failed", "type": type(error).__name__, "message": message}
    _write_error(text)
    return verdict, text[-_TRACE_CAP:].encode("utf-8", "backslashreplace")


def _write_error(text: str) -> None:
    try:
        sys.stderr.write(text)
    except (OSError, ValueError):
        # A full disk, or a stream that the job closed: it never fails a job.
        pass


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as inner:  # noqa: BLE001 - the error's own __str__ may raise anything
        return f"(its message could not be had: {inner!r})"


def _trace(error: BaseException) -> str:
    """The traceback as the interpreter prints it, from the job's own first line on.

    Errors that the frame raises itself, about a payload or a name, are one line without a trace.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__package__") == __package__:
        trace = trace.tb_next
    if trace is None and isinstance(error, WeppdError):
        return f"{type(error).__name__}: {_message(error)}\n"
    before, sys.stderr = sys.stderr, StringIO()
    try:
        sys.__excepthook__(type(error), error.with_traceback(trace), trace)
        return sys.stderr.getvalue()
    finally:
        sys.stderr = before


def call_on_cancel(context: JobContext) -> None:
    """Call what the job wanted called if it is cancelled; what that raises goes to its log."""
    for function in context.take_on_cancel():
        try:
            function()
        except Exception as error:  # noqa: BLE001 - one that fails must not keep the others from it
            _write_error(_trace(error))


def _callback(
    start: dict[str, Any],
    setup: Setup,
    current: rqcompat.CurrentJob,
    kind: str,
    arguments: tuple[object, ...],
) -> None:
    wanted = start.get(f"on_{kind}")
    if wanted:
        function = resolve(Payload(wanted[0], None, (), {}), setup)
        current.watch()
        rqcompat.run_callback(function, current, arguments, float(wanted[1] or 60))


def _on_failure(
    start: dict[str, Any], setup: Setup, current: rqcompat.CurrentJob, error: BaseException
) -> None:
    try:
        _callback(start, setup, current, "failure", (type(error), error, error.__traceback__))
    except Exception as inner:  # noqa: BLE001 - the job has failed already: say this one too
        _write_error(_trace(inner))

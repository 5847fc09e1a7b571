"""A pool of processes for a task, which ends with its job: `with current().pool() as pool:`.

Workers are forked from the job's own process, know all that it has loaded, and take functions and
closures as they are (`multiprocess`). Nothing runs beside the task's own thread: calls are handed
out, and results taken in, whenever the task submits or waits. So a cancel interrupts the waiting at
once, and no lock is held in a thread while a worker is forked.

::

    waiting ──a worker is free──► running ──► done: a result, an error, the worker's death
       └────────── the block is left by an error, or cancel() ──► cancelled

On a cancel of the job each worker gets SIGUSR1 like the rest of the tree: what it runs unwinds by
`Cancelled`, as the task does; what waits never begins.
"""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections import deque

from weppd.errors import JobError
from weppd.task import Cancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

_LEAVE_S = 5.0
Call = tuple["Callable[..., Any]", tuple["Any", ...], dict[str, "Any"]]


class WorkerDied(JobError):
    """A worker ended before it had answered: killed, or gone by os._exit."""


class NotRun(JobError):
    """A call was cancelled before it was done: its pool was left by an error, or somebody asked."""


class Remote(Exception):
    """The traceback of an error as its worker saw it; the cause of that error here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class Future:
    """A call that a pool was given. Waiting for one drives the whole pool."""

    def __init__(self, pool: Pool, call: Call) -> None:
        self.call: Call | None = call
        self._pool = pool
        self._value: Any = None
        self._error: BaseException | None = None

    def __repr__(self) -> str:
        word = "cancelled" if self.cancelled() else "done" if self.done() else "pending"
        return f"<Future: {word}>"

    def done(self) -> bool:
        """Whether it has ended, however."""
        return self.call is None

    def cancelled(self) -> bool:
        """Whether it was cancelled before it was done."""
        return isinstance(self._error, NotRun)

    def cancel(self) -> bool:
        """Take it back if it has not begun; whether it will not run."""
        if not self.done() and self._pool.take_back(self):
            self.settle(None, NotRun("cancelled before it began"))
        return self.cancelled()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for its end; the error, or None. TimeoutError after `timeout` seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self.done():
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError(f"the call is not done after {timeout:g} s")
            self._pool.turn(left)
        return self._error

    def result(self, timeout: float | None = None) -> Any:
        """Wait for its end and return what it returned, or raise what it raised."""
        error = self.exception(timeout)
        if error is not None:
            raise error
        return self._value

    def settle(self, value: Any, error: BaseException | None = None) -> None:
        """Enter how it ended; for the pool."""
        self.call, self._value, self._error = None, value, error


class _Worker:
    """A process of the pool, the pipe to it, and what it is doing."""

    def __init__(self, context: Any, others: list[_Worker], unwound: Callable[[], object]) -> None:
        self.wire, its = context.Pipe()
        ends = [self.wire, *(other.wire for other in others)]
        self.process = context.Process(target=_work, args=(its, ends, unwound), daemon=True)
        self.process.start()
        its.close()
        self.future: Future | None = None

    def begin(self, future: Future) -> None:
        self.wire.send(future.call)
        self.future = future

    def hear(self) -> bool:
        """Take the answer in; whether the worker lives on."""
        future, self.future = self.future, None
        assert future is not None
        try:
            good, value, text = self.wire.recv()
        except (EOFError, OSError):
            self.process.join()
            future.settle(None, WorkerDied(f"a worker of the pool died: {self._fate()}"))
            return False
        except Exception as error:  # noqa: BLE001 - an answer that cannot be put together again
            future.settle(None, error)
            return True
        if not good:
            value.__cause__ = Remote(text)
        future.settle(value if good else None, None if good else value)
        return True

    def _fate(self) -> str:
        code = self.process.exitcode
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


class Pool:
    """At most `workers` processes that run calls; made by `Context.pool`, used in a `with`.

    Left in good order, the block waits for all its calls. Left by an error, what waits is cancelled
    and what runs is interrupted, as by a cancel of the job.
    """

    def __init__(self, workers: int, unwound: Callable[[], object] = lambda: None) -> None:
        self._size = max(1, workers)
        self._unwound = unwound
        self._workers: list[_Worker] = []
        self._waiting: deque[Future] = deque()
        self._context, self._wait = _multiprocess()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        try:
            while kind is None and (self._waiting or self._busy()):
                self.turn()
        except BaseException as late:
            kind = type(late)
            raise
        finally:
            self._leave(kind)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Have `function(*args, **kwargs)` called in a worker."""
        future = Future(self, (function, args, kwargs))
        self._waiting.append(future)
        self._hand_out()
        return future

    def map(self, function: Callable[..., Any], *iterables: Iterable[Any]) -> Iterator[Any]:
        """The results of calls with the items of `iterables`, in their order."""
        futures = [self.submit(function, *items) for items in zip(*iterables, strict=False)]
        return (future.result() for future in futures)

    def as_done(self, futures: Iterable[Future]) -> Iterator[Future]:
        """The futures, each as soon as it has ended."""
        pending = list(futures)
        while pending:
            done = [future for future in pending if future.done()]
            pending = [future for future in pending if not future.done()]
            yield from done
            if pending and not done:
                self.turn()

    # -- for futures

    def turn(self, timeout: float | None = None) -> None:
        """Wait for answers, at most `timeout` seconds; take them in, and hand out what waits."""
        busy = {worker.wire: worker for worker in self._busy()}
        for wire in self._wait(list(busy), timeout):
            if not busy[wire].hear():
                busy[wire].wire.close()
                self._workers.remove(busy[wire])
        self._hand_out()

    def take_back(self, future: Future) -> bool:
        """Whether the call had not begun; then it will not."""
        if future not in self._waiting:
            return False
        self._waiting.remove(future)
        return True

    # -- inside

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.future is not None]

    def _hand_out(self) -> None:
        while self._waiting and (worker := self._free()) is not None:
            future = self._waiting.popleft()
            try:
                worker.begin(future)
            except OSError:  # it died while it had nothing to do: the next one takes the call
                worker.wire.close()
                self._workers.remove(worker)
                self._waiting.appendleft(future)
            except Exception as error:  # noqa: BLE001 - the call cannot be pickled
                future.settle(None, error)

    def _free(self) -> _Worker | None:
        for worker in self._workers:
            if worker.future is None:
                return worker
        if len(self._workers) >= self._size:
            return None
        self._workers.append(_Worker(self._context, self._workers, self._unwound))
        return self._workers[-1]

    def _leave(self, kind: type[BaseException] | None) -> None:
        for future in self._waiting:
            future.settle(None, NotRun("its pool was left before it began"))
        self._waiting.clear()
        for worker in self._workers:
            if worker.future is not None:
                worker.future.settle(None, NotRun("its pool was left while it ran"))
                # A cancel of the job has signalled each of them already, and once is enough.
                if kind is not None and not issubclass(kind, Cancelled):
                    os.kill(worker.process.pid, signal.SIGUSR1)
            worker.wire.close()
        for worker in self._workers:
            # On a cancel the ladder says how long; until then what they unwind has its time.
            worker.process.join(None if kind and issubclass(kind, Cancelled) else _LEAVE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()


def _work(wire: Any, ends: list[Any], unwound: Callable[[], object]) -> None:
    """Be a worker: answer calls until the pool hangs up, or a cancel comes."""
    for end in ends:  # else they would never see that the pool has hung up
        end.close()
    try:
        while True:
            _answer(wire, *wire.recv())
    except (Cancelled, EOFError, OSError):
        pass
    finally:
        unwound()


def _answer(wire: Any, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
    try:
        answer = (True, function(*args, **kwargs), "")
    except Exception as error:  # noqa: BLE001 - it goes to whoever waits for it
        answer = (False, error, traceback.format_exc())
    try:
        wire.send(answer)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - a result that cannot be pickled
        said = f"the answer of {function!r} cannot be sent: {type(error).__name__}: {error}"
        wire.send((False, JobError(said), answer[2]))


def _multiprocess() -> tuple[Any, Callable[..., Any]]:
    """The fork context, and the wait for pipes; without `multiprocess` that of Python itself, which
    takes functions by their names only."""
    try:
        import multiprocess as processes  # type: ignore[import-untyped,unused-ignore]
        from multiprocess.connection import wait  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        import multiprocessing as processes
        from multiprocessing.connection import wait
    return processes.get_context("fork"), wait

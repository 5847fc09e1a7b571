"""How weppd's life ends: by a stop, or to begin again in place; and the signals that ask for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence

from weppd import notify
from weppd.core import events as on
from weppd.settings import Settings
from weppd.shell import reloading

log = logging.getLogger("weppd")
_SOON_S = 0.05


class Lifetime:
    """`again`: whether it ends to begin again, with the settings and the code as they are then."""

    def __init__(
        self,
        told: Settings,
        config: str | None,
        notifier: notify.Notifier,
        loop: asyncio.AbstractEventLoop,
        tell: Callable[[on.Event], None],
    ) -> None:
        self.again = False
        self._stop, self._config = told.stop, config
        self._read = reloading.as_read(told, config, os.environ)
        self._since = time.time()
        self._notifier, self._loop, self._tell = notifier, loop, tell

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Meanwhile signals stop weppd or have it begin again, and a stray SIGUSR1 does nothing."""
        handlers = {
            signal.SIGTERM: self._asked_to_stop,
            signal.SIGINT: self._asked_to_stop,
            signal.SIGUSR1: lambda: log.warning("action=signal name=SIGUSR1 note=ignored"),
            signal.SIGHUP: self.reload,
            signal.SIGUSR2: self.reload,
        }
        for number, handler in handlers.items():
            self._loop.add_signal_handler(number, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, handlers)
        try:
            yield
        finally:
            if self.again:  # what comes meanwhile waits for the one that begins in place
                signal.pthread_sigmask(signal.SIG_BLOCK, handlers)
            for number in handlers:
                self._loop.remove_signal_handler(number)
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # also in what begins again in place

    def reload(self) -> Sequence[str]:
        """Begin again in place, soon, with the settings and the code as they are now; jobs go on.

        Returns what is wrong with them: then everything stays as it is.
        """
        if self.again:  # it is on its way, and reads what is there then
            return ()
        problems = reloading.checked(self._read, self._config, os.environ, self._since)
        for problem in problems:
            log.error("action=reload refused=%r", problem)
        if problems:
            return problems
        log.info("action=reload")
        self.again = True
        self._notifier.reloading()
        self._loop.call_later(_SOON_S, self._tell, on.StopAsked("detach"))
        return ()

    def _asked_to_stop(self) -> None:
        mode = self._stop.mode
        if self._notifier.listens and mode in ("detach", "drain") and notify.host_goes_down():
            mode = "requeue"  # nothing outlives the host: jobs begin anew, here or elsewhere
        log.info("action=stop mode=%s", mode)
        self._tell(on.StopAsked(mode))
        if mode == "drain":
            self._loop.call_later(self._stop.timeout, self._tell, on.StopAsked("detach"))

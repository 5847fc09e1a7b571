"""What a task says to its panel in the web page: one line of text each, on `<runid>:<panel>`.

::

    rq:<job id> STARTED   <call>
    rq:<job id> COMPLETED <call>[ -> (<status>, <seconds>)]
    rq:<job id> EXCEPTION <call>
    rq:<job id> EXCEPTION_JSON {"type":…,"message":…,"call":…}
    rq:<job id> ENQUEUED  <call> -> awaiting final job <id>
    rq:<job id> SKIPPED   <call> -> <reason>
    rq:<job id> STATUS    <text>
    rq:<job id> INFO      <text>
    rq:<job id> ACTIVATED query_engine(<runid>)
    rq:<job id> TRIGGER   <panel> <EVENT>

Readers split at white space. `<call>` is `run_hillslope_rq(my-run, wepp_id=7)`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.run import panels
from weppd.panel import exception, message
from weppd.task import Context


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of one run, written to by one job."""

    ctx: Context
    runid: str
    name: str

    @property
    def channel(self) -> str:
        """The channel that the page listens to."""
        return f"{self.runid}:{self.name}"

    def started(self, call: str) -> None:
        """The task begins."""
        self._say("STARTED", call)

    def completed(self, call: str, result: object = None) -> None:
        """The task returned; a `(status, seconds)` result is told with it."""
        self._say("COMPLETED", call + _outcome(result))

    def exception(self, call: str, error: BaseException) -> None:
        """The task failed: once for people, once for programs."""
        for text in exception(self.ctx.job_id, call, type(error).__name__, str(error)):
            self.ctx.status(self.channel, text)

    def enqueued(self, call: str, final: str) -> None:
        """The task has enqueued its children; `final` is the job that ends the pipeline."""
        self._say("ENQUEUED", f"{call} -> awaiting final job {final}")

    def skipped(self, call: str, reason: str) -> None:
        """The task, or a part of it, was left out."""
        self._say("SKIPPED", f"{call} -> {reason}")

    def status(self, text: str) -> None:
        """Free text, such as progress."""
        self._say("STATUS", text)

    def info(self, text: str) -> None:
        """Free text that stays true, such as where something lies."""
        self._say("INFO", text)

    def activated(self) -> None:
        """The tables of the run can be queried."""
        self._say("ACTIVATED", f"query_engine({self.runid})")

    def trigger(self, event: str) -> None:
        """Tell the page to refresh this panel; ValueError for an event that it does not know."""
        panels.check(self.name, event)
        self._say("TRIGGER", f"{self.name} {event}")

    def _say(self, word: str, rest: str) -> None:
        self.ctx.status(self.channel, message(self.ctx.job_id, word, rest))


def _outcome(result: object) -> str:
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], float):
        return f" -> ({result[0]}, {result[1]:.2f})"
    return ""

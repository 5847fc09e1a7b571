"""What the store was told a moment ago, should it go back to before that.

A server that is killed, or replaced by a copy of itself, may have lost the last second or so of
what it had confirmed. Ends that are lost so are written again; only for so long are they kept.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

from weppd.model import Claim, Finish, Finished

KEPT_S = 30.0
MOST_BYTES = 4 * 2**20
#: What the account of an end takes beside its payload and its result.
LEAST_BYTES = 1024


class Recents:
    """The ends, and the claims that were handed back, of the last `KEPT_S` seconds; of the ends not
    more than `MOST_BYTES` of payloads and results."""

    def __init__(self) -> None:
        self._ends: deque[tuple[float, int, Finish]] = deque()
        self._bytes = 0
        self._handed: deque[tuple[float, str]] = deque()
        #: Claims that are being handed back: the store has not said yet that it has them again.
        self.leaving: dict[str, Claim] = {}

    def note(self, finish: Finish) -> None:
        """The store has this end."""
        size = _size(finish)
        self._ends.append((time.monotonic(), size, finish))
        self._bytes += size
        self._forget()

    def clear(self) -> None:
        """None of it is to be told again, but for what is under way."""
        self._ends.clear()
        self._handed.clear()
        self._bytes = 0

    def hand_back(self, claims: Iterable[Claim]) -> None:
        """These claims are being handed back; they are `leaving` until `handed` says otherwise."""
        claims = list(claims)
        self.leaving |= {claim.eid: claim for claim in claims}
        self._handed.extend((time.monotonic(), claim.eid) for claim in claims)
        self._forget()

    def handed(self, claims: Iterable[Claim]) -> None:
        """The store has these claims again."""
        for claim in claims:
            self.leaving.pop(claim.eid, None)

    def ends(self) -> list[Finish]:
        """The ends, the oldest first."""
        self._forget()
        return [finish for _, _, finish in self._ends]

    def handed_back(self) -> set[str]:
        """The executions that were handed back."""
        self._forget()
        return {eid for _, eid in self._handed}

    def _forget(self) -> None:
        oldest = time.monotonic() - KEPT_S
        while self._ends and (self._ends[0][0] < oldest or self._bytes > MOST_BYTES):
            self._bytes -= self._ends.popleft()[1]
        while self._handed and self._handed[0][0] < oldest:
            self._handed.popleft()


def _size(finish: Finish) -> int:
    outcome, job = finish.outcome, finish.claim.job
    result = outcome.result or b"" if isinstance(outcome, Finished) else b""
    return LEAST_BYTES + len(job.data) + len(job.meta) + len(result)

"""TOPAZ ids and WEPP ids of a watershed's parts, each from the other.

A TOPAZ id ends in 4 for a channel `c`; its hillslopes are c-1 (left, looking downstream), c-2
(right) and c-3 (top, at a channel's head only). WEPP counts hillslopes by ascending TOPAZ id from
1, and channels after them by descending TOPAZ id, so that every channel comes after those that flow
into it and the outlet is last.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise


class WeppTopTranslator:
    """The numbers of the parts of one watershed, from the TOPAZ ids of both kinds.

    ValueError for an id that is of the wrong kind or comes twice.
    """

    def __init__(self, hillslopes: Iterable[int], channels: Iterable[int]) -> None:
        hills, chans = sorted(hillslopes), sorted(channels, reverse=True)
        _check(hills, chans)
        self.sub_n, self.chn_n = len(hills), len(chans)
        self._top = dict(enumerate((*hills, *chans), 1))
        self._wepp = {top: wepp for wepp, top in self._top.items()}

    @property
    def hillslopes(self) -> tuple[int, ...]:
        """The TOPAZ ids of the hillslopes, in WEPP's order."""
        return tuple(self._top[number] for number in range(1, self.sub_n + 1))

    @property
    def channels(self) -> tuple[int, ...]:
        """The TOPAZ ids of the channels, in WEPP's order: the outlet is last."""
        first = self.sub_n + 1
        return tuple(self._top[number] for number in range(first, first + self.chn_n))

    def wepp(self, top: int | None) -> int:
        """The WEPP id of a part, 0 where there is none."""
        return self._wepp.get(top or 0, 0)

    def top(self, wepp: int | None) -> int:
        """The TOPAZ id of a part, 0 where there is none."""
        return self._top.get(wepp or 0, 0)

    def chn_enum(self, top: int | None) -> int:
        """The number of a channel among the channels, from 1; 0 where there is none."""
        wepp = self.wepp(top)
        return wepp - self.sub_n if wepp > self.sub_n else 0


def _check(hills: list[int], chans: list[int]) -> None:
    twice = {top for ids in (hills, chans) for top, after in pairwise(ids) if top == after}
    if twice:
        raise ValueError(f"TOPAZ id {min(twice)} comes twice")
    for top in hills:
        if top < 1 or top % 10 not in (1, 2, 3):
            raise ValueError(f"TOPAZ id {top} is no hillslope's: they end in 1, 2 or 3")
    for top in chans:
        if top < 4 or top % 10 != 4:
            raise ValueError(f"TOPAZ id {top} is no channel's: they end in 4")

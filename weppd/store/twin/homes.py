"""The twin's side of a node's name: who has it, as `scripts/move_in.lua` does it in Redis."""

from __future__ import annotations

import asyncio

from weppd.errors import AlreadyRunning, StoreChanged
from weppd.store.nouns import Tenant
from weppd.store.twin.looks import Looks


class Homes(Looks):
    """Remembers the name that this store's weppd took, and its place."""

    def __init__(self) -> None:
        super().__init__()
        self._node = self._home = self._era = ""
        self._parted = asyncio.Event()

    async def move_in(self, node: str, home: str, where: str, force: bool = False) -> Tenant:
        self._check(met=False)
        has, there = self.shelf.homes.get(node, (home, where))
        seq = str(self.shelf.leases.get(node, ""))
        if has != home and not force:
            return Tenant(False, seq, self.shelf.holds.get(node, 0.0), there)
        self.shelf.homes[node] = home, where
        self._node, self._home = node, home
        return Tenant(True, seq, 0.0, where)

    def _check_era(self) -> None:
        if self._era and self.shelf.era != self._era:
            self._parted.set()
            raise StoreChanged("the store in memory was emptied")

    def _be_at_home(self, node: str) -> None:
        """Enter the home again where it was forgotten; AlreadyRunning: another has the name."""
        if self._is_put_out(node):
            raise AlreadyRunning(f"the store in memory: another weppd has taken the name {node!r}")
        if self._node == node:
            self.shelf.homes.setdefault(node, (self._home, ""))

    def _is_put_out(self, node: str) -> bool:
        has = self.shelf.homes.get(node)
        return self._node == node and has is not None and has[0] != self._home

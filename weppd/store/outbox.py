"""Finishes that could not be sent: one file each, on disk before they count as recorded.

::

    <directory>/000000000012-<eid>.json     a whole finish; the number gives the order
    <directory>/….json.new                  one being written when the machine stopped: ignored
    <directory>/….json.bad                  one that cannot be read: kept, logged, passed over

Written, fsynced, renamed, and the directory fsynced. Replayed in order; a finish that the store
has on record already counts as sent.
"""

from __future__ import annotations

import json
import logging
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from weppd.model import (
    Callback,
    Canceled,
    Claim,
    Failed,
    Finish,
    Finished,
    Job,
    Outcome,
    Retried,
    Stopped,
    Usage,
)
from weppd.store import Store

log = logging.getLogger("weppd")
_BATCH = 32
_OUTCOMES = {kind.__name__: kind for kind in (Finished, Failed, Stopped, Canceled, Retried)}


def _ignore(finish: Finish) -> None:
    """Nobody wants to know."""


class Outbox:
    """The finishes of one node that wait for the store. Makes its directory when first needed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._last = max((int(path.name.split("-")[0]) for path in self._files()), default=0)

    def __len__(self) -> int:
        return len(self._files())

    def put(self, finish: Finish) -> None:
        """Keep a finish; once this returns it survives a power cut.

        OSError if it cannot, for want of room for one; then it may be put again.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        self._last += 1
        path = self._directory / f"{self._last:012}-{finish.claim.eid}.json"
        new = path.with_suffix(".json.new")
        try:
            self._write(new, dump(finish))
            new.rename(path)
        except OSError:
            new.unlink(missing_ok=True)  # what there is of it only takes room
            raise
        self._sync()

    def _write(self, path: Path, text: bytes) -> None:
        with path.open("wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def _sync(self) -> None:
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _files(self) -> list[Path]:
        return sorted(self._directory.glob("[0-9]*-*.json"))

    def _kept(self) -> Iterator[tuple[Path, Finish]]:
        for path in self._files():
            try:
                yield path, parse(path.read_bytes())
            except (ValueError, KeyError, TypeError) as error:
                log.error("action=outbox file=%s problem=%r moved to .bad", path, str(error))
                path.rename(path.with_suffix(".json.bad"))

    def finishes(self) -> list[Finish]:
        """What is kept, oldest first."""
        return [finish for _, finish in self._kept()]

    async def replay(self, store: Store, sent: Callable[[Finish], None] = _ignore) -> int:
        """Send what is kept, oldest first; returns how many. StoreAway leaves the rest in place.

        `sent` is called with each one that the store has by then.
        """
        kept = list(self._kept())
        for start in range(0, len(kept), _BATCH):
            batch = kept[start : start + _BATCH]
            said = await store.exchange([finish for _, finish in batch], None)
            for (path, finish), answer in zip(batch, said.answers, strict=True):
                path.unlink()
                sent(finish)
                job = finish.claim.job.id
                log.info("action=replay job=%s eid=%s answer=%r", job, finish.claim.eid, answer)
        return len(kept)


def dump(finish: Finish) -> bytes:
    """A finish as JSON; bytes as {"b64": …}."""
    parts = asdict(finish)
    parts["outcome"] = {"is": type(finish.outcome).__name__, "of": parts["outcome"]}
    return json.dumps(parts, default=_plain).encode("utf-8", "surrogatepass")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"b64": b64encode(value).decode("ascii")}
    raise TypeError(f"an outbox file cannot hold {type(value).__name__}")


def parse(raw: bytes) -> Finish:
    """The finish that `dump` wrote. ValueError, KeyError or TypeError where it is none."""
    parts: dict[str, Any] = json.loads(raw, object_hook=_bytes)
    told = parts.pop("outcome")
    outcome: Outcome = _OUTCOMES[told["is"]](**told["of"])
    claim = parts.pop("claim")
    usage = Usage(**parts.pop("usage"))
    job = Claim(claim["eid"], _job(claim["job"]))
    return Finish(claim=job, outcome=outcome, usage=usage, **_frozen(parts))


def _frozen(parts: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists only; the nouns have tuples."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in parts.items()}


def _bytes(value: dict[str, Any]) -> Any:
    return b64decode(value["b64"]) if value.keys() == {"b64"} else value


def _job(parts: dict[str, Any]) -> Job:
    known = {f.name for f in fields(Job)}
    parts = _frozen({name: value for name, value in parts.items() if name in known})
    for name in ("on_success", "on_failure", "on_stopped"):
        if parts[name] is not None:
            parts[name] = Callback(**parts[name])
    return Job(**parts)

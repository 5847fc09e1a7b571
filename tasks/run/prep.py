"""Which steps of a run are done, and when: one Redis hash for a run, mirrored in its directory.

::

    <runid>                     a hash in database 0, under the whole run id
      timestamps:<step>         when the step last ended (whole s since 1970); absent: not done
      attrs:loaded              "true" when the hash holds what the dump held
      attrs:sbs_required, attrs:has_sbs     "true" or "false"
      rq:<key>                  the latest job of a button of the page
      archive:job_id            the job that archives or restores the run
    <run>/redisprep.dump        the hash as JSON, from which a flushed Redis is healed

The site's preflight compares stamps, so a later stamp is always greater: two steps that end in the
same second get two seconds. With `[compat] ledger = "both"` a composite run's hash is written under
its last part too, where older readers look; the whole id stays the authority.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tasks.run.atomic import replace_text
from tasks.run.databases import RedisDB, redis_client
from tasks.run.directory import NotPrepared, runid_of
from tasks.run.steps import TaskEnum
from weppd.task import current

DUMP = "redisprep.dump"
_STAMP = "timestamps:"
_LOADED = "attrs:loaded"
_MIRROR = "locked:"

# A change asks for the healing of a flushed hash first, and tells of it with "unloaded": a change
# that came before the healing would else pass for the whole.
_CHANGE = """
if redis.call('HGET', KEYS[1], 'attrs:loaded') ~= 'true' then return 'unloaded' end
local op = ARGV[1]
if op == 'stamp' then
  local at = tonumber(ARGV[3])
  for i, v in ipairs(redis.call('HGETALL', KEYS[1])) do
    if i % 2 == 1 and string.sub(v, 1, 11) == 'timestamps:' then
      at = math.max(at, tonumber(redis.call('HGET', KEYS[1], v)) + 1)
    end
  end
  for _, key in ipairs(KEYS) do redis.call('HSET', key, ARGV[2], string.format('%d', at)) end
elseif op == 'set' then
  for _, key in ipairs(KEYS) do redis.call('HSET', key, ARGV[2], ARGV[3]) end
else
  for i = 2, #ARGV do
    for _, key in ipairs(KEYS) do redis.call('HDEL', key, ARGV[i]) end
  end
end
return 'done'
"""

_HEAL = """
if redis.call('HGET', KEYS[1], 'attrs:loaded') == 'true' then return end
for _, key in ipairs(KEYS) do
  for i = 1, #ARGV, 2 do redis.call('HSETNX', key, ARGV[i], ARGV[i + 1]) end
  redis.call('HSET', key, 'attrs:loaded', 'true')
end
"""


class RedisPrep:
    """The ledger of the run in directory `wd`; `runid` where the directory does not tell it.

    NotPrepared where the directory does not exist.
    """

    def __init__(self, wd: str | Path, runid: str | None = None) -> None:
        self.wd = Path(wd)
        if not self.wd.is_dir():
            raise NotPrepared(f"{self.wd} does not exist: there is no run to keep a ledger of")
        self.runid = runid or runid_of(self.wd)
        self._heal()

    @classmethod
    def getInstance(cls, wd: str | Path = ".") -> RedisPrep:
        """The ledger of the run in `wd`."""
        return cls(wd)

    @classmethod
    def tryGetInstance(cls, wd: str | Path = ".") -> RedisPrep | None:
        """The ledger of the run in `wd`, None where there is no such directory."""
        return cls(wd) if Path(wd).is_dir() else None

    @classmethod
    def getInstanceFromRunID(cls, runid: str) -> RedisPrep:
        """The ledger of the run `runid`; RunError where no root has it."""
        return cls(current().run_dir(runid), runid)

    @classmethod
    def forget(cls, runid: str) -> None:
        """Take a run that is no more out of Redis; nothing of it is done any more."""
        redis_client(RedisDB.LOCK).delete(runid)

    def reload(self) -> None:
        """Take the ledger from the run's directory, as it lies there now."""
        self._redis.delete(*self._keys())
        self._heal()

    def timestamp(self, step: TaskEnum) -> int:
        """Note that `step` is done now; returns the stamp (s since 1970), greater than all."""
        self._change("stamp", f"{_STAMP}{step}", str(int(time.time())))
        return self[str(step)] or 0

    def remove_timestamp(self, step: TaskEnum) -> None:
        """Note that `step` is not done, or not any more."""
        self._change("drop", f"{_STAMP}{step}")

    def remove_all_timestamp(self) -> None:
        """Note that nothing is done."""
        stamps = [name for name in self._fields() if name.startswith(_STAMP)]
        if stamps:
            self._change("drop", *stamps)

    def __getitem__(self, step: str) -> int | None:
        """When `step` was done (s since 1970), None if it was not."""
        stamp = _text(self._redis.hget(self.runid, f"{_STAMP}{step}"))
        return int(stamp) if stamp else None

    def timestamps_report(self) -> dict[str, int]:
        """The stamps of all steps that are done, in the order of their being done."""
        fields = self._fields()
        stamps = {
            name.removeprefix(_STAMP): int(value)
            for name, value in fields.items()
            if name.startswith(_STAMP)
        }
        return dict(sorted(stamps.items(), key=lambda pair: pair[1]))

    def set_rq_job_id(self, key: str, job_id: str) -> None:
        """Note the latest job of the button `key`, normally the name of its task."""
        self._change("set", f"rq:{key}", job_id)

    def get_rq_job_id(self, key: str) -> str | None:
        """The latest job of the button `key`."""
        return _text(self._redis.hget(self.runid, f"rq:{key}"))

    def get_rq_job_ids(self) -> dict[str, str]:
        """The latest job of every button."""
        fields = self._fields()
        return {k.removeprefix("rq:"): v for k, v in fields.items() if k.startswith("rq:")}

    def set_archive_job_id(self, job_id: str) -> None:
        """Note that a job archives or restores the run."""
        self._change("set", "archive:job_id", job_id)

    def get_archive_job_id(self) -> str | None:
        """The job that archives or restores the run, if one does."""
        return _text(self._redis.hget(self.runid, "archive:job_id"))

    def clear_archive_job_id(self) -> None:
        """Note that no job archives or restores the run any more."""
        self._change("drop", "archive:job_id")

    @property
    def sbs_required(self) -> bool:
        """Whether the run needs a map of burn severity."""
        return _text(self._redis.hget(self.runid, "attrs:sbs_required")) == "true"

    @sbs_required.setter
    def sbs_required(self, value: bool) -> None:
        self._change("set", "attrs:sbs_required", _word(value))

    @property
    def has_sbs(self) -> bool:
        """Whether the run has a map of burn severity."""
        return _text(self._redis.hget(self.runid, "attrs:has_sbs")) == "true"

    @has_sbs.setter
    def has_sbs(self, value: bool) -> None:
        self._change("set", "attrs:has_sbs", _word(value))

    @property
    def _redis(self) -> Any:
        return redis_client(RedisDB.LOCK)

    def _keys(self) -> list[str]:
        """The hashes to write: the authority first."""
        both = (current().settings.get("compat") or {}).get("ledger") == "both"
        return list(dict.fromkeys([self.runid, *([self.wd.name] if both else [])]))

    def _fields(self) -> dict[str, str]:
        return dict(self._redis.hgetall(self.runid))

    def _change(self, op: str, *words: str) -> None:
        keys = self._keys()
        if self._redis.eval(_CHANGE, len(keys), *keys, op, *words) == "unloaded":
            self._heal()
            self._redis.eval(_CHANGE, len(keys), *keys, op, *words)
        self._dump()

    def _heal(self) -> None:
        if _text(self._redis.hget(self.runid, _LOADED)) == "true":
            return
        keys, held = self._keys(), read_dump(self.wd)
        self._redis.eval(_HEAL, len(keys), *keys, *_flat(held.items()))

    def _dump(self) -> None:
        """Write the hash beside the run, again until it is what the hash holds.

        Of two processes that change it at once, the one whose copy is old sees it and writes anew.
        """
        written = None
        while written != (fields := self._fields()):
            kept = {k: fields[k] for k in sorted(fields) if not k.startswith(_MIRROR)}
            replace_text(self.wd / DUMP, json.dumps(kept, indent=1))
            written = fields


def read_dump(wd: Path) -> Mapping[str, str]:
    """The ledger as it lies in a run's directory, empty where there is none.

    ValueError names a file that is no JSON object.
    """
    path = wd / DUMP
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}): restore it or remove it") from error
    if not isinstance(fields, dict):
        raise ValueError(f"{path} holds no JSON object: restore it or remove it")
    return {str(key): str(value) for key, value in fields.items()}


def _flat(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [word for pair in pairs for word in pair]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _word(value: bool) -> str:
    return "true" if value else "false"

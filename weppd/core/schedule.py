"""How a job is to be run here: its traits, its timeout, its CPUs, or the reason for refusing it.

Pure. `Traits` is what a task says about itself (the registry that a zygote reports), `Rules` what
the operator says, `Plan` what follows from both for one job.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from weppd import limits
from weppd.limits import Limit, LimitError
from weppd.model import PER_RUN, Claim, Job

#: How many tasks are named where one was meant.
_NEAR = 3


@dataclass(frozen=True, slots=True)
class Traits:
    """What a registered task states about itself; seconds, CPUs (0, a number or "all")."""

    timeout: int | None = None
    min_timeout: int | None = None
    cpus: str = "1"
    zygote: str = "light"
    short: bool = False
    retry_on_crash: bool = False
    jobs_per_child: int | None = None
    limits: Mapping[str, object] = field(default_factory=dict)
    memory: str | None = None
    lock: str | None = None
    panel: str | None = None

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Traits:
        """Traits from a registry entry as it came over a frame; unknown keys are ignored."""
        known = {key: raw[key] for key in cls.__slots__ if raw.get(key) is not None}
        if "cpus" in known:
            known["cpus"] = str(known["cpus"])
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Lane:
    """What the operator says about the jobs of one queue; None where it is nothing."""

    cpus: str | None = None
    memory: str | None = None
    limits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator's settings say about every job of this node; `cell_lease` in seconds.

    `prefetch` is how many short jobs a cell is given at a time, the one that runs included.
    `cpus` (0: as many as `cores`) and `memory` (bytes, 0 where it is not counted) are what its jobs
    may claim together; `cores` is what "all" means; `slots` is how many may run at a time.
    """

    node: str = "node"
    alias: Mapping[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    classes: Mapping[str, int] = field(default_factory=lambda: {"light": 1})
    timeout: int = 43_200
    cores: int = 1
    rungs: tuple[tuple[str, float], ...] = (("USR1", 10.0), ("TERM", 5.0), ("KILL", 0.0))
    crashes_allowed: int = 3
    cell_lease: float = 36.0
    cpus: int = 0
    memory: int = 0
    backend: str = "auto"
    prefetch: int = 1
    slots: int = 1
    limits: Mapping[str, str] = field(default_factory=dict)
    lanes: Mapping[str, Lane] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """How one job runs; `refusal` is the one-line reason when it may not, `notice` for the log.

    `cpus` and `memory` (bytes) are its claims on the host; `turn` is the key under which one job
    runs at a time. A `short` one may be given to a cell behind another.
    """

    function: str
    zygote: str = "light"
    timeout: int | None = None
    cpus: int = 1
    jobs_per_child: int = 1
    retry_on_crash: bool = False
    limits: Mapping[str, Limit] = field(default_factory=dict)
    turn: str | None = None
    memory: int = 0
    short: bool = False
    refusal: str | None = None
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A claim with its plan and the worker's name under which it is shown."""

    claim: Claim
    plan: Plan
    worker: str

    @property
    def eid(self) -> str:
        """The execution id that fences this ticket's finish."""
        return self.claim.eid

    @property
    def job(self) -> Job:
        """The claimed job."""
        return self.claim.job

    @property
    def leased(self) -> bool:
        """Whether it might be run elsewhere if this node fell silent: then it needs a lease."""
        return self.job.runid is not None or self.plan.retry_on_crash


def plan(job: Job, registry: Mapping[str, Traits], rules: Rules) -> Plan:
    """The plan for `job` under the tasks' traits and the operator's rules."""
    if job.function is None:
        return Plan("", refusal=f"job {job.id}: {job.problem or 'its payload cannot be read'}")
    name = renamed(job.function, rules.alias)
    traits = registry.get(name)
    if traits is None and not _allowed(name, rules.allow):
        return Plan(name, refusal=_unknown(name, registry))
    traits = traits or Traits()
    if traits.zygote not in rules.classes:
        return Plan(name, refusal=_no_class(name, traits.zygote, rules))
    try:
        held = limits_of(job.queue, traits, job.limits, rules)
    except LimitError as error:
        return Plan(
            name, traits.zygote, refusal=f"job {job.id} has no limits to run under: {error}"
        )
    cpus, memory, refusal = _claims(job, traits, rules)
    if refusal:
        return Plan(name, traits.zygote, refusal=refusal)
    timeout, notice = timeout_of(job.timeout, traits, rules)
    return Plan(
        name,
        traits.zygote,
        timeout,
        cpus,
        traits.jobs_per_child or rules.classes[traits.zygote],
        traits.retry_on_crash,
        held,
        turn_of(job, traits),
        memory,
        traits.short and turn_of(job, traits) is None,
        notice=notice,
    )


def turn_of(job: Job, traits: Traits) -> str | None:
    """The key whose turn a job needs to run: its own, else its task's; "run" stands for its run."""
    key = job.lock or traits.lock
    if key != PER_RUN:
        return key or None
    return f"{PER_RUN}:{job.runid}" if job.runid is not None else None


def limits_of(
    queue: str, traits: Traits, own: Mapping[str, object], rules: Rules
) -> dict[str, Limit]:
    """The limits that hold for a job of `queue` that brings `own`, each with who set it.

    LimitError where one of them makes no sense, or no CPU is left.
    """
    lane = rules.lanes.get(queue, Lane())
    wide = [("daemon", rules.limits), (f"queue {queue}", lane.limits)]
    return limits.resolve([*wide, ("task", traits.limits), ("job", own)])


def renamed(name: str, alias: Mapping[str, str]) -> str:
    """The dotted `name` with the longest aliased prefix replaced."""
    for old in sorted(alias, key=len, reverse=True):
        if name == old or name.startswith(old + "."):
            return alias[old] + name[len(old) :]
    return name


def _allowed(name: str, allow: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in allow)


def doubt(function: str, registry: Mapping[str, Traits], rules: Rules) -> str:
    """Why a job that calls `function` can but fail on this node; empty where it need not, or where
    no tasks are known yet."""
    name = renamed(function, rules.alias)
    if not registry or name in registry or _allowed(name, rules.allow):
        return ""
    return _unknown(name, registry)


def _unknown(name: str, registry: Mapping[str, Traits]) -> str:
    near = _near(name, registry)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return (
        f"unknown task {name!r}: no module in [tasks] modules registers it and no pattern in"
        f" [security] allow admits it{hint}"
    )


def _near(name: str, registry: Mapping[str, Traits]) -> list[str]:
    """The tasks that may be meant: of the same name in another module, else of one like it."""
    own = name.rpartition(".")[2]
    same = sorted(known for known in registry if known.rpartition(".")[2] == own)
    return same[:_NEAR] or difflib.get_close_matches(name, registry, _NEAR, 0.8)


def _no_class(name: str, zygote: str, rules: Rules) -> str:
    have = ", ".join(sorted(rules.classes))
    return f"task {name!r} asks for zygote class {zygote!r}: add [zygote.{zygote}] (there: {have})"


def timeout_of(given: int | None, traits: Traits, rules: Rules) -> tuple[int | None, str | None]:
    """Seconds that a job may run, of which its producer said `given`; a line where it is more."""
    if given is not None and given < 0:
        return None, None
    asked = given or traits.timeout or rules.timeout
    if traits.min_timeout and asked < traits.min_timeout:
        return traits.min_timeout, f"timeout raised from {asked} s to {traits.min_timeout} s"
    return asked, None


def _claims(job: Job, traits: Traits, rules: Rules) -> tuple[int, int, str]:
    """The CPUs and the bytes of memory that a job claims, or why no host of ours can give them.

    The store leaves a job that is too wide for this node to those that offer more: one that came
    all the same is too wide for each of them.
    """
    lane = rules.lanes.get(job.queue, Lane())
    asked = job.cpus or lane.cpus or traits.cpus
    cpus = rules.cores if asked == "all" else int(asked) if asked.isdigit() else 1
    text = job.memory or lane.memory or traits.memory
    memory = limits.size(text) if text else 0
    offer = rules.cpus or rules.cores
    if cpus > offer:
        have, want = f"{offer} CPUs", f"{cpus} CPUs"
    elif rules.memory and memory > rules.memory:
        have, want = f"{rules.memory >> 20} MiB", f"{memory >> 20} MiB of memory"
    else:
        return cpus, memory, ""
    return 0, 0, f"job {job.id} asks for {want}: this node offers {have}, and no other offers more"

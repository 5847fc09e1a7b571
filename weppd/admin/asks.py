"""What callers send to the admin API: queries and bodies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from weppd import limits

State = Literal[
    "created",
    "queued",
    "deferred",
    "scheduled",
    "started",
    "finished",
    "failed",
    "stopped",
    "canceled",
]
JobId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.:-]+$")]


class Body(BaseModel):
    """What a caller sends. Unknown keys are an error: a typing slip is no silent default."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class JobsQuery(Body):
    """`GET /v1/jobs`: which jobs, and which page of them."""

    state: State | None = None
    limit: int = Field(default=50, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=100_000)


class LogQuery(Body):
    """`GET /v1/jobs/{id}/log`: the canonical lines only; go on while the job writes."""

    canonical: bool = False
    follow: bool = False


class CancelBody(Body):
    """`POST /v1/jobs/{id}/cancel`: seconds from SIGUSR1 to SIGTERM; answer when all is over."""

    grace: float | None = Field(default=None, ge=0, le=86_400)
    wait: bool = True
    reason: str = Field(default="", max_length=500)


class EnqueueBody(Body):
    """`POST /v1/jobs`: a function by its dotted name, its arguments, and where it goes."""

    function: str = Field(max_length=300, pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)+$")
    args: list[JsonValue] = Field(default_factory=list, max_length=1000)
    kwargs: dict[str, JsonValue] = Field(default_factory=dict)
    queue: str = Field(default="default", min_length=1, max_length=100)
    timeout: int | None = Field(default=None, ge=-1, le=31_536_000)
    job_id: JobId | None = None
    description: str | None = Field(default=None, max_length=10_000)
    depends_on: list[JobId] = Field(default_factory=list, max_length=1000)
    at_front: bool = False
    cpus: int | Literal["all"] | None = None
    label: str | None = Field(default=None, max_length=200)
    unique: str | None = Field(default=None, min_length=1, max_length=200)
    lock: str | None = Field(default=None, min_length=1, max_length=200)
    limits: dict[str, str | int] = Field(default_factory=dict, max_length=20)

    @field_validator("limits")
    @classmethod
    def _readable(cls, given: dict[str, str | int]) -> dict[str, str | int]:
        limits.check(given)
        return given


class QueuesBody(Body):
    """`POST /v1/pause` and `/v1/resume`: which queues; none is all."""

    queues: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        default_factory=list, max_length=100
    )


class LocksQuery(Body):
    """`GET /v1/locks`: of which run; of all where it is not given."""

    run: str = Field(default="", max_length=300)


class UnlockBody(Body):
    """`POST /v1/unlock`: `<run>:<file>`, and whether its holder may live."""

    lock: str = Field(min_length=1, max_length=1000)
    force: bool = False


class TreeQuery(Body):
    """`GET /v1/tree/{name}`: whether every job of a large stage is wanted."""

    all: bool = False


class DrainBody(Body):
    """`POST /v1/drain`: answer only when no job runs any more; end what runs, and put it back."""

    wait: bool = False
    handback: bool = False


class ShutdownBody(Body):
    """`POST /v1/shutdown`: what becomes of the jobs that run."""

    mode: Literal["detach", "drain", "requeue", "cancel"] = "detach"


class EventsQuery(Body):
    """`GET /v1/events`: the id of the last event that was seen."""

    after: str | None = Field(default=None, max_length=100)

"""Whether a WEPP run of a directory has been launched and has not ended: one at a time.

The run's hash keeps the job that launched it and the job that ends it, `rq:wepp_run` and
`rq:_log_complete_rq`; while the latter is alive in the queues, in whatever state, the run is. So of
a chain of jobs that builds its terrain: `rq:_terrain_chain` is the last of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tasks.run.databases import RedisDB, redis_client
from tasks.run.prep import RedisPrep

FINAL, _ROOT = "_log_complete_rq", "wepp_run"
CHAIN = "_terrain_chain"
#: What the label of a job begins with that waits for what is under way; it has no place.
LATER = "later,"
_ALIVE = ("queued", "deferred", "scheduled", "started")
_FELL = ("failed", "stopped", "canceled")
#: The tasks that build something that a model is made of: each notes its latest job under its name.
BUILDERS = (
    *("fetch_dem_rq", "build_channels_rq", "set_outlet_rq", "find_outlet_rq"),
    *("build_subcatchments_rq", "abstract_watershed_rq", "init_sbs_map_rq", "build_landuse_rq"),
    *("build_soils_rq", "build_climate_rq", "upload_cli_rq"),
)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A run that has not ended: who launched it, the job that will end it, and how that one is."""

    root: str
    final: str
    status: str


def find(prep: RedisPrep) -> UnderWay | None:
    """The run that is under way; None where there is none, or the queues know nothing of it."""
    found = alive(prep, FINAL)
    return found and UnderWay(prep.get_rq_job_id(_ROOT) or found[0], *found)


def alive(prep: RedisPrep, key: str) -> tuple[str, str] | None:
    """The latest job under a key of the run's hash with its status, None if it is over or gone."""
    job = prep.get_rq_job_id(key)
    status = redis_client(RedisDB.RQ).hget(f"rq:job:{job}", "status") if job else None
    return (job, str(status)) if job is not None and status in _ALIVE else None


def note(prep: RedisPrep, root: str, final: str) -> None:
    """Keep who has launched a run, and the job that will end it."""
    prep.set_rq_job_id(_ROOT, root)
    prep.set_rq_job_id(FINAL, final)


def begins(prep: RedisPrep, builder: str, job: str) -> None:
    """Keep the job in which a builder begins, unless a later press of it waits."""
    if job and alive(prep, builder) is None:
        prep.set_rq_job_id(builder, job)


def fell(prep: RedisPrep, waited: str, *, deferred: bool) -> tuple[str, str, str] | None:
    """A builder, its job and how that ended, which did not finish while the job `waited` waited.

    One that was `deferred`, until a chain was over, has waited since it was made; any other since
    it was put in its queue, and so anew when it is sent round again.
    """
    since = _moment(waited, "created_at" if deferred else "enqueued_at")
    for builder in (*BUILDERS, CHAIN) if since else ():
        job = prep.get_rq_job_id(builder)
        status = redis_client(RedisDB.RQ).hget(f"rq:job:{job}", "status") if job else None
        ended = _moment(str(job), "ended_at") if status in _FELL else None
        if job and since and ended and ended >= since:
            return builder, job, str(status)
    return None


def _moment(job: str, field: str) -> datetime | None:
    """A time in a job's record; None where it has none that can be read."""
    text = redis_client(RedisDB.RQ).hget(f"rq:job:{job}", field)
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None

"""The operator's settings as the rules that the core reads; it knows no settings itself."""

from __future__ import annotations

import os

from weppd import limits
from weppd.core.leases import Terms
from weppd.core.schedule import Lane, Rules
from weppd.settings import Settings


def rules_of(told: Settings) -> Rules:
    """What the settings say about every job, as the core reads it."""
    cancel, cores = told.cancel, len(os.sched_getaffinity(0))
    return Rules(
        node=told.daemon.name,
        alias=dict(told.tasks.alias),
        allow=told.security.allow,
        classes={name: zygote.jobs_per_child for name, zygote in told.zygotes.items()},
        timeout=told.jobs.timeout,
        cores=told.host.cpus or cores,
        cpus=told.host.cpus or max(cores, told.daemon.slots),
        memory=limits.size(told.host.memory) if told.host.memory else 0,
        rungs=(
            ("USR1", cancel.usr1_grace),
            ("TERM", cancel.term_grace),
            ("KILL", cancel.kill_grace),
        ),
        cell_lease=Terms(told.node.lease_s).cell_s,
        backend=told.limits.backend,
        prefetch=told.queues.prefetch,
        slots=told.daemon.slots,
        limits=told.limits.each,
        lanes={
            name: Lane(lane.cpus or None, lane.memory or None, lane.limits)
            for name, lane in told.queue.items()
        },
    )

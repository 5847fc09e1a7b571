"""Numbers for Prometheus: what happened since this weppd began, and how things stand.

All names begin with `weppd_`; seconds and bytes are their units. Counters begin at zero with each
life of the daemon, as Prometheus expects it of them. Every job adds to a dozen of them, and they
are asked for a few times a minute: so sums are kept as plain numbers, and made Prometheus' when
somebody asks.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import HistogramMetricFamily

from weppd.store.nouns import QueueCounts

# From a no-op to a run of a thousand years.
_RUN_S = (0.01, 0.1, 1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200)
_WAIT_S = (0.005, 0.02, 0.1, 1, 5, 30, 120, 600, 3600, 21_600)
_STATES = ("queued", "started", "deferred", "scheduled", "finished", "failed", "canceled")


class Spread:
    """How often seconds fell into each bucket, by the buckets' upper bounds; a collector."""

    def __init__(self, name: str, text: str, bounds: tuple[float, ...]) -> None:
        self._name, self._text = name, text
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._since = time.time()

    def add(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The histogram as it is now."""
        family = HistogramMetricFamily(self._name, self._text)
        bounds = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        sums = list(zip(bounds, accumulate(self._counts), strict=True))
        family.add_metric([], sums, self._sum)
        family.add_sample(f"{self._name}_created", {}, self._since)
        yield family


class Meters:
    """The numbers of one weppd. `hear` takes the herald's events."""

    def __init__(self) -> None:
        #: What was added since somebody asked: by outcome, and by counter.
        self._outcomes: Tally[str] = Tally()
        self._sums: dict[Counter, float] = {}
        self._all = CollectorRegistry(auto_describe=True)
        self._ended = self._counter("jobs", "Executions that ended, by outcome", "outcome")
        self._cpu = self._counter("job_cpu_seconds", "CPU seconds of ended jobs' trees", "mode")
        self._held = self._counter("job_throttled_seconds", "Seconds that CPU quotas held jobs")
        self._left = self._counter("job_leftovers", "Processes that jobs left behind, ended here")
        self._undead = self._counter("job_survivors", "Processes that outlived the last signal")
        self._adopted = self._counter("adoptions", "Jobs taken over from an earlier weppd's cells")
        self._away = self._counter("redis_outages", "Times that Redis did not answer in time")
        self._user, self._system = self._cpu.labels("user"), self._cpu.labels("system")
        self._wait = Spread("weppd_job_wait_seconds", "From the queue to the start", _WAIT_S)
        self._run = Spread("weppd_job_run_seconds", "From the start to the end", _RUN_S)
        self._all.register(self._wait)
        self._all.register(self._run)
        self._queue = self._gauge("queue_jobs", "Jobs of a queue by state", "queue", "state")
        self._paused = self._gauge("queue_paused", "Whether no node takes from it", "queue")
        self._running = self._gauge("running_jobs", "Jobs that run here")
        self._slots = self._gauge("slots", "Slots of this node")
        self._outbox = self._gauge("outbox_records", "Outcomes that wait on disk for Redis")
        self._up = self._gauge("redis_up", "Whether Redis answers")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"weppd_{name}", text, labels, registry=self._all)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"weppd_{name}", text, labels, registry=self._all)

    def hear(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Count an event."""
        match kind:
            case "started" if facts["waited_s"] is not None:
                self._wait.add(facts["waited_s"])
            case "adopted":
                self._adopted.inc()
            case "ended":
                self._end(facts)
            case "store" if facts["state"] == "away":
                self._away.inc()

    def _end(self, facts: Mapping[str, Any]) -> None:
        self._outcomes[facts["outcome"]] += 1
        self._run.add(facts["seconds"])
        usage, sums = facts["usage"], self._sums
        for counter, more in (
            (self._user, usage["user_s"]),
            (self._system, usage["system_s"]),
            (self._held, usage["stopped_s"]),
            (self._left, facts["left_behind"]),
            (self._undead, facts["survivors"]),
        ):
            if more:
                sums[counter] = sums.get(counter, 0.0) + more

    def _add_up(self) -> None:
        outcomes, self._outcomes = self._outcomes, Tally()
        sums, self._sums = self._sums, {}
        for outcome, count in outcomes.items():
            self._ended.labels(outcome).inc(count)
        for counter, more in sums.items():
            counter.inc(more)

    def text(
        self, counts: Mapping[str, QueueCounts] | None, running: int, slots: int, outbox: int
    ) -> bytes:
        """All numbers in Prometheus' format; `counts` is None while Redis does not answer."""
        self._add_up()
        self._running.set(running)
        self._slots.set(slots)
        self._outbox.set(outbox)
        self._up.set(counts is not None)
        self._queue.clear()
        self._paused.clear()
        for name, each in (counts or {}).items():
            self._paused.labels(name).set(each.paused)
            for state in _STATES:
                self._queue.labels(name, state).set(getattr(each, state))
        return generate_latest(self._all)

"""The harness of `make bench`, in small and with weppd alone: what it prints is what happened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench import bench_farm, paired, report, soak
from tests.bench.house import Server, running
from tests.bench.measures import flow, trouble
from tests.bench.peers import PEERS, chosen


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    """A Redis on loopback."""
    made = Server(tmp_path)
    yield made
    made.stop()


def test_a_drain_counts_every_job_once(server):
    """All jobs that were enqueued are drained, and none twice."""
    found = flow.drain(PEERS["weppd"], server, 60)
    assert found["twice"] == 0
    assert found["jobs_per_s"] > 0
    assert server.client.llen("rq:queue:default") == 0


def test_cpu_is_that_of_the_jobs_after_the_first_look():
    """100 jobs, 20 before the first look; one job ran twice: it is counted, and it is told."""
    left = [(number, number * 10**7) for number in range(1, 101)] + [(100, 101 * 10**7)]
    found = flow.drained(left, 100, 20, (1.0, 0.5), (1.8, 0.58))
    assert found["worker_cpu_ms"] == pytest.approx(10.0)
    assert found["redis_cpu_ms"] == pytest.approx(1.0)
    assert found["jobs_per_s"] == pytest.approx(100.0)
    assert found["twice"] == 1


def test_a_latency_is_that_of_each_sample(server):
    """The percentiles come of samples that were all positive."""
    found = flow.latency(PEERS["weppd"], server, 5)
    assert 0 < found["least_ms"] <= found["p50_ms"] <= found["p99_ms"]


def test_a_cancel_counts_the_family_and_who_of_it_lives(server):
    """24 processes were there, half of the shells in sessions of their own, and none is left."""
    found = trouble.cancel(PEERS["weppd"], server, 2, wait_s=60)
    assert (found["processes"], found["api"], found["left"]) == (24, True, 0)
    assert found["zero_ms"] > 0


def test_a_deployment_leaves_nothing_behind(server):
    """When a measurement is over, no process of its deployment lives."""
    with running(PEERS["weppd"], server) as made:
        assert made.family()
    assert made.family() == []


def test_peers_are_chosen_by_name_and_family():
    """`rq` is that deployment alone, an unknown name is refused with those that there are."""
    assert [peer.name for peer in chosen("rq,weppd")] == ["weppd", "rq"]
    assert len(chosen("")) == len(PEERS)
    with pytest.raises(SystemExit, match="no peer sidekiq: there are arq"):
        chosen("sidekiq")


def test_the_table_says_spread_and_failure():
    """A figure has its least and most; a peer that failed has the reason in its row."""
    about = {"versions": [], "note": "", "runs": 3, "load_before": [0.1, 0.1, 0.1]}
    good = {"test": "drain", "peer": "a", "fresh": True, "failed": None, "jobs_per_s": [2, 1, 3]}
    bad = {"test": "drain", "peer": "b", "fresh": False, "failed": "not within 60 s: b is ready"}
    machine = {
        "date": "d",
        "cpus": 2,
        "model": "m",
        "kernel": "k",
        "python": "p",
        "load": [1, 2, 3],
    }
    text = report.markdown({"machine": machine, "runs": [{**about, **good}, {**about, **bad}]})
    assert "| a, a fresh process per job | 2 (1–3) |" in text
    assert "| b | not within 60 s: b is ready |" in text


def test_growth_is_of_the_last_quarter_over_the_second():
    """What the first quarter adds is warming up, what comes and goes is no growth."""
    steady = [1.0] * 10 + [50.0] * 30
    assert soak.growth(steady, "MiB") == (50.0, 50.0, 0.0)
    assert soak.growth([*steady[:30], *[75.0] * 10], "MiB") == (50.0, 75.0, 50.0)
    assert soak.growth([30.0] * 30 + [33.0] * 10, "files") == (30.0, 33.0, 0.0)
    bursts = [10.0, 10.0, 10.0, 30.0] * 6 + [10.0, 30.0, 30.0, 30.0] * 6
    assert soak.growth(bursts, "files") == (10.0, 10.0, 0.0)


def test_a_ratio_comes_with_what_another_draw_may_make_of_it():
    """Pairs that agree leave no doubt; one pair in nine that a busy minute hit moves no median."""
    assert paired.ratios([2.0, 3.0, 4.0], [1.0, 1.5, 2.0]) == (2.0, 2.0, 2.0)
    middle, low, high = paired.interval([1.01, 1.0, 1.02, 1.01, 1.03, 0.99, 1.01, 1.02, 7.0])
    assert middle == 1.01
    assert 0.99 <= low < 1.01 < high <= 1.03


def test_what_is_there_once_is_told_from_what_each_takes():
    """Whatever the sizes: a job's 180 ms, and 4 ms for each hillslope."""
    few, many = [180 + 4 * 2.0] * 5, [180 + 4 * 40.0] * 5
    fixed, each = paired.fixed_and_each(few, many, (2, 40))
    assert fixed == pytest.approx((180, 180, 180))
    assert each == pytest.approx((4, 4, 4))


def test_a_farm_in_turns_has_both_tools_at_both_sizes():
    """Two rounds in small: all hillslopes have run, the first of a pair is the other's second."""
    rounds = [bench_farm._turns((1, 2), number) for number in (0, 1)]
    assert [tool for tool, _ in rounds[0]] == ["weppd", "xargs", "xargs", "weppd"]
    assert [tool for tool, _ in rounds[1]] == ["xargs", "weppd", "weppd", "xargs"]
    found = bench_farm.measured((1, 2), 1, 2)
    assert {key: [one["outputs"] for one in runs] for key, runs in found.items()} == {
        (tool, size): [size] * 2 for tool in ("weppd", "xargs") for size in (1, 2)
    }
    assert [line.split("|")[1].strip() for line in bench_farm.table(found, (1, 2))[2:]] == [
        "2 hillslopes: weppd to xargs",
        "weppd more, once for a job, ms",
        "weppd more, for each hillslope, ms",
        "xargs, for each of 2 hillslopes, ms",
    ]

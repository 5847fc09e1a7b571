"""The pool of processes that a task may use, here without a job around it."""

from __future__ import annotations

import os
import signal
import time

import pytest

from weppd import pool as pools
from weppd.errors import JobError
from weppd.task import LocalContext

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


@pytest.fixture
def pool():
    """A pool of two."""
    with LocalContext(cpus=2).pool() as made:
        yield made


def test_results_come_in_the_order_of_the_items(pool):
    """map keeps the order, whichever worker is done first; closures are taken as they are."""
    factor = 3
    assert list(pool.map(lambda n: (time.sleep(0.01 * (5 - n)), n * factor)[1], range(5))) == [
        0, 3, 6, 9, 12,
    ]  # fmt: skip
    assert list(pool.map(pow, [2, 3], [3, 2])) == [8, 9]


def test_as_done_gives_the_quick_ones_first(pool):
    """A slow call does not hold back those that are done."""
    slow = pool.submit(time.sleep, 0.5)
    quick = [pool.submit(os.getpid) for _ in range(4)]
    assert list(pool.as_done([slow, *quick]))[-1] is slow


def test_an_error_is_raised_here_with_the_worker_s_traceback(pool):
    """What the call raised is what result raises; its cause shows where."""
    future = pool.submit(int, "seven")
    with pytest.raises(ValueError, match="seven") as raised:
        future.result()
    assert "in _answer" in str(raised.value.__cause__)
    assert isinstance(future.exception(), ValueError)
    assert pool.submit(int, "7").result() == 7


def test_a_worker_that_dies_fails_its_call_alone(pool):
    """The call names how it died; the others go on, in a new worker."""
    dead = pool.submit(lambda: os.kill(os.getpid(), signal.SIGKILL))
    gone = pool.submit(os._exit, 3)
    with pytest.raises(pools.WorkerDied, match="killed by SIGKILL"):
        dead.result()
    with pytest.raises(pools.WorkerDied, match="exit code 3"):
        gone.result()
    assert list(pool.map(abs, range(-4, 0))) == [4, 3, 2, 1]


def test_what_cannot_be_sent_fails_by_name(pool):
    """A result that no pickle can carry is an error of that call."""
    with pytest.raises(JobError, match="cannot be sent"):
        pool.submit(lambda: (n for n in range(3))).result()
    assert pool.submit(abs, -1).result() == 1


def test_no_more_workers_than_asked_for_and_no_more_than_calls():
    """Two workers serve ten calls; one call needs one."""
    with LocalContext(cpus=2).pool() as two:
        assert len(set(two.map(lambda _: (time.sleep(0.02), os.getpid())[1], range(10)))) == 2
    with LocalContext(cpus=2).pool(9) as nine:
        assert len(set(nine.map(lambda _: os.getpid(), range(1)))) == 1


def test_a_block_that_is_left_by_an_error_runs_nothing_more(tmp_path):
    """What runs is interrupted, what waits never begins, and no worker is left."""
    futures, workers = [], []

    def call(number):
        (tmp_path / str(number)).touch()
        time.sleep(60)

    def leave():
        with LocalContext().pool(2) as pool:
            futures.extend(pool.submit(call, number) for number in range(6))
            while len(list(tmp_path.iterdir())) < 2:
                time.sleep(0.01)
            workers.extend(each.process for each in pool._workers)
            raise RuntimeError("first failure")

    with pytest.raises(RuntimeError):
        leave()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1"]
    assert all(future.cancelled() for future in futures)
    assert not any(process.is_alive() for process in workers)
    with pytest.raises(pools.NotRun):
        futures[5].result()


def test_a_call_can_be_taken_back_before_it_begins(pool):
    """cancel works on what waits, and on nothing else."""
    running = [pool.submit(time.sleep, 0.2) for _ in range(2)]
    waiting = pool.submit(os._exit, 1)
    assert waiting.cancel()
    assert waiting.cancelled()
    assert not running[0].cancel()
    assert [future.result() for future in running] == [None, None]


def test_a_wait_can_be_bounded(pool):
    """TimeoutError when the call is not done in time; it goes on."""
    future = pool.submit(time.sleep, 0.3)
    with pytest.raises(TimeoutError):
        future.result(timeout=0.01)
    assert not future.done()
    assert future.result() is None

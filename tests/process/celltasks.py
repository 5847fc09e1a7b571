"""Functions that the cell's tests run as jobs; admitted by `allow`, but for the two tasks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from weppd.task import Cancelled, current, task


@task(short=True, jobs_per_child=5)
def pid() -> int:
    """The process of the job."""
    return os.getpid()


@task(timeout=7, cpus="all")
def facts() -> dict:
    """What the job's process looks like from inside."""
    ctx = current()
    return {
        "fds": sorted(os.listdir("/proc/self/fd")),
        "sid": os.getsid(0) == os.getpid(),
        "env": dict(os.environ),
        "tmp": str(ctx.tmp),
        "tmp_is_dir": ctx.tmp.is_dir(),
        "cpus": ctx.cpus,
        "job": ctx.job_id,
        "settings": ctx.settings,
        "stdin": os.readlink("/proc/self/fd/0"),
        "blocked": [int(s) for s in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
        "ignored": [
            int(s)
            for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
            if signal.getsignal(s) is not signal.SIG_DFL
        ],
    }


def echo(*args, **kwargs):
    """What it was given."""
    return args, kwargs


def fail(message):
    """Raise."""
    raise ValueError(message)


def leave(how):
    """End the process in an unusual way."""
    if how == "exit":
        os._exit(3)
    if how == "abort":
        os.abort()
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    sys.exit(how)


def leave_behind(n, seconds=600):
    """Return with `n` grandchildren still running, out of the session."""
    return [subprocess.Popen(["sleep", str(seconds)], start_new_session=True).pid for _ in range(n)]


def leave_orphan():
    """Return with a process still running whose parent has ended: it is no child of this one."""
    subprocess.run(["sh", "-c", "sleep 600 >/dev/null 2>&1 &"], check=True)


def wait(seconds=600.0, mark=None):
    """Sleep, and leave a note about how it ended."""
    if mark:
        Path(mark).write_text("began")
    try:
        time.sleep(seconds)
    finally:
        if mark:
            Path(mark).write_text(f"cleaned up, cancelled={current().cancelled}")


def swallow_in_del(mark):
    """A destructor and a callback swallow the first Cancelled; the job must end all the same."""

    class Slow:
        def __del__(self):
            Path(mark).write_text("began")
            time.sleep(30)

    Slow()
    time.sleep(600)


def shielded(mark):
    """Be cancelled inside a shield: the block must be done before Cancelled comes."""
    with current().shield():
        Path(mark).write_text("began")
        while not current().cancelled:
            time.sleep(0.01)
        Path(mark).write_text("done")
    Path(mark).write_text("went on")


def clean_up_slowly(mark):
    """Clean up for longer than the repeat of Cancelled."""
    try:
        Path(mark).write_text("began")
        time.sleep(600)
    except Cancelled:
        time.sleep(1.2)
        Path(mark).write_text("cleaned up")
        raise


def call_back(mark):
    """Ask to be called on cancel."""
    current().on_cancel(lambda: Path(mark).write_text("called"))
    Path(mark).write_text("began")
    time.sleep(600)


def tree(n=5, mark=None, deaf=False):
    """A tree of sleepers below the job."""
    script = ("trap '' USR1 TERM; " if deaf else "") + "sleep 600 & sleep 600 & wait; sleep 600"
    shells = [subprocess.Popen(["sh", "-c", script]) for _ in range(n)]
    if deaf:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if mark:
        Path(mark).write_text("began")
    for shell in shells:
        shell.wait()
    time.sleep(600)


def talk():
    """Print, log, report progress, publish."""
    ctx = current()
    print("printed")
    ctx.log("first", item="h0001")
    ctx.log("second", item="h0001", volatile=True)
    ctx.log("other")
    sys.stdout.write("no end of line")
    for i in range(1, 101):
        ctx.progress(i, 100)
    ctx.status("run:wepp", "rq:job STARTED f")


def ask(label="child"):
    """Enqueue a child."""
    return current().enqueue("tasks.noop.noop", 1, x=2, label=label, depends_on=["a"], timeout=9)


def unserializable():
    """Return what no pickle takes."""
    return threading.Lock()


def thread_left():
    """Leave a thread behind."""
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    return os.getpid()


async def coroutine(value):
    """An async function."""
    import asyncio

    await asyncio.sleep(0)
    return value


class Thing:
    """A class whose instances a payload may hold, if allow_types says so."""

    def __init__(self, value):
        self.value = value

    def double(self):
        """An instance method."""
        return 2 * self.value

    @staticmethod
    def static(value):
        """A static method."""
        return value + 1


def rq_current(mark):
    """What RQ's own client in the job says of it; a note in its meta."""
    from rq import get_current_job

    job = get_current_job()
    job.meta["seen"] = mark
    job.save_meta()
    return job.id, job.args


def rq_retry():
    """Ask for another try as RQ's tasks do."""
    from rq import Retry

    return Retry(max=3, interval=[5, 10])


def rq_success(job, connection, result):
    """RQ's success callback."""
    connection.set(f"called:{job.id}", f"success {result}")


def rq_failure(job, connection, kind, value, trace):
    """RQ's failure callback."""
    connection.set(f"called:{job.id}", f"failure {kind.__name__} {value} {trace is not None}")


def rq_stopped(job, connection):
    """RQ's stopped callback."""
    connection.set(f"called:{job.id}", "stopped")


def rq_slow(job, connection, result):
    """A callback that takes too long."""
    time.sleep(60)


def locked(key, db, wait=0.0):
    """Hold a lock for a moment."""
    with current().lock(key, db=db, wait=wait):
        print("inside", flush=True)
    print("outside", flush=True)


def pooled(place, deaf=False):
    """Ten long calls in a pool of three, each leaving a trace of its beginning and its end."""
    with current().pool(3) as pool:
        futures = [pool.submit(_traced, place, number, deaf) for number in range(10)]
        Path(place, "began").touch()
        return [future.result() for future in futures]


def _traced(place, number, deaf):
    if deaf:
        for signum in (signal.SIGUSR1, signal.SIGTERM):
            signal.signal(signum, signal.SIG_IGN)
    Path(place, f"began{number}").touch()
    try:
        time.sleep(60)
    finally:
        Path(place, f"unwound{number}").touch()


def pool_of(workers):
    """The pids of a pool's workers that answered, and that of the leader."""
    with current().pool(workers) as pool:
        pids = set(pool.map(lambda _: (time.sleep(0.05), os.getpid())[1], range(2 * workers)))
    return sorted(pids), os.getpid()


def say(text):
    """Print something; with no text, nothing."""
    if text:
        print(text)


def occupy(how):
    """Leave something in its directory, or the directory in another mode."""
    tmp = current().tmp
    if how == "file":
        (tmp / "left").write_text("of a job")
    if how == "mode":
        tmp.chmod(0o755)


def list_tmp():
    """The name and mode of its directory, and what is in it."""
    tmp = current().tmp
    return tmp.name, tmp.stat().st_mode & 0o7777, os.listdir(tmp)


def inodes():
    """Which files its output and its directory are."""
    return os.fstat(1).st_ino, current().tmp.stat().st_ino

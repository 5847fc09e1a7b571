"""A module written for RQ, years before weppd: it knows rq, and nothing of weppd."""

from __future__ import annotations

import os
import signal
import sys
import time


def add(a, b=0):
    """A sum."""
    return a + b


def slow(runid, seconds):
    """Take a while."""
    time.sleep(seconds)
    return runid


def gated(runid, path):
    """Wait until a file is there."""
    while not os.path.exists(path):
        time.sleep(0.02)
    return runid


def broken(runid):
    """Raise."""
    raise LookupError(f"no culvert in {runid}")


def note(runid, word):
    """Leave a word in the job's meta, as RQ's tasks do; return what RQ says of the job."""
    from rq import get_current_job

    job = get_current_job()
    job.meta["word"] = word
    job.save_meta()
    return [job.id, list(job.args), job.origin, job.get_status(refresh=True) == "started"]


def twice(max_retries):
    """Ask for another try at the first time, as RQ's tasks do."""
    from rq import Retry, get_current_job

    job = get_current_job()
    tries = job.connection.incr(f"tries:{job.id}")
    if tries < 2:
        return Retry(max=max_retries)
    return int(tries)


def always(max_retries):
    """Ask for another try for ever."""
    from rq import Retry, get_current_job

    job = get_current_job()
    job.connection.incr(f"tries:{job.id}")
    return Retry(max=max_retries)


def third_time(_):
    """Fail twice, then succeed."""
    from rq import get_current_job

    job = get_current_job()
    tries = int(job.connection.incr(f"tries:{job.id}"))
    if tries < 3:
        raise OSError(f"try {tries}")
    return tries


def succeeded(job, connection, result, *args, **kwargs):
    """RQ's success callback."""
    connection.set(f"called:{job.id}", f"success {result}")


def failed(job, connection, kind, value, traceback):
    """RQ's failure callback."""
    connection.set(f"called:{job.id}", f"failure {kind.__name__} {value}")


def stopped(job, connection):
    """RQ's stopped callback."""
    connection.set(f"called:{job.id}", "stopped")


def where(runid=None):
    """The interpreter that runs this, and what of weppd and of others it has loaded."""
    ours = sorted(name for name in sys.modules if name.split(".")[0] in ("weppd", "tasks"))
    roots = {name.split(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)
    return {
        "prefix": sys.prefix,
        "version": list(sys.version_info[:2]),
        "ours": ours,
        "roots": sorted(roots),
        "env": dict(os.environ),
    }


def die(runid, how):
    """End this process without a word."""
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exit":
        os._exit(7)
    hoard = []
    while True:  # "memory": until the kernel or a limit ends it
        hoard.append(bytearray(1 << 24))


def shape():
    """A result that no pickle takes."""
    return (i for i in range(3))


def leave(runid, code):
    """End as a script does."""
    sys.exit(code)

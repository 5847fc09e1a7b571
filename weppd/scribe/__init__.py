"""The scribe: the one process that turns jobs' raw output into logs, and alone touches run roots.

::

    job's tree ──► <log_dir>/jobs/<id>.out      spool: raw output and records, local, never a pipe
                        │ tail
                        ▼
                   <log_dir>/jobs/<id>.log      lines for people, local
                        │ a thread for each run root, so that a hung mount holds up nobody else
                        ▼
                   <run>/rq.log                 the same lines, of all jobs of the run; another
                                                node's are in <run>/_logs/rq.<node>.log

    <log_dir>/jobs/index-<day>.jsonl            one record for each execution that ended

weppd and cells never open a path below a run root: a file server that hangs must not take the
control path with it.
"""

from __future__ import annotations

"""The demonstration, `python -m tasks.demo`: a daemon of one's own, a WEPP run, and a cancel.

It is a user of weppd, and no task: it enqueues through `weppd.client`, looks and cancels with
`weppdctl`, and takes everything away again.
"""

from __future__ import annotations


class DemoFailed(Exception):
    """Something that the demonstration promises did not hold; the message says what."""

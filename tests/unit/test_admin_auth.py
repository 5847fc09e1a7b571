"""Who may do what on the admin socket."""

from __future__ import annotations

import os
import socket

import pytest

from weppd.admin import Caller, Right, auth

RULES = auth.Rules(uid=991, admin_gid=50, read_gid=60)
OUTSIDE = os.getpid()


def right(
    uid: int, *groups: int, gid: int = 1, pid: int = OUTSIDE, keepers: set[int] = frozenset()
) -> Right:  # type: ignore[assignment]
    caller = Caller(pid, uid, gid, frozenset(groups))
    return auth.admit(caller, RULES, keepers).right


@pytest.mark.parametrize(
    ("uid", "gid", "groups", "expected"),
    [
        (0, 1, (), Right.CHANGE),
        (991, 1, (), Right.CHANGE),
        (1000, 50, (), Right.CHANGE),
        (1000, 1, (7, 50), Right.CHANGE),
        (1000, 60, (), Right.READ),
        (1000, 1, (60, 7), Right.READ),
        (1000, 1, (7,), Right.NOTHING),
        (1000, 1, (), Right.NOTHING),
    ],
)
def test_rights_follow_uid_and_groups(
    uid: int, gid: int, groups: tuple[int, ...], expected: Right
) -> None:
    """Root, the daemon's uid and the admin group change, the read group reads, others neither."""
    assert right(uid, *groups, gid=gid) is expected


@pytest.mark.parametrize("uid", [0, 991, 1000])
def test_a_process_inside_a_job_may_only_read(uid: int) -> None:
    """A job cannot end other jobs through the socket, although it has the daemon's own uid."""
    assert right(uid, 50, keepers={os.getppid()}) is Right.READ


def test_a_caller_that_is_gone_or_unseen_counts_as_inside() -> None:
    """Where the kernel shows no such process, the benefit of the doubt goes to the other jobs."""
    assert right(991, pid=0) is Right.READ
    assert auth.inside(2**22 + 1, ())


def test_a_host_without_the_groups_opens_nothing() -> None:
    """A caller is in no group that is not configured; gid 0 is no wildcard."""
    nobody = auth.admit(Caller(OUTSIDE, 1000, 0), auth.Rules(uid=991), ())
    assert nobody.right is Right.NOTHING


def test_unknown_groups_are_named() -> None:
    """A typing slip in a group's name is told with its key, and lets nobody in."""
    rules, problems = auth.rules("no-such-group-here", None)
    assert rules == auth.Rules(os.geteuid())
    assert problems == [
        "security.admin_group: no group 'no-such-group-here' on this host; nobody is in it"
    ]


def test_the_kernel_names_the_peer() -> None:
    """pid, uid, gid and all groups of a connected process come from the socket itself."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        caller = auth.peer(ours)
    assert (caller.pid, caller.uid, caller.gid) == (os.getpid(), os.geteuid(), os.getegid())
    assert caller.groups == frozenset(os.getgroups())

"""What a setting may hold: checks of one value, each answering with what is wrong, or None.

A field of a settings table carries its check in its metadata: `metadata={"check": at_least(1)}`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

from weppd import limits

Check = Callable[[Any], "str | None"]


def at_least(least: float) -> Check:
    """A number that is `least` or more."""
    return lambda value: None if value >= least else f"must be {least} or more, not {value}"


def one_of(*words: str) -> Check:
    """One of a few words."""
    listed = f"{', '.join(words[:-1])} or {words[-1]}"
    return lambda value: None if value in words else f"must be {listed}, not {value!r}"


def matches(pattern: str, what: str) -> Check:
    """A text that matches `pattern` as a whole; `what` describes it to people."""
    whole = re.compile(pattern)
    return lambda value: None if whole.fullmatch(value) else f"must be {what}, not {value!r}"


def each(check: Check, least: int = 0) -> Check:
    """A list in which each item passes `check`, none comes twice, and there are `least` or more."""

    def apply(values: tuple[Any, ...]) -> str | None:
        if len(values) < least:
            return f"must list {least} or more"
        twice = sorted({str(value) for value in values if values.count(value) > 1})
        if twice:
            return f"lists {', '.join(twice)} more than once"
        return next((f"each {wrong}" for wrong in map(check, values) if wrong), None)

    return apply


def absolute(value: str) -> str | None:
    """An absolute path, without parts that climb."""
    if not value.startswith("/") or ".." in value.split("/"):
        return f"must be an absolute path without '..', not {value!r}"
    return None


def unless_empty(check: Check) -> Check:
    """Nothing, or what `check` lets through."""
    return lambda value: check(value) if value else None


def web_address(value: str) -> str | None:
    """An address of the web; what was given is not shown, for it may be a secret."""
    begins = value.startswith(("https://", "http://"))
    return None if begins and not set(value) & set(" \t\n") else "must begin with https://"


def memory(value: str) -> str | None:
    """A size of memory."""
    try:
        limits.size(value)
    except limits.LimitError:
        return f"must be a size of memory from 1M, such as 512M or 16G, not {value!r}"
    return None


CPUS = matches(r"all|[0-9]{1,4}", 'a number of CPUs, or "all"')
NAME = matches(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "1 to 64 of letters, digits, '.', '_', '-'")
QUEUE = matches(r"[^\s:*\[\]?]+", "a queue's name, without spaces or any of :*[]?")
MODULE = matches(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", "a dotted module, such as tasks.wepp_rq")
ALLOW = matches(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\.\*)?", "a dotted name, such as their.module.*")
TYPE = matches(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", "module:name, such as decimal:Decimal")
BINARY = matches(r"[A-Za-z0-9_][A-Za-z0-9._-]*", "the name of an executable, without '/'")


def socket_path(value: str) -> str | None:
    """An absolute path within the 107 bytes of a Unix socket's address, unix(7)."""
    size = len(os.fsencode(value))
    return absolute(value) if size < 108 else f"is too long for a socket: {size} bytes of 107"


def runtime_dir(value: str) -> str | None:
    """An absolute path that leaves room for the cells' socket in it."""
    return absolute(value) or socket_path(f"{value}/cells.sock")

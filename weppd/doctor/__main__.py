"""`python -m weppd.doctor`: what `weppdctl doctor` becomes. Exit code 1 where something fails."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from grp import getgrnam

from weppd.doctor import FAIL, WARN, Finding, places, render, roll, service, store, worst
from weppd.doctor.server import Server
from weppd.settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Look at everything and print what was found."""
    options = _parser().parse_args(argv)
    told, findings = service.config(options.config, os.environ)
    if told is not None:
        findings += checks(told, adopt_rq=options.adopt_rq)
    if options.json:
        print(json.dumps([asdict(each) for each in findings]))  # noqa: T201 - its answer
    else:
        width = min(100, shutil.get_terminal_size((80, 24)).columns)
        print(render(findings, width))  # noqa: T201 - its answer
    return int(worst(findings) == FAIL)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="weppdctl doctor")
    parser.add_argument("--config")
    parser.add_argument("--adopt-rq", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser


def checks(told: Settings, *, adopt_rq: bool) -> Iterator[Finding]:
    """All checks, one after the other."""
    known = service.properties()
    account, doubts = jobs_account(known)
    yield from doubts
    yield from service.admin(told)
    yield from places.roots(told, account)
    with Server(told) as server:
        yield from store.look(told, server)
        tasks = roll.call(told, account)
        yield from tasks.findings()
        if adopt_rq:
            from weppd.doctor import adopt  # it knows the core and the store's payloads

            yield from adopt.look(told, server, tasks)
    yield from places.disks(told)
    yield from places.executables(told)
    yield from places.data(told)
    yield from service.cgroups()
    yield from service.unit(known)
    yield from service.clock()
    yield from service.limits()


def jobs_account(known: Mapping[str, str]) -> tuple[places.Account, list[Finding]]:
    """Who jobs run as: the unit's user, else who asks; and what is doubtful about that."""
    own = places.Account.own()
    name, group = known.get("User", ""), known.get("Group", "")
    if not name:
        return own, []
    try:
        account = places.Account.of(name, getgrnam(group).gr_gid if group else None)
    except KeyError:
        todo = "`systemd-sysusers`, or `weppd install-service --user`"
        return own, [Finding(FAIL, "user", f"the unit's user {name}:{group} is unknown", todo)]
    if own.uid not in (0, account.uid):
        seen = f"you are {own.name}; jobs run as {name}: roots are tried as you"
        return own, [Finding(WARN, "user", seen, "ask again as root")]
    return account, []


if __name__ == "__main__":
    sys.exit(main())

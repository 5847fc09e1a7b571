"""Roots of runs as the job's user meets them, disks, executables, the site's data."""

from __future__ import annotations

import json
import os
import pwd
import select
import shutil
import signal
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from weppd.doctor import FAIL, NOTE, OK, WARN, Finding, probe
from weppd.settings import Settings

PROBE_S = 20.0
LEAST_FREE = 0.05
LEAST_BYTES = 2 << 30
REMOTE = ("nfs", "cifs", "smb", "lustre", "gpfs", "ceph", "glusterfs", "fuse.sshfs", "9p", "beegfs")


@dataclass(frozen=True, slots=True)
class Account:
    """The user that jobs have, with all its groups."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]

    @classmethod
    def of(cls, name: str, gid: int | None = None) -> Account:
        """The account of that name; KeyError where this host has none."""
        found = pwd.getpwnam(name)
        gid = found.pw_gid if gid is None else gid
        return cls(name, found.pw_uid, gid, tuple(os.getgrouplist(name, gid)))

    @classmethod
    def own(cls) -> Account:
        """Who we are."""
        try:
            name = pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            name = str(os.geteuid())
        return cls(name, os.geteuid(), os.getegid(), tuple(os.getgroups()))

    def become(self) -> None:
        """Make this process the account's; nothing where we may not, or are it."""
        if os.geteuid() != 0 or self.uid == 0:
            return
        os.setgroups(self.groups)
        os.setgid(self.gid)
        os.setuid(self.uid)


def roots(told: Settings, account: Account) -> Iterator[Finding]:
    """Every root of runs, and the batches'."""
    for root in filter(None, [*told.run.roots, told.run.batch_root]):
        yield from _root(root, account)


def _root(root: str, account: Account) -> Iterator[Finding]:
    path, kind = Path(root), file_system(root)
    if not path.is_dir():
        yield Finding(
            WARN,
            "run root",
            f"{root} is not there",
            "make or mount it, or take it out of [run] roots",
        )
        return
    failed = _probe(root, account)
    if failed:
        seen = f"{root} ({kind}): {account.name} cannot {failed['step']}: {failed['why']}"
        yield Finding(
            FAIL,
            "run root",
            seen,
            f"give {account.name} the right: chown or chgrp it,"
            " chmod g+ws; on NFS look at the export, too",
        )
        return
    yield Finding(OK, "run root", f"{root} ({kind}): {account.name} may do what jobs do")
    mode = path.stat().st_mode
    if not mode & stat.S_ISGID and mode & stat.S_IWGRP:
        yield Finding(
            NOTE,
            "run root",
            f"{root} is writable by its group, but not setgid",
            "chmod g+s, so that what jobs make stays writable by the web application",
        )


def _probe(root: str, account: Account) -> dict[str, str]:
    """What a child that becomes the account finds; it may be left behind where `root` hangs."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(theirs, json.dumps(_as_them(root, account)).encode())
        finally:
            os._exit(0)  # never up the stack of who asks
    os.close(theirs)
    with open(ours, "rb") as answer:
        if not select.select([answer], [], [], PROBE_S)[0]:
            os.kill(child, signal.SIGKILL)
            why = f"no answer for {PROBE_S:.0f} s; the file system hangs"
            return {"step": "finish", "why": why}
        said = answer.read()
    os.waitpid(child, 0)
    told: dict[str, str] = json.loads(
        said or b'{"step": "finish", "why": "it ended without an answer"}'
    )
    return told


def _as_them(root: str, account: Account) -> dict[str, str]:
    try:
        account.become()
    except OSError as error:
        return {"step": "become the jobs' user", "why": str(error)}
    return probe.tried(root)


def file_system(path: str) -> str:
    """The kind of file system at `path`, and whether it is remote."""
    best = ("", "unknown")
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split(" ")
        where = where.encode().decode("unicode_escape")
        inside = path == where or path.startswith(where.rstrip("/") + "/")
        if inside and len(where) >= len(best[0]):
            best = (where, kind)
    return f"{best[1]}, remote" if best[1].startswith(REMOTE) else f"{best[1]}, local"


def disks(told: Settings) -> Iterator[Finding]:
    """Room where weppd itself writes."""
    for what in ("state_dir", "runtime_dir", "log_dir"):
        place = Path(getattr(told.daemon, what))
        there = next(each for each in (place, *place.parents) if each.exists())
        room = os.statvfs(there)
        free, most = room.f_bavail * room.f_frsize, max(1, room.f_blocks * room.f_frsize)
        seen = f"{place}: {free / 2**30:.1f} GiB free ({free / most:.0%})"
        if room.f_files and room.f_favail / room.f_files < LEAST_FREE:
            yield Finding(WARN, "disk", f"{place}: nearly no inodes left", "delete old files there")
        if what != "runtime_dir" and free < LEAST_BYTES and free / most < LEAST_FREE:
            yield Finding(
                WARN,
                "disk",
                seen,
                "make room: outcomes that wait for Redis and logs go there ([scribe] keep_days)",
            )
        else:
            yield Finding(OK, "disk", seen)


def executables(told: Settings) -> Iterator[Finding]:
    """The model's executables, and the interpreters of the classes of cells."""
    wepp = told.wepp
    found = sorted(p.name for p in Path(wepp.bin_dir).glob("*") if os.access(p, os.X_OK))
    if not wepp.default_bin:
        yield Finding(
            WARN,
            "executables",
            "[wepp] default_bin is empty: a job that names no executable fails",
            f"name one of {wepp.bin_dir}: " + (", ".join(found) or "there is none yet"),
        )
    elif wepp.default_bin == "hillsim":
        yield Finding(
            NOTE,
            "executables",
            "the default engine is hillsim, which is no WEPP",
            "name the Fortran executable in [wepp] default_bin",
        )
    elif wepp.default_bin in found:
        yield Finding(OK, "executables", f"{wepp.bin_dir}/{wepp.default_bin}")
    else:
        yield Finding(
            FAIL,
            "executables",
            f"{wepp.bin_dir}/{wepp.default_bin} is not there or not executable",
            "put it there, chmod 755",
        )
    for name, zygote in told.zygotes.items():
        if zygote.python and shutil.which(zygote.python) is None:
            yield Finding(
                FAIL,
                "executables",
                f"[zygote.{name}] python = {zygote.python} is not there",
                "install it, or leave the key out",
            )


def data(told: Settings) -> Iterator[Finding]:
    """The maps and files that the site builds runs of, and where extracts of them go."""
    named = {key: getattr(told.data, key) for key in (*_DATA_FILES, *_DATA_DIRECTORIES)}
    if not any(named.values()):
        yield Finding(
            NOTE,
            "data",
            "[data] names no maps: jobs that build terrain, landuse, soils or weather fail",
            "name the site's, see weppd.toml(5), or build runs elsewhere",
        )
        return
    for key, value in named.items():
        path, a_file = Path(value), key in _DATA_FILES
        if value and (path.is_file() if a_file else path.is_dir()):
            yield Finding(OK, "data", f"[data] {key}: {value}")
        elif value:
            kind = "file" if a_file else "directory"
            remedy = "mount it, put it there, or leave the key out"
            yield Finding(FAIL, "data", f"[data] {key}: {value} is no {kind}", remedy)
    if not Path(told.data.extracts).is_dir():
        yield Finding(
            WARN,
            "data",
            f"[data] extracts: {told.data.extracts} is not there",
            "make it, writable by the jobs' user: the unit lets jobs write there, not beside it",
        )


_DATA_FILES = ("dem", "landuse_classes")
_DATA_DIRECTORIES = ("landuse", "soils", "soil_files", "climate")

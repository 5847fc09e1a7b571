"""What network file systems do to a run: late names, stale handles. A shim lies like one.

The shim stands for two hosts on one file system: what the other host writes is not seen here, or
seen as empty, for half a minute of its clock; closing says ESTALE after all went well.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tasks.run import atomic, lateness
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp import wanted
from tasks.wepp.binary import Engine
from tasks.wepp.documents import HillslopePart, Watershed
from tasks.wepp.prep.given import Given
from tasks.wepp.prompts import Contract
from tasks.wepp.simulation import prepare
from tests.unit import fake_wepp

DELAY_S = 30.0


class Nfs:
    """A clock that only sleeping moves, and files that another host wrote at some moment of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.seen_at, self.empty = 0.0, {}, set()
        self._open, self._os_open, listed = Path.open, os.open, os.listdir
        monkeypatch.setattr(lateness, "time", self)
        monkeypatch.setattr(lateness, "on_network", lambda path: True)
        monkeypatch.setattr(Path, "open", lambda path, *a, **k: self.open(path, *a, **k))
        monkeypatch.setattr(os, "open", lambda path, *a, **k: self.os_open(path, *a, **k))
        monkeypatch.setattr(
            os, "listdir", lambda path: [name for name in listed(path) if self.sees(path / name)]
        )

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def written_elsewhere(self, path: Path, *, seen_empty: bool = False) -> None:
        """The other host wrote it just now."""
        self.seen_at[path] = self.now + DELAY_S
        if seen_empty:
            self.empty.add(path)

    def sees(self, path: Path) -> bool:
        """Whether a directory's list has the name yet."""
        return self.now >= self.seen_at.get(path, 0.0) or path in self.empty

    def open(self, path: Path, *args: Any, **options: Any) -> Any:
        return self._open(self._as_seen(path), *args, **options)

    def os_open(self, path: Any, *args: Any, **options: Any) -> int:
        return self._os_open(self._as_seen(path), *args, **options)

    def _as_seen(self, path: Path) -> Path:
        if self.now >= self.seen_at.get(path, 0.0):
            return path
        if path in self.empty:
            return Path("/dev/null")
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))


@pytest.fixture
def nfs(monkeypatch):
    return Nfs(monkeypatch)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A prepared run of hillslope 7."""
    return RunDirectory(fake_wepp.prepare_run(tmp_path))


ENGINE = Engine("wepp_250915", Path("/bin/true"), Contract())


def test_what_another_host_just_wrote_is_waited_for(nfs, run):
    """A name that is not seen yet, and a file that is seen as empty: neither fails anything."""
    nfs.written_elsewhere(run.run_file(7))
    nfs.written_elsewhere(run.runs / "p7.sol", seen_empty=True)
    assert prepare(run, 7, ENGINE).answers.years == 2
    assert nfs.now >= DELAY_S


def test_hillslopes_that_another_host_prepared_are_not_left_out(nfs, tmp_path: Path):
    """An old list of the directory would run fewer: the watershed says how many there are."""
    whole = fake_wepp.prepare_run(tmp_path, how=dict.fromkeys((1, 2, 3), "ok"))
    run = RunDirectory(whole)
    watershed = Watershed(hillslopes=[_part(top) for top in (22, 23, 32)])
    (run.root / "watershed.nodb").write_text(watershed.dump())
    nfs.written_elsewhere(run.run_file(2))
    found = wanted.hillslopes(run, ENGINE)
    assert found.total == 3
    assert [one.wepp_id for one in found.simulations] == [1, 2, 3]
    assert nfs.now >= DELAY_S
    run.run_file(3).unlink()
    with pytest.raises(NotPrepared, match=r"p3\.run cannot.*watershed has 3 hillslopes"):
        wanted.hillslopes(run, ENGINE)


def test_documents_that_another_host_just_wrote_are_waited_for(nfs, run):
    """The page saves its form on one host, the job begins on another; what may be missing may."""
    path = run.root / "watershed.nodb"
    path.write_text(Watershed(hillslopes=[_part(22)]).dump())
    nfs.written_elsewhere(path)
    assert Given(run).wepp.run_watershed is True
    assert nfs.now == 0.0
    assert Given(run).watershed.hillslopes[0].topaz_id == 22
    assert nfs.now >= DELAY_S


def _part(top: int) -> HillslopePart:
    return HillslopePart(topaz_id=top, slope_file=f"watershed/hill_{top}.slp")


def test_what_is_not_there_is_told_when_the_wait_is_over(nfs, run):
    """A file that nobody wrote is missed by name, after as long as a file system may be late."""
    (run.runs / "p7.sol").unlink()
    with pytest.raises(NotPrepared, match=r"hillslope 7: its sol file .*p7\.sol cannot be read"):
        prepare(run, 7, ENGINE)
    assert lateness.PATIENCE_S <= nfs.now < 2 * lateness.PATIENCE_S


def test_on_a_disk_of_one_s_own_nobody_waits(run, monkeypatch):
    """What is not there is not there, at once."""
    monkeypatch.setattr(lateness.time, "sleep", lambda seconds: pytest.fail("it waited"))
    assert lateness.missing(run.runs / "p8.sol") == "cannot be read: No such file or directory"


def test_mounts_tell_what_is_on_a_network(tmp_path: Path, monkeypatch):
    """The innermost mount decides; a blank in its name is written as the kernel does."""
    table = tmp_path / "mountinfo"
    table.write_text(
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "40 22 0:41 / /wc1 rw - nfs4 nas:/wc1 rw\n"
        "41 40 0:42 / /wc1/local\\040disk rw - xfs /dev/sdb rw\n"
    )
    monkeypatch.setattr(lateness, "_MOUNTS", table)
    assert lateness.on_network(Path("/wc1/runs/my/my-run"))
    assert not lateness.on_network(Path("/wc1/local disk/x"))
    assert not lateness.on_network(Path("/srv/x"))


class Stale:
    """A file whose closing says ESTALE, or whose writing finds the disk full."""

    def __init__(self, file: Any, full: bool) -> None:
        self._file, self._full = file, full

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, data: bytes) -> int:
        if self._full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self._file.write(data))

    def close(self) -> None:
        self._file.close()
        raise OSError(errno.ESTALE, "Stale file handle")


def lie(monkeypatch, *, full: bool) -> None:
    def opened(*args: Any) -> Stale:
        return Stale(open(*args), full)

    monkeypatch.setattr(atomic, "open", opened, raising=False)


def test_a_handle_that_is_stale_after_all_is_on_disk_fails_nothing(tmp_path: Path, monkeypatch):
    """Production failed whole runs by it; the file is there, whole, and nothing beside it."""
    lie(monkeypatch, full=False)
    atomic.replace_text(tmp_path / "soils.nodb", "whole")
    assert (tmp_path / "soils.nodb").read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["soils.nodb"]


def test_a_full_disk_names_the_file_and_leaves_the_old_one(tmp_path: Path, monkeypatch):
    """The kernel says only that it is full: the message says of what."""
    (tmp_path / "soils.nodb").write_text("old")
    lie(monkeypatch, full=True)
    with pytest.raises(OSError, match=r"No space left on device: .*soils\.nodb"):
        atomic.replace_text(tmp_path / "soils.nodb", "new")
    assert (tmp_path / "soils.nodb").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["soils.nodb"]

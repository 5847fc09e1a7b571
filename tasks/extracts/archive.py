"""A directory as a `.tar.gz` that tells nothing of when, where and by whom it was made.

Names are in order, times are zero and owners root, whatever they are on disk: the same files give
the same bytes, as long as the same program packs them. That is pigz, on the job's CPUs, where it is
installed, and Python's zlib elsewhere.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from tasks.run.atomic import replacing

_LEVEL = 6


class NotPacked(Exception):
    """pigz ended with an error; the message has its words."""


def pack(root: Path, target: Path, cpus: int = 1) -> int:
    """Put all that is below `root` into the archive `target`; returns how many files.

    The archive is there whole or not at all. NotPacked, OSError.
    """
    paths = sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix())
    with (
        replacing(target) as file,
        _deflated(file, cpus) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in paths:
            name = f"./{path.relative_to(root).as_posix()}"
            tar.add(path, arcname=name, recursive=False, filter=_nobody)
    return sum(path.is_file() for path in paths)


def _nobody(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "root", "root"
    info.mode = 0o755 if info.isdir() else 0o644
    return info


@contextmanager
def _deflated(file: IO[bytes], cpus: int) -> Iterator[IO[bytes]]:
    """What is written to the stream comes out deflated in the file."""
    pigz = shutil.which("pigz")
    if pigz is None:
        with gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as stream:
            yield cast("IO[bytes]", stream)
        return
    # -n: neither name nor time.
    argv = [pigz, "-n", "-c", f"-{_LEVEL}", "-p", str(max(1, cpus))]
    pipe, cut = subprocess.PIPE, False
    with subprocess.Popen(argv, stdin=pipe, stdout=file, stderr=pipe) as process:
        try:
            yield cast("IO[bytes]", process.stdin)
        except BrokenPipeError:
            cut = True  # It has ended, and says why below.
        except BaseException:
            process.kill()
            raise
        _, said = process.communicate()
    if process.returncode or cut:
        words = " ".join(said.decode(errors="replace").split()) or "it said nothing"
        raise NotPacked(f"{pigz} ended with {process.returncode}: {words}")

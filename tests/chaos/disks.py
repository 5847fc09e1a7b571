"""Small disks for a node's logs and its outbox, to be filled; root alone can make them."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

SIZES = {"log": "64m", "state/outbox": "256k"}


class Disks:
    """The small disks below a home; none where the caller may not mount."""

    def __init__(self, home: Path) -> None:
        self._mounted: list[Path] = []
        self._home = home
        for name, size in SIZES.items():
            self._mount(home / name, size)

    @property
    def there(self) -> bool:
        """Whether there are such disks."""
        return len(self._mounted) == len(SIZES)

    def _mount(self, place: Path, size: str) -> None:
        place.mkdir(parents=True)
        argv = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)]
        if os.geteuid() == 0 and subprocess.run(argv, capture_output=True).returncode == 0:
            self._mounted.append(place)

    def fill(self, name: str) -> None:
        """Leave no byte free, nor for what is appended next."""
        with (self._home / name / "filler").open("ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                with suppress(OSError):
                    while file.write(b"x" * size) == size:
                        pass

    def free(self, name: str) -> None:
        """Make room again."""
        (self._home / name / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        """Take the disks away."""
        for place in self._mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)

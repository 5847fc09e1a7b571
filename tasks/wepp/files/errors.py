"""What can be wrong with a text file of WEPP.

::

    FormatError            path, line (1-based; 0 where no line is at fault) and reason
    ├── CutShort           the file ends before its last record
    └── Refused            well-formed, recognised, and not read by this version: says its name
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_LONGEST: Final = 400


class FormatError(ValueError):
    """A file does not follow its format: `path`, `line` (0 where none is at fault), `reason`."""

    def __init__(self, path: str | Path, line: int, reason: str) -> None:
        # What a file holds may be quoted, and may be of any length.
        reason = reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]}…"
        self.path, self.line, self.reason = str(path), line, reason
        at = f"{path}:{line}" if line else f"{path}"
        super().__init__(f"{at}: {reason}")

    def __reduce__(self) -> tuple[type[FormatError], tuple[str, int, str]]:
        # An exception crosses process borders by its arguments, not by its message.
        return type(self), (self.path, self.line, self.reason)


class CutShort(FormatError):
    """The file ends where another record must follow."""


class Refused(FormatError):
    """A form or version that is known by name, and that this version does not read."""

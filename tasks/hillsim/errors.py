"""What hillsim will not do, said by name."""

from __future__ import annotations

from pathlib import Path


class Refusal(Exception):
    """An input asks for something this version does not simulate: names the file and the thing."""

    def __init__(self, path: str | Path, thing: str) -> None:
        self.path, self.thing = str(path), thing
        super().__init__(f"{path}: {thing}")

    def __reduce__(self) -> tuple[type[Refusal], tuple[str, str]]:
        # An exception crosses process borders by its arguments, not by its message.
        return type(self), (self.path, self.thing)


class OpenBalance(AssertionError):
    """Water came or went unaccounted for: a fault of hillsim, never of an input."""

"""Removing a job's directory for temporary files, after the last of its processes is gone."""

from __future__ import annotations

import os

from weppd.cell.voice import say


def remove(path: str | None) -> None:
    """Remove the directory `path` with all that is in it; one that is not there is no error.

    Follows no symbolic link. What cannot be removed stays, and is named on stderr.
    """
    if not path:
        return
    try:
        os.rmdir(path)  # noqa: PTH106 - no pathlib in a cell
    except FileNotFoundError:
        pass
    except OSError:
        _remove_tree(path)


def _remove_tree(path: str) -> None:
    try:
        for entry in list(os.scandir(path)):
            if entry.is_dir(follow_symlinks=False):
                _remove_tree(entry.path)
            else:
                os.unlink(entry.path)  # noqa: PTH108
        os.rmdir(path)  # noqa: PTH106
    except OSError as error:
        say(f"weppd: {error.filename or path} stays behind: {error.strerror}")

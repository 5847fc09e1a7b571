"""Whether new settings and code may be taken up: all of it is checked before anything changes."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from weppd import settings_redis
from weppd.errors import SettingsError
from weppd.settings import DEFAULT_PATH, Settings, load

_STAYS = "cannot change while weppd runs; stop it, wait for its jobs, then start it"
_FIXED = ("name", "state_dir", "runtime_dir", "log_dir", "admin_socket")


def checked(told: Settings, config: str | None, env: Mapping[str, str], since: float) -> list[str]:
    """What speaks against taking up the settings and the code as they are now, a line each.

    Code is read where it has changed after `since` (s since the epoch): the rest is in use.
    """
    try:
        new = load(config, env)
    except SettingsError as error:
        return list(error.problems)
    return [*_fixed(told, new), *_unreadable(sources(new), since)]


def as_read(told: Settings, config: str | None, env: Mapping[str, str]) -> Settings:
    """The settings as the file has them at the start, which those of `--embedded` are not."""
    try:
        return load(config, env)
    except SettingsError:
        return told


def _fixed(told: Settings, new: Settings) -> Iterator[str]:
    """What jobs that run, and their cells, hang on."""
    for key in _FIXED:
        if getattr(told.daemon, key) != getattr(new.daemon, key):
            yield f"daemon.{key}: {_STAYS}"
    if _place(told.redis.url) != _place(new.redis.url):
        yield f"redis.url: {_STAYS}"
    if told.redis.prefix != new.redis.prefix:
        yield f"redis.prefix: {_STAYS}"


def _place(url: str) -> tuple[object, ...]:
    # A new password is no new place.
    if watched := settings_redis.sentinels(url):
        return watched.master, watched.db
    parts = urlsplit(url)
    path = parts.path if parts.scheme == "unix" else ""
    return parts.hostname, parts.port, path, settings_redis.db_of(url)


def _unreadable(files: Iterable[Path], since: float) -> Iterator[str]:
    for path in files:
        try:
            # Not the time of the content, which a copy keeps: when this became the file.
            if path.stat().st_ctime < since - 1.0:
                continue
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            yield f"{path}:{getattr(error, 'lineno', 0)}: {getattr(error, 'msg', error)}"
        except OSError as error:
            yield f"{path}: {error.strerror}"


def config_path(config: str | None, env: Mapping[str, str]) -> Path:
    """The file that the settings come from."""
    return Path(config or env.get("WEPPD_CONFIG") or DEFAULT_PATH).absolute()


def places(told: Settings) -> list[Path]:
    """The packages and modules that hold this node's tasks: directories, or single files."""
    roots = {name.partition(".")[0] for name in told.tasks.modules}
    ways = [Path(p) for z in told.zygotes.values() for p in z.env.get("PYTHONPATH", "").split(":")]
    return [found for name in sorted(roots) if (found := _found(name, ways)) is not None]


def _found(name: str, ways: Iterable[Path]) -> Path | None:
    for way in [each for each in ways if each.is_absolute()]:
        for path in (way / name, way / f"{name}.py"):
            if path.exists():
                return path
    spec = importlib.util.find_spec(name) if name not in sys.builtin_module_names else None
    if spec is None or not spec.origin:
        return None
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def sources(told: Settings) -> list[Path]:
    """All files of code in those places."""
    return [
        file
        for place in places(told)
        for file in (sorted(place.rglob("*.py")) if place.is_dir() else [place])
    ]


def digest(told: Settings, config: Path) -> str:
    """A word for the settings' file and the tasks' code as they are; files that vanish are gone."""
    seen = hashlib.sha256()
    for path in (config, *sources(told)):
        seen.update(f"{path}\0".encode())
        try:
            seen.update(path.read_bytes())
        except OSError:
            seen.update(b"gone")
    return seen.hexdigest()

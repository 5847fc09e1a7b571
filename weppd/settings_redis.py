"""Addresses of a Redis server: where they come from, their database, and how they are shown.

::

    redis://[user:password@]host[:port][/db]      rediss:// over TLS
    unix://[user:password@]/path/to.sock[?db=db]
    redis+sentinel://[user:password@]host[:port][,host[:port]…]/master[/db]
    rediss+sentinel://…?ssl_ca_certs=/path      both the sentinels and the server over TLS
    …?sentinel_username=…&sentinel_password=…   what the sentinels themselves ask for
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

RQ_DB = 9
DEFAULT_URL = f"redis://localhost:6379/{RQ_DB}"

#: Variables of the surroundings that may hold a whole address, the strongest first.
URL_VARIABLES = ("REDIS_URL", "RQ_REDIS_URL", "SESSION_REDIS_URL")


_SENTINEL = re.compile(
    r"redis(?P<tls>s?)\+sentinel://(?:(?P<user>[^:@/]*)(?::(?P<password>[^@/]*))?@)?"
    r"(?P<places>[^/@?#]+)/(?P<master>[\w.-]+)(?:/(?P<db>[0-9]+))?"
    r"(?:\?(?P<query>[^#]*))?\Z"
)
_TLS = ("ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_keyfile")
_WATCH = ("sentinel_username", "sentinel_password")
SENTINEL_S = 2.0


@dataclass(frozen=True, slots=True, repr=False)
class Sentinels:
    """Who knows which server is the master called `master`; user and password are the server's.

    `options` are what the address ends in: certificates, if `tls`, and the sentinels' own password.
    """

    places: tuple[tuple[str, int], ...]
    master: str
    db: int
    username: str | None = None
    password: str | None = None
    tls: bool = False
    options: tuple[tuple[str, str], ...] = ()

    @property
    def certificates(self) -> dict[str, str]:
        """What the address says of certificates."""
        return {key: value for key, value in self.options if key in _TLS}

    @property
    def login(self) -> tuple[str, ...]:
        """What the sentinels themselves want to hear: a password, a user and one, or nothing."""
        told = dict(self.options)
        words = (told.get("sentinel_username"), told.get("sentinel_password"))
        return tuple(word for word in words if word) if words[1] else ()

    def for_server(self) -> dict[str, Any]:
        """redis-py's arguments for the master, beside its place."""
        login = {"username": self.username, "password": self.password}
        return {"db": self.db, **login, **self._secured()}

    def for_sentinels(self) -> dict[str, Any]:
        """redis-py's arguments for a sentinel, beside its place."""
        *user, password = self.login or (None,)
        login = {"username": user[0] if user else None, "password": password}
        return {"socket_timeout": SENTINEL_S, **login, **self._secured()}

    def _secured(self) -> dict[str, Any]:
        if not self.tls:
            return {}
        named = self.certificates.get("ssl_cert_reqs") != "none"
        return {"ssl": True, "ssl_check_hostname": named, **self.certificates}


def sentinels(url: str) -> Sentinels | None:
    """The sentinels that an address names; None where it names a server, or is none."""
    found = _SENTINEL.match(url)
    if found is None:
        return None
    places = []
    for place in found["places"].split(","):
        host, _, port = place.partition(":")
        if not host or not (port or "26379").isdecimal():
            return None
        places.append((host, int(port or "26379")))
    options = tuple(parse_qsl(found["query"] or ""))
    known = {*_WATCH, *(_TLS if found["tls"] else ())}
    if not known.issuperset(key for key, _ in options):
        return None
    user, password = (found[part] and unquote(found[part]) for part in ("user", "password"))
    which = (tuple(places), found["master"], int(found["db"] or RQ_DB))
    return Sentinels(*which, user, password, bool(found["tls"]), options)


def parts_of(url: str) -> dict[str, str | int]:
    """What an address of one server says, as redis-py reads it: host, port, path, db, username,
    password, and the words after its question mark.

    The daemon does without redis-py, which is large. ValueError if it is no such address.
    """
    if wrong := check(url):
        raise ValueError(f"the address {wrong}")
    parts = urlsplit(url)
    told: dict[str, str | int] = dict(reversed(parse_qsl(parts.query)))
    if "db" in told:
        told["db"] = int(told["db"])
    for name in ("username", "password"):
        if value := getattr(parts, name):
            told[name] = unquote(value)
    if parts.scheme == "unix":
        return {**told, "path": unquote(parts.path)}
    if number := parts.path.strip("/"):
        told.setdefault("db", int(number))
    return {**told, "host": unquote(parts.hostname or ""), "port": parts.port or 6379}


def from_surroundings(env: Mapping[str, str]) -> tuple[str, str]:
    """The address that the usual variables give, and the name of the variable it came from.

    The database of REDIS_URL, RQ_REDIS_URL and SESSION_REDIS_URL is replaced by that of the jobs;
    without one of them, REDIS_HOST, REDIS_PORT, REDIS_USERNAME and REDIS_PASSWORD make the address.
    """
    for name in URL_VARIABLES:
        if env.get(name):
            return with_db(env[name], RQ_DB), name
    if not any(env.get(f"REDIS_{part}") for part in ("HOST", "PORT", "USERNAME", "PASSWORD")):
        return DEFAULT_URL, "redis.url"
    host, port = env.get("REDIS_HOST") or "localhost", env.get("REDIS_PORT") or "6379"
    host = f"[{host}]" if ":" in host else host
    user, password = env.get("REDIS_USERNAME", ""), env.get("REDIS_PASSWORD", "")
    secret = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user or password else ""
    return f"redis://{secret}{host}:{port}/{RQ_DB}", "REDIS_HOST, REDIS_PORT"


def db_of(url: str) -> int | None:
    """The database that the address names, None where it names none."""
    if found := _SENTINEL.match(url):
        return int(found["db"]) if found["db"] else None
    parts = urlsplit(url)
    named = dict(parse_qsl(parts.query)).get("db")
    if named is None and parts.scheme != "unix":
        named = parts.path.strip("/")
    return int(named) if named and named.isdecimal() else None


def with_db(url: str, db: int) -> str:
    """The same address for another database; what is no address comes back as it is."""
    if check(url):
        return url
    if found := _SENTINEL.match(url):
        tail = f"?{found['query']}" if found["query"] else ""
        return f"{url[: found.end('master')]}/{db}{tail}"
    parts = urlsplit(url)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != "db"]
    if parts.scheme == "unix":
        # urlunsplit would drop the empty host of unix:///path.
        query.append(("db", str(db)))
        return f"unix://{parts.netloc}{parts.path}?{urlencode(query)}"
    return urlunsplit(parts._replace(path=f"/{db}", query=urlencode(query)))


def check(url: str) -> str | None:
    """What is wrong with an address, or None. The complaint never quotes the password."""
    shown = masked(url)
    if re.match(r"rediss?\+sentinel://", url):
        wanted = "redis+sentinel://host:26379,host:26379/master/9"
        return None if sentinels(url) else f"must look like {wanted}, not {shown!r}"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return f"has no valid host and port: {shown!r}"
    if parts.scheme not in ("redis", "rediss", "unix"):
        return f"must begin with redis://, rediss://, unix:// or redis+sentinel://, not {shown!r}"
    if parts.scheme == "unix":
        return None if parts.path.startswith("/") else f"names no socket's path: {shown!r}"
    if not parts.hostname:
        return f"names no host: {shown!r}"
    if not re.fullmatch(r"/?[0-9]*", parts.path):
        return f"must end in a database's number, such as /9, not {shown!r}"
    return None


def masked(url: str) -> str:
    """The address with its password replaced by `***`, for logs and messages."""
    hidden = re.sub(r"://([^/?#:]*):.*@", r"://\1:***@", url)
    return re.sub(r"(?i)([?&](?:sentinel_)?password=)[^&#]*", r"\1***", hidden)

"""Settings: where values come from, what is refused, and that all problems are named at once."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import tomllib
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.connection import parse_url

from weppd import settings as st_tables
from weppd import settings_redis
from weppd.errors import SettingsError
from weppd.settings import (
    TABLES,
    Binary,
    Machine,
    Queue,
    Run,
    Settings,
    Zygote,
    embedded,
    for_tasks,
    load,
)

ETC = Path(__file__).parents[2] / "etc" / "weppd.toml"


def problems(mapping: dict[str, object], **env: str) -> list[str]:
    """What is wrong with a file and an environment."""
    with pytest.raises(SettingsError) as caught:
        Settings.parse(mapping, env)
    return list(caught.value.problems)


def url(mapping: dict[str, object] | None = None, **env: str) -> str:
    return Settings.parse(mapping or {}, env).redis.url


def test_an_empty_file_gives_the_documented_defaults() -> None:
    """Without a file and variables, weppd serves high, default, low, with WEPPcloud's TTLs."""
    settings = Settings.parse({}, {}, Machine("node-1", 8))
    assert (settings.daemon.name, settings.daemon.slots) == ("node-1", 8)
    assert settings.queues.names == ("high", "default", "low")
    assert settings.jobs == st_tables.Jobs(604_800, 31_536_000, 43_200)
    assert settings.redis.url == "redis://localhost:6379/9"
    assert set(settings.zygotes) == {"light"}
    assert settings.tasks.alias == {"wepppy.rq": "tasks"}


def test_defaults_of_the_class_are_those_of_an_empty_file() -> None:
    """`Settings()` in a test and an empty file mean the same."""
    assert Settings() == Settings.parse({}, {})


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"REDIS_URL": "redis://a:1/3"}, "redis://a:1/9"),
        (
            {"REDIS_URL": "rediss://u:p@a/0?ssl_cert_reqs=none"},
            "rediss://u:p@a/9?ssl_cert_reqs=none",
        ),
        ({"RQ_REDIS_URL": "redis://b:2"}, "redis://b:2/9"),
        ({"SESSION_REDIS_URL": "redis://c:3/11"}, "redis://c:3/9"),
        ({"REDIS_URL": "", "RQ_REDIS_URL": "redis://b:2"}, "redis://b:2/9"),
        ({"REDIS_URL": "redis://a", "RQ_REDIS_URL": "redis://b"}, "redis://a/9"),
        ({"REDIS_URL": "unix:///run/r.sock?db=2"}, "unix:///run/r.sock?db=9"),
        ({"REDIS_HOST": "h"}, "redis://h:6379/9"),
        ({"REDIS_HOST": "::1", "REDIS_PORT": "7"}, "redis://[::1]:7/9"),
        ({"REDIS_PASSWORD": "p@/:?#"}, "redis://:p%40%2F%3A%3F%23@localhost:6379/9"),
        ({"REDIS_USERNAME": "u", "REDIS_PASSWORD": "p"}, "redis://u:p@localhost:6379/9"),
        ({"REDIS_URL": "redis://a", "REDIS_HOST": "h"}, "redis://a/9"),
        ({"WEPPD_REDIS_URL": "redis://w:1/4", "REDIS_URL": "redis://a"}, "redis://w:1/4"),
    ],
)
def test_the_usual_redis_variables_are_honoured(env: dict[str, str], expected: str) -> None:
    """A deployment that sets REDIS_URL or REDIS_HOST needs no other address, and jobs are in 9."""
    assert url(**env) == expected


def test_the_file_beats_the_surroundings_and_weppds_own_variable_beats_the_file() -> None:
    """An address in the file is meant; only WEPPD_REDIS_URL, which is meant too, overrides it."""
    file: dict[str, object] = {"redis": {"url": "redis://file:1"}}
    assert url(file, REDIS_URL="redis://env:1") == "redis://file:1/9"
    assert url(file, WEPPD_REDIS_URL="redis://own:1") == "redis://own:1/9"


def test_a_database_named_in_the_file_is_kept() -> None:
    """Whoever writes /4 in the file gets database 4."""
    assert url({"redis": {"url": "redis://h:1/4"}}) == "redis://h:1/4"


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ("http://h:1/9", "redis://"),
        ("redis://", "no host"),
        ("redis://h:port/9", "host and port"),
        ("redis://h:70000/9", "host and port"),
        ("redis://h/name", "database's number"),
        ("unix:", "socket's path"),
        ("", "redis://"),
    ],
)
def test_a_wrong_address_is_refused_with_its_reason(bad: str, word: str) -> None:
    """An address that no client could use stops the start, from the file and from REDIS_URL."""
    [line] = problems({"redis": {"url": bad}})
    assert line.startswith("redis.url: ")
    assert word in line
    if bad:
        [line] = problems({}, REDIS_URL=bad)
        assert line.startswith("REDIS_URL: ")


@pytest.mark.parametrize(
    "address",
    [
        "redis://u:s3cret@h:1/9",
        "redis://:s3cret@h:1/9",
        "redis://u:a@s3cret@h:1/9",
        "redis://u:/s3cret?#@h:1/9",
        "http://u:s3cret@h/9",
        "redis://h:1/9?password=s3cret",
    ],
)
def test_passwords_never_show(address: str) -> None:
    """A settings object in a log, or a complaint about the address, shows no password."""
    try:
        shown = repr(Settings.parse({"redis": {"url": address}}, {}))
    except SettingsError as error:
        shown = str(error)
    assert "s3cret" not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    ("said", "preload"),
    [
        ({}, ("tasks.interchange_rq", "tasks.wepp_rq")),
        ({"tasks": {"modules": ["ours", "tasks.wepp_rq"]}}, ("tasks.wepp_rq",)),
        ({"zygote": {"light": {"python": sys.executable}}}, ()),
        ({"zygote": {"light": {"preload": []}}}, ()),
        ({"zygote": {"light": {"preload": ["numpy"]}}}, ("numpy",)),
    ],
)
def test_light_cells_preload_the_tasks_that_are_there(said: dict, preload: tuple) -> None:
    """weppd's own modules of tasks, unless they are no tasks here, or the file says otherwise."""
    assert Settings.parse(said, {}).zygotes["light"].preload == preload


def test_values_of_a_zygotes_environment_never_show() -> None:
    """Variables of a class may be tokens: their names are shown, their values are not."""
    settings = Settings.parse({"zygote": {"light": {"env": {"TOKEN": "s3cret"}}}}, {})
    assert settings.zygotes["light"].env == {"TOKEN": "s3cret"}
    assert "s3cret" not in repr(settings)
    assert "TOKEN" in repr(settings)


@pytest.mark.parametrize(
    ("variable", "text", "table", "key", "value"),
    [
        ("WEPPD_DAEMON_SLOTS", "4", "daemon", "slots", 4),
        ("WEPPD_CANCEL_USR1_GRACE", "0.5", "cancel", "usr1_grace", 0.5),
        ("WEPPD_QUEUES_NAMES", "a, b", "queues", "names", ("a", "b")),
        ("WEPPD_QUEUES_NAMES", '["a","b"]', "queues", "names", ("a", "b")),
        ("WEPPD_TASKS_ALIAS", '{"x":"y"}', "tasks", "alias", {"x": "y"}),
        ("WEPPD_SECURITY_ALLOW", "", "security", "allow", ()),
        ("WEPPD_STOP_MODE", "drain", "stop", "mode", "drain"),
    ],
)
def test_a_variable_overrides_its_key(
    variable: str, text: str, table: str, key: str, value: object
) -> None:
    """WEPPD_<TABLE>_<KEY> beats what the file says, for every type of value."""
    file = {"daemon": {"slots": 1}, "queues": {"names": ["z"]}, "stop": {"mode": "cancel"}}
    settings = Settings.parse(file, {variable: text})
    assert getattr(getattr(settings, table), key) == value


def test_variables_reach_tables_in_tables() -> None:
    """A class of zygotes and an executable are overridden by their own names."""
    env = {
        "WEPPD_ZYGOTE_LIGHT_JOBS_PER_CHILD": "20",
        "WEPPD_WEPP_BINARIES_WEPP_2024_NAME_CHARS": "80",
    }
    settings = Settings.parse({"wepp": {"binaries": {"wepp-2024": {}}}}, env)
    assert settings.zygotes["light"].jobs_per_child == 20
    assert settings.wepp.binaries == {"wepp-2024": Binary(name_chars=80)}


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("WEPPD_DAEMON_SLOTS", "many"),
        ("WEPPD_CANCEL_TERM_GRACE", "soon"),
        ("WEPPD_CANCEL_TERM_GRACE", "nan"),
        ("WEPPD_TASKS_ALIAS", "{"),
        ("WEPPD_TASKS_ALIAS", "[]"),
        ("WEPPD_QUEUES_NAMES", "[1]"),
        ("WEPPD_QUEUES_NAMES", "[oops"),
    ],
)
def test_a_variable_that_cannot_be_read_is_named(variable: str, text: str) -> None:
    """A complaint about a variable names the variable, so that one knows where to look."""
    [line] = problems({}, **{variable: text})
    assert line.startswith(f"{variable}: must be ")


def test_every_problem_is_listed_at_once() -> None:
    """One start shows all that is wrong, each with its key."""
    file: dict[str, object] = {
        "daemon": {"slots": 0, "log_level": "loud", "name": "a b"},
        "stop": {"mode": "kill"},
        "queues": {"names": []},
        "zygote": {"Heavy": {}, "light": {"python": "python3"}},
        "redis": 7,
    }
    keys = [line.split(":")[0] for line in problems(file, WEPPD_JOBS_TIMEOUT="0")]
    assert sorted(keys) == [
        "WEPPD_JOBS_TIMEOUT",
        "daemon.log_level",
        "daemon.name",
        "daemon.slots",
        "queues.names",
        "redis",
        "stop.mode",
        "zygote.Heavy",
        "zygote.light.python",
    ]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ({"deamon": {}}, "deamon: is not known; did you mean daemon?"),
        ({"daemon": {"slot": 1}}, "daemon.slot: is not known; did you mean slots?"),
        ({"zygote": {"light": {"preloads": []}}}, "did you mean preload?"),
        ({"wepp": {"binaries": {"b": {"marker": ""}}}}, "wepp.binaries.b.marker: is not known"),
        ({"a\nb": {}}, "'a\\nb': is not known"),
        ({"queues": {"\x1f": {}}}, "'queues.\\x1f': is not known; known are names, prefetch"),
        ({"queues": {"low": {"cpus": "2"}}}, "queues.low: is not known; did you mean [queue.low]?"),
    ],
)
def test_a_misspelt_key_is_refused_with_the_nearest_one(file: dict[str, object], line: str) -> None:
    """A key that would be silently without effect is a problem."""
    assert line in problems(file)[0]


def test_a_misspelt_variable_is_refused_but_a_jobs_own_variables_are_not() -> None:
    """WEPPD_REDIS_URI would be without effect; WEPPD_JOB_ID is no setting."""
    assert problems({}, WEPPD_REDIS_URI="x")[0].endswith("did you mean WEPPD_REDIS_URL?")
    assert Settings.parse({}, {"WEPPD_JOB_ID": "1", "WEPPD_CONFIG": "/x", "PATH": "/"})


@pytest.mark.parametrize(
    ("table", "key", "bad"),
    [
        ("daemon", "slots", True),
        ("daemon", "slots", 1.0),
        ("daemon", "state_dir", "var/lib"),
        ("daemon", "state_dir", "/var/../etc"),
        ("daemon", "runtime_dir", "/" + "r" * 100),
        ("daemon", "admin_socket", "/" + "s" * 107),
        ("daemon", "name", "x\n"),
        ("cancel", "usr1_grace", -1),
        ("cancel", "usr1_grace", float("inf")),
        ("cancel", "usr1_grace", True),
        ("queues", "names", ["a", "a"]),
        ("queues", "names", "high"),
        ("queues", "names", ["a b"]),
        ("tasks", "modules", ["tasks/wepp"]),
        ("tasks", "alias", {"a": 1}),
        ("security", "allow", ["*"]),
        ("security", "allow", ["os.sys*"]),
        ("security", "allow_types", ["decimal.Decimal"]),
        ("run", "roots", ["runs"]),
        ("wepp", "default_bin", "../wepp"),
        ("wepp", "default_bin", "-c"),
        ("wepp", "binaries", []),
    ],
)
def test_a_value_out_of_range_or_of_another_type_is_refused(
    table: str, key: str, bad: object
) -> None:
    """Each such value stops the start, named by its key."""
    assert problems({table: {key: bad}})[0].startswith(f"{table}.{key}: ")


def test_settings_are_frozen() -> None:
    """Nothing changes settings behind another's back."""
    with pytest.raises(FrozenInstanceError):
        Settings().daemon.slots = 2  # type: ignore[misc]


def test_load_reads_a_file_and_names_it_when_it_is_wrong(tmp_path: Path) -> None:
    """The file's path stands in front of its problems, be they of the file or of its TOML."""
    path = tmp_path / "weppd.toml"
    path.write_text("[daemon]\nslots = 3\n")
    assert load(path, {}).daemon.slots == 3
    assert load(None, {"WEPPD_CONFIG": str(path)}).daemon.slots == 3
    path.write_text("[daemon\n")
    with pytest.raises(SettingsError, match=re.escape(f"{path}: is not TOML: ")):
        load(path, {})
    path.write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="is not TOML"):
        load(path, {})
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load(tmp_path, {})


def test_a_file_that_was_asked_for_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the built-in path may be missing: a typed one that is not there is an error."""
    with pytest.raises(SettingsError, match="no such file"):
        load(tmp_path / "none.toml", {})
    monkeypatch.setattr(st_tables, "DEFAULT_PATH", str(tmp_path / "none.toml"))
    assert load(None, {}).queues == Settings().queues


def test_tasks_see_plain_json() -> None:
    """What a zygote is sent survives JSON, and holds no table that is weppd's own business."""
    settings = Settings.parse({"wepp": {"binaries": {"b": {}}}}, {"REDIS_PASSWORD": "p"})
    seen = for_tasks(settings)
    assert set(seen) == {"run", "wepp", "data", "cancel", "compat", "notify", "redis"}
    back = json.loads(json.dumps(seen))
    assert back["wepp"]["binaries"]["b"]["name_chars"] == 50
    assert back["redis"]["url"] == "redis://:p@localhost:6379/9"
    assert back["run"]["roots"] == list(settings.run.roots)


def test_embedded_keeps_everything_below_one_directory() -> None:
    """A demonstration leaves no file elsewhere, and has an engine without the Fortran one."""
    settings = embedded(Settings(), "unix:///tmp/r.sock?db=9", "/tmp/demo")
    daemon = settings.daemon
    for path in (daemon.state_dir, daemon.runtime_dir, daemon.log_dir, daemon.admin_socket):
        assert path.startswith("/tmp/demo/")
    assert settings.run.roots == ("/tmp/demo/runs",)
    assert settings.wepp.default_bin == "hillsim"
    assert settings.redis.url == "unix:///tmp/r.sock?db=9"


def test_embedded_leaves_the_operators_runs_where_they_are() -> None:
    """Who names roots of runs means them; who names none has them below the one directory."""
    chosen = Settings(run=Run(roots=("/data/runs",)))
    told = embedded(chosen, "unix:///r", "/tmp/d").run
    assert (told.roots, told.batch_root) == (("/data/runs",), "/tmp/d/batch")


def test_embedded_leaves_the_operators_executable_and_refuses_a_long_directory() -> None:
    """hillsim is never put in the place of an executable that was chosen."""
    chosen = Settings.parse({"wepp": {"default_bin": "wepp_250915"}}, {})
    assert embedded(chosen, "unix:///r", "/tmp/d").wepp.default_bin == "wepp_250915"
    with pytest.raises(SettingsError, match="too long for a socket"):
        embedded(chosen, "unix:///r", "/tmp/" + "d" * 100)


def test_hillsim_is_no_default_outside_embedded() -> None:
    """A machine without the executable gets an error, never another model."""
    assert Settings.parse({}, {}).wepp.default_bin == ""


# -- etc/weppd.toml --------------------------------------------------------------------------------


def _keys_of(kind: type) -> set[str]:
    return {one.name for one in fields(kind)}


def test_the_shipped_file_is_the_defaults() -> None:
    """Whoever starts from etc/weppd.toml changes nothing by copying it."""
    assert Settings.parse(tomllib.loads(ETC.read_text()), {}) == Settings()


def test_the_shipped_file_names_every_key_with_its_default() -> None:
    """Uncommented, the file holds each key of each table, and still says nothing but defaults.

    Examples for what depends on the machine (name, slots) may differ.
    """
    text = re.sub(r"(?m)^# (?=(\[wepp|\[queue|[a-z_0-9]+ = ))", "", ETC.read_text())
    file = tomllib.loads(text)
    for name, kind in TABLES.items():
        assert set(file[name]) == _keys_of(kind), name
    assert set(file["zygote"]["light"]) == _keys_of(Zygote)
    assert set(file["queue"]["low"]) == _keys_of(Queue)
    [binary] = file["wepp"]["binaries"].values()
    assert set(binary) == _keys_of(Binary)
    settings = Settings.parse(file, {})
    default = Settings()
    assert settings.wepp.binaries == {"wepp_250915": Binary()}
    assert settings.queue == {"low": Queue()}
    same = replace(settings, daemon=default.daemon, wepp=default.wepp, queue={})
    assert same == default


def test_each_key_of_the_shipped_file_has_a_comment() -> None:
    """Nobody needs to open the manual to know what a key does."""
    lines = ETC.read_text().splitlines()
    bare = [
        line
        for before, line in itertools.pairwise(lines)
        if re.match(r"[a-z_0-9]+ = ", line) and not re.match(r"#|[a-z_0-9]+ = ", before)
    ]
    assert bare == []


# -- any file at all -------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from([*TABLES, "zygote", "other"]),
        ANYTHING
        | st.dictionaries(
            st.sampled_from(["url", "names", "slots", "binaries", "light"]), ANYTHING
        ),
    ),
    st.dictionaries(
        st.sampled_from(["REDIS_URL", "REDIS_HOST", "REDIS_PORT", "WEPPD_DAEMON_SLOTS"]), st.text()
    ),
)
def test_any_file_gives_settings_or_a_list_of_problems(
    file: dict[str, object], env: dict[str, str]
) -> None:
    """Whatever is written in the file, weppd starts or says why not; it never shows a traceback."""
    complaints: tuple[str, ...] = ()
    settings = None
    try:
        settings = Settings.parse(file, env)
    except SettingsError as error:
        complaints = error.problems
    assert bool(settings) != bool(complaints)
    assert all(": " in line and line.isprintable() for line in complaints)


def test_a_switch_is_true_or_false():
    """[flask] legacy_get_cancel is a TOML boolean, or true, false, 1 or 0 in its variable."""
    assert Settings.parse({"flask": {"legacy_get_cancel": True}}, {}).flask.legacy_get_cancel
    for text, value in (("true", True), ("0", False)):
        told = Settings.parse({}, {"WEPPD_FLASK_LEGACY_GET_CANCEL": text})
        assert told.flask.legacy_get_cancel is value
    with pytest.raises(SettingsError, match="WEPPD_FLASK_LEGACY_GET_CANCEL: must be true or false"):
        Settings.parse({}, {"WEPPD_FLASK_LEGACY_GET_CANCEL": "perhaps"})


def test_an_address_may_name_sentinels():
    """Hosts, the master's name, user and database are read; another database is another address."""
    url = "redis+sentinel://weppd:s%40cret@a:1,b/weppcloud"
    told = settings_redis.sentinels(url)
    assert (told.places, told.master, told.db) == ((("a", 1), ("b", 26379)), "weppcloud", 9)
    assert (told.username, told.password) == ("weppd", "s@cret")
    assert settings_redis.with_db(url, 2) == f"{url}/2"
    assert settings_redis.with_db(f"{url}/9", 2) == f"{url}/2"
    assert (settings_redis.db_of(url), settings_redis.db_of(f"{url}/9")) == (None, 9)
    assert "cret" not in settings_redis.masked(url) + repr(told)
    for wrong in ("redis+sentinel://a:1", "redis+sentinel://a:x/m/9", "redis+sentinel:///m"):
        assert "redis+sentinel://host:26379" in settings_redis.check(wrong)
    tail = "?ssl_ca_certs=/ca&sentinel_password=hu%26sh"
    told = settings_redis.sentinels(f"{url.replace('+', 's+')}/3{tail}")
    assert (told.tls, told.certificates, told.login) == (True, {"ssl_ca_certs": "/ca"}, ("hu&sh",))
    assert settings_redis.with_db(f"{url}/9?sentinel_password=x", 2).endswith(
        "/2?sentinel_password=x"
    )
    assert "hu" not in settings_redis.masked(f"{url}{tail}") + repr(told)
    assert settings_redis.check(f"{url}?ssl_ca_certs=/ca")
    assert Settings.parse({"redis": {"url": url}}, {}).redis.url == f"{url}/9"


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost:6379/9",
        "redis://here",
        "redis://here/3?db=4",
        "redis://anna:p%40ss@[::1]:7000/2",
        "redis://:secret@here:7000",
        "redis://here/1?username=anna&password=a%2520b",
        "rediss://here:7001/0?ssl_ca_certs=/etc/ca.pem&ssl_cert_reqs=none",
        "unix:///run/redis.sock?db=9",
        "unix://anna:secret@/run/red%20is.sock",
    ],
)
def test_an_address_is_read_as_redis_py_reads_it(url):
    """The daemon has a reader of its own, for that of redis-py comes with all of redis-py."""
    theirs = dict(parse_url(url))
    theirs.pop("connection_class", None)
    if not url.startswith("unix"):
        theirs.setdefault("port", 6379)
    assert settings_redis.parts_of(url) == theirs


def test_the_daemon_does_without_redis_py():
    """It is six megabytes in every daemon, and a tenth of a second at its start."""
    code = "import sys, weppd.command, weppd.daemon; print('redis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

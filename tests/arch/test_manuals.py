"""The manual pages and the unit file say what the programs do: nothing left out."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import pytest

from tests.arch.source import ROOT
from weppd import task
from weppd.cell.quota import weights
from weppd.settings import TABLES, Binary, Queue, Zygote

MAN = ROOT / "man"
PAGES = sorted(MAN.iterdir())
SYSTEMD = ROOT / "systemd"
UNIT = SYSTEMD / "weppd.service"
UNITS = [SYSTEMD / name for name in ("weppd.service", "weppd@.service", "weppd.socket")]
needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"
)


def _plain(page: str) -> str:
    """A page without its markup."""
    text = (MAN / page).read_text()
    text = re.sub(r"^\.(It )?(Li|Pa|Ev|Fl|Ar|Xr|It) ?", "", text, flags=re.MULTILINE)
    return re.sub(r"\\(\(..|[-&])", lambda m: {r"\-": "-", r"\(dq": '"'}.get(m[0], ""), text)


def _section(table: str) -> str:
    page = _plain("weppd.toml.5")
    return page.split(f".Ss [{table}]\n", 1)[1].split("\n.Ss ", 1)[0].split("\n.Sh ", 1)[0]


def _item(section: str, key: str) -> str:
    found = re.search(
        rf"^{key}\n(.*?)(?=^\.El|^[a-z_0-9]+\n(?=[A-Z]))", section + "\n.El", re.M | re.S
    )
    assert found, f"{key} has no item"
    return found[1]


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        *TABLES.items(),
        ("queue.<name>", Queue),
        ("zygote.<class>", Zygote),
        ("wepp.binaries.<name>", Binary),
    ],
)
def test_the_manual_has_every_key_with_its_default(table: str, kind: type) -> None:
    """weppd.toml(5) leaves out no key, and the defaults that it names are the true ones."""
    section = _section(table)
    for one in fields(kind):
        if one.name != "binaries":
            text = _item(section, one.name)
            assert "Default:" in text, one.name
            assert _shown(one) in text.replace("\n", " "), one.name


def _shown(one: Field[Any]) -> str:
    """What the page must hold of a default; nothing where it depends on the machine or is none."""
    value = one.default_factory() if one.default_factory is not MISSING else one.default
    if one.name in ("name", "slots") or value in ("", (), {}):
        return ""
    if isinstance(value, tuple):
        return " , ".join(value)
    if isinstance(value, dict):
        return " , ".join(f'"{k}" = "{v}"' for k, v in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_the_manual_has_every_option_and_exit_code() -> None:
    """weppd(8) leaves out no option of weppd, and names the codes that it ends with."""
    from weppd import command

    page = _plain("weppd.8")
    parsers = [command._parser(), *map(command._service_parser, command.SERVICE)]
    options = re.findall(r"--([a-z-]+)", "".join(each.format_help() for each in parsers))
    assert options
    for option in set(options):
        assert re.search(rf"^-{option}\b", page, re.MULTILINE), option
    codes = set(re.findall(r"^(\d+)$", page, re.MULTILINE))
    own = (command.EX_REFUSED, command.EX_SOFTWARE, command.EX_TEMPFAIL, command.EX_CONFIG)
    assert codes == {"0", "2", *map(str, own)}


def test_the_manual_has_every_option_of_a_task_and_every_word_of_the_context() -> None:
    """weppd-tasks(7) leaves out nothing of what a task may ask for."""
    page = (MAN / "weppd-tasks.7").read_text()
    options = set(inspect.signature(task.task).parameters)
    words = {name for name in vars(task.Context) if name[0] != "_"}
    for name in options | words:
        assert re.search(rf"\b{name}\b", page), name


def test_the_manual_has_all_that_a_task_may_say_and_ask() -> None:
    """weppd-tasks(7) leaves out no option of @task, and nothing that a job's context has."""
    page = (MAN / "weppd-tasks.7").read_text()
    options, context = page.split(".Sh THE CONTEXT", 1)
    given = inspect.signature(task.task).parameters.values()
    for name in (each.name for each in given if each.kind is each.KEYWORD_ONLY):
        assert re.search(rf"^\.It Li {name}$", options, re.MULTILINE), name
    context = context.partition(".Sh ")[0]
    entries = re.findall(r"^\.It (Li|Fn) (.*)$", context, re.MULTILINE)
    fields = {word for kind, rest in entries if kind == "Li" for word in rest.split(" , ")}
    calls = {rest.split()[0]: rest.split()[1:] for kind, rest in entries if kind == "Fn"}
    public = {*vars(task.Context), *task.Context.__annotations__}
    assert fields | set(calls) == {name for name in public if not name.startswith("_")}
    for name, words in calls.items():
        parameters = list(inspect.signature(getattr(task.Context, name)).parameters)
        assert words == parameters[1:], name


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed here")
@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_pages_can_be_set(page: Path) -> None:
    """man shows each page without a complaint about its markup."""
    done = subprocess.run(
        ["groff", "-mdoc", "-Tutf8", "-ww", "-z", str(page)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@needs_analyze
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """systemd-analyze finds nothing wrong with the units, on the oldest systemd of Debian 12."""
    names = []
    for path in UNITS:
        text = path.read_text().replace("/opt/weppd/bin/weppd", "/bin/true")
        text = re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE)
        names.append(str(tmp_path / path.name.replace("@.", "@batch.")))
        (tmp_path / path.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True
    )
    ours = [line for line in done.stderr.splitlines() if "weppd" in line]
    assert (done.returncode, ours) == (0, [])


@needs_analyze
def test_the_unit_is_hardened(tmp_path: Path) -> None:
    """What `systemd-analyze security` finds exposed is 3.0 at most ("OK")."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/weppd/bin/weppd", "/bin/true"))
    ask = ["systemd-analyze", "security", "--offline=yes", "--threshold=30", "--no-pager"]
    done = subprocess.run([*ask, str(unit)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_several_instances_are_run_as_one_is() -> None:
    """weppd@.service differs from weppd.service in its places alone."""
    one, many = (_directives(SYSTEMD / name) for name in ("weppd.service", "weppd@.service"))
    many = {re.sub(r"-%i$", "", line).replace("/%i.", "/weppd.") for line in many}
    assert one - many == {
        "Wants=network-online.target weppd.socket",
        "After=network-online.target remote-fs.target redis-server.service"
        " valkey-server.service weppd.socket",
        "Sockets=weppd.socket",
        "Description=weppd, supervisor of WEPPcloud's jobs",
        "Also=weppd.socket",
    }


def _directives(unit: Path) -> set[str]:
    return {line for line in unit.read_text().splitlines() if line and line[0] not in "#["}


def test_the_socket_is_where_weppd_and_weppdctl_look() -> None:
    """The unit's admin socket is the default of both sides, and in a directory of no service."""
    assert f"ListenStream={TABLES['daemon']().admin_socket}" in _directives(
        SYSTEMD / "weppd.socket"
    )
    assert "RuntimeDirectory=weppd-admin" not in _directives(UNIT)


def test_jobs_may_have_more_than_everybodys_weight() -> None:
    """The lowest nice value that `cpu.weight` has is allowed, by a limit and no capability."""
    lines = UNIT.read_text().splitlines()
    assert f"LimitNICE={weights.nice_of(10_000)}" in lines
    assert "CapabilityBoundingSet=" in lines


def test_the_unit_leaves_running_jobs_alone() -> None:
    """Stop and restart reach weppd only, and take neither /tmp nor the cells' files from jobs."""
    lines = UNIT.read_text().splitlines()
    for line in (
        "Type=notify",
        "KillMode=process",
        "PrivateTmp=no",
        "RuntimeDirectoryPreserve=yes",
        "StartLimitIntervalSec=0",
        "RestartPreventExitStatus=75 78",
        "TasksMax=infinity",
        "OOMPolicy=continue",
    ):
        assert line in lines
    stop = next(int(line.split("=")[1]) for line in lines if line.startswith("TimeoutStopSec="))
    assert stop > TABLES["stop"]().timeout

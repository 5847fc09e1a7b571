"""The manual page of weppdctl says what the program does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from weppd.ctl import talk
from weppd.ctl.cli import cli, verbs

PAGE = Path(__file__).parents[2] / "man" / "weppdctl.1"


def sections(macro: str) -> dict[str, str]:
    """The text below each heading of that macro, by the heading."""
    parts = re.split(rf"^\.{macro} (.+)\n", PAGE.read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def described(text: str) -> set[str]:
    """The options that have an entry of their own: {"-f", "--follow"}."""
    entries = re.findall(r"^\.It (Fl .+)$", text, flags=re.M)
    return {f"-{flag}" for entry in entries for flag in re.findall(r"Fl (\S+)", entry)}


def options(command: click.Command) -> set[str]:
    return {name for each in command.params if isinstance(each, click.Option) for name in each.opts}


SHARED = {"--json", "--socket"}


def test_every_verb_has_its_part() -> None:
    """The page has each verb of the program, in order, and no other."""
    assert list(sections("Ss")) == sorted(verbs())


@pytest.mark.parametrize("verb", sorted(verbs()))
def test_every_option_is_described(verb: str) -> None:
    """The options of each verb are those that the page describes."""
    text = sections("Ss")[verb].partition("\n.Sh ")[0]
    assert described(text) == options(verbs()[verb]) - SHARED


def test_the_shared_options_are_described() -> None:
    """So are those that all verbs take, and the program's own."""
    expected = SHARED | options(cli) | {"-h", "--help"}
    assert described(sections("Sh")["OPTIONS"]) == expected


def test_the_exit_codes_are_described() -> None:
    """The page lists the codes that the program's errors have."""
    codes = {0, talk.Failure.exit_code, click.UsageError.exit_code}
    codes |= {talk.NobodyThere.exit_code, talk.NotFound.exit_code}
    listed = re.findall(r"^\.It (\d)$", sections("Sh")["EXIT STATUS"], flags=re.M)
    assert [int(code) for code in listed] == sorted(codes)
    assert talk.DEFAULT_SOCKET in sections("Sh")["FILES"]


@pytest.mark.parametrize(
    "command", [("mandoc", "-Tlint", "-Wwarning"), ("groff", "-mdoc", "-Tutf8", "-ww", "-z")]
)
@pytest.mark.parametrize("page", sorted(PAGE.parent.iterdir()), ids=lambda page: page.name)
def test_the_pages_are_clean(command: tuple[str, ...], page: Path) -> None:
    """The formatters have no complaint."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]} on this machine")
    done = subprocess.run([*command, str(page)], capture_output=True, text=True, timeout=30)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shells_complete_what_the_program_has(shell: str) -> None:
    """The files that make shells complete weppdctl's words are the program's own."""
    ask = [sys.executable, "-m", "weppd.ctl"]
    env = {**os.environ, "_WEPPDCTL_COMPLETE": f"{shell}_source"}
    done = subprocess.run(ask, env=env, capture_output=True, text=True, timeout=30)
    kept = PAGE.parents[1] / "systemd" / "completion" / f"weppdctl.{shell}"
    assert kept.read_text() == done.stdout


def test_a_shell_is_told_the_verbs() -> None:
    """`weppdctl dr<TAB>` offers drain."""
    words = {"_WEPPDCTL_COMPLETE": "bash_complete", "COMP_WORDS": "weppdctl dr", "COMP_CWORD": "1"}
    ask = [sys.executable, "-m", "weppd.ctl"]
    done = subprocess.run(ask, env={**os.environ, **words}, capture_output=True, text=True)
    assert done.stdout.split() == ["plain,drain"]

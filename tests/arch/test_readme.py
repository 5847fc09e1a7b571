"""The README promises nothing that is not there."""

from __future__ import annotations

import ast
import importlib.util
import re
import tomllib

import pytest

from tests.arch.source import ROOT
from weppd.ctl.cli import verbs
from weppd.settings import Settings

README = (ROOT / "README.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", _blocks("toml"))
def test_settings_in_the_readme_are_settings(block: str) -> None:
    """Whoever copies a table from the README gets no complaint."""
    assert Settings.parse(tomllib.loads(block), {})


@pytest.mark.parametrize("block", _blocks("python"))
def test_code_in_the_readme_names_what_exists(block: str) -> None:
    """Whoever copies code from the README imports modules that are there, and names that are."""
    for node in ast.walk(ast.parse(block)):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            assert [a.name for a in node.names if not hasattr(module, a.name)] == []


def test_tasks_in_the_readme_exist() -> None:
    """Whoever enqueues a task as the README does enqueues one that is there."""
    named = set(re.findall(r"\btasks\.(\w+)\.(\w+)\b", README))
    assert named
    for module, function in named:
        source = (ROOT / "tasks" / f"{module}.py").read_text()
        assert re.search(rf"^def {function}\(", source, re.MULTILINE), function


def test_commands_in_the_readme_exist() -> None:
    """Each verb of weppdctl and each word of make that the README names is there."""
    named = set(re.findall(r"^weppdctl ([a-z]+)", README, re.MULTILINE))
    assert named
    assert named <= set(verbs())
    menu = (ROOT / "Makefile").read_text()
    for word in set(re.findall(r"`?make ([a-z-]+)", README)):
        assert re.search(rf"^{word}:", menu, re.MULTILINE), word


def test_files_in_the_readme_exist() -> None:
    """Each file of the project that the README speaks of is there."""
    for path in re.findall(r"`((?:etc|systemd|tasks|weppd|man)/[\w./]+)`", README):
        assert (ROOT / path).exists(), path

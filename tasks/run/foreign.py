"""Documents of a run that another program wrote with jsonpickle: looked at, never written.

Their JSON comes in two dialects, by the Python that wrote it: an object's fields lie beside its
class's name, or below `py/state`. A list, dictionary or object that occurs again is `{"py/id": n}`,
the nth container from the top in the order of the text, the root being 0.

What is read here becomes plain Python: objects are dictionaries with their class's name under
`CLASS`, tuples and sets their own kind. Values that only their class could rebuild (enumerations,
arrays) come as `Opaque` and are an error only where somebody asks for their content.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLASS = "py/object"
_MARKS = ("py/tuple", "py/set", "py/b64", "py/type", "py/reduce", "py/id")


class ForeignDocument(Exception):
    """A document that is not ours to write, or that lacks what is asked of it."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that only its class can rebuild: what the document says of it."""

    kind: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Foreign:
    """A read-only view of the document at `path`, the fields of its root object in `fields`."""

    path: Path
    kind: str
    fields: Mapping[str, Any]

    def get(self, *names: str) -> Any:
        """The field `names[0]`, in it the field `names[1]`, and so on.

        Fields may carry a leading underscore, as attributes behind properties do. ForeignDocument
        names the document and the field where there is none.
        """
        here: Any = self.fields
        for name in names:
            found = [key for key in (name, f"_{name}") if isinstance(here, Mapping) and key in here]
            if not found:
                raise ForeignDocument(f"{self.path}: {self.kind} has no field {'.'.join(names)}")
            here = here[found[0]]
        return here


def is_foreign(text: str | bytes) -> bool:
    """Whether the JSON of a document says that jsonpickle wrote it.

    ValueError where the text is no JSON.
    """
    root = json.loads(text)
    return isinstance(root, dict) and CLASS in root


def read(path: Path) -> Foreign:
    """The view of the document at `path`.

    FileNotFoundError; ForeignDocument where it is not JSON, or not jsonpickle's.
    """
    try:
        root = json.loads(path.read_bytes())
    except ValueError as error:
        raise ForeignDocument(f"{path} is not JSON: {error}") from error
    if not isinstance(root, dict) or CLASS not in root:
        raise ForeignDocument(f"{path} names no class: it was not written by jsonpickle")
    fields = _Decoder(path).decode(root)
    return Foreign(path, str(root[CLASS]), fields)


class _Decoder:
    """Decodes one document; keeps its containers in their order, for references to them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._containers: list[Any] = []

    def decode(self, node: Any) -> Any:
        if isinstance(node, list):
            return self._fill_list(node)
        if not isinstance(node, dict):
            return node
        mark = next((mark for mark in _MARKS if mark in node), None)
        if mark:
            return self._marked(mark, node[mark])
        return self._object(node) if CLASS in node else self._fill_dict(node)

    def _object(self, node: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {CLASS: node[CLASS]}
        self._containers.append(made)
        state = node.get("py/state", node)
        if state is not node:
            # The state is a container of its own, and a reference to it is one to the object.
            self._containers.append(made)
            if not isinstance(state, dict):
                made["py/state"] = self.decode(state)
                return made
        for key, value in state.items():
            if not key.startswith("py/"):
                made[key] = self.decode(value)
        return made

    def _fill_dict(self, node: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        self._containers.append(made)
        for key, value in node.items():
            made[key] = self.decode(value)
        return made

    def _fill_list(self, node: list[Any]) -> list[Any]:
        made: list[Any] = []
        self._containers.append(made)
        made.extend(self.decode(value) for value in node)
        return made

    def _marked(self, mark: str, value: Any) -> Any:
        if mark == "py/id":
            return self._referred(value)
        if mark == "py/tuple":
            return tuple(self.decode(item) for item in value)
        if mark == "py/set":
            return frozenset(self.decode(item) for item in value)
        if mark == "py/b64":
            return base64.b64decode(value)
        if mark == "py/type":
            return Opaque(str(value))
        return self._reduced(value)

    def _reduced(self, value: list[Any]) -> Opaque:
        place = len(self._containers)
        self._containers.append(None)
        kind, *arguments = (self.decode(item) for item in value)
        name = kind.kind if isinstance(kind, Opaque) else str(kind)
        self._containers[place] = made = Opaque(name, tuple(arguments))
        return made

    def _referred(self, number: Any) -> Any:
        if not isinstance(number, int) or not 0 <= number < len(self._containers):
            raise ForeignDocument(f"{self._path}: a reference to container {number!r}, not there")
        return self._containers[number]

"""Documents of a run that another program wrote with jsonpickle: looked at, never written.

Their JSON comes in two dialects, by the Python that wrote it: an object's fields lie beside its
class's name, or below `py/state`. A list, dictionary or object that occurs again is `{"py/id": n}`,
the nth container from the top in the order of the text, the root being 0. Before its version 2
jsonpickle counted no dictionaries, and documents of the first dialect may be older than that: what
the two counts find differently is opaque, unless another reference tells which of them is right.

What is read here becomes plain Python: objects are dictionaries with their class's name under
`CLASS`, tuples and sets their own kind. Values that only their class could rebuild (enumerations,
arrays) come as `Opaque` and are an error only where somebody asks for their content.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLASS = "py/object"
_MARKS = ("py/tuple", "py/set", "py/b64", "py/type", "py/reduce", "py/id")
#: Of dates and the like, which only their class could rebuild.
_HANDLED = "__reduce__"
#: What an object is made with besides its state: not looked at, but its containers count.
_MADE_WITH = ("py/newargs", "py/newargsex", "py/seq")


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


# A stage of a run asks for a few documents a dozen times, and those of large watersheds take half a
# second each; the text is the key, since a network file system's times lag behind.
_KEPT = 8


@functools.lru_cache(_KEPT)
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
    return _read(path, path.read_bytes())


@functools.lru_cache(_KEPT)
def _read(path: Path, text: bytes) -> Foreign:
    try:
        root = json.loads(text)
    except ValueError as error:
        raise ForeignDocument(f"{path} is not JSON: {error}") from error
    if not isinstance(root, dict) or CLASS not in root:
        raise ForeignDocument(f"{path} names no class: it was not written by jsonpickle")
    decoder = _Decoder(path, newer=isinstance(root.get("py/state"), dict))
    fields = decoder.decode(root)
    if decoder.newer and decoder.doubts:
        fields = _Decoder(path, newer=True).decode(root)
    return Foreign(path, str(root[CLASS]), fields)


class _Decoder:
    """Decodes one document; keeps its containers in their order, for references to them.

    `newer` is whether dictionaries are known to count; `doubts` are references that could not be
    told without knowing it.
    """

    def __init__(self, path: Path, *, newer: bool) -> None:
        self._path, self.newer, self.doubts = path, newer, 0
        self._containers: list[Any] = []
        #: The same without plain dictionaries.
        self._older: list[Any] = []

    def decode(self, node: Any) -> Any:
        if isinstance(node, list):
            return self._fill_list(node)
        if not isinstance(node, dict):
            return node
        mark = next((mark for mark in _MARKS if mark in node), None)
        if mark:
            return self._marked(mark, node[mark])
        return self._object(node) if CLASS in node else self._fill_dict(node)

    def _object(self, node: dict[str, Any]) -> Any:
        if _HANDLED in node:
            return self._counted(Opaque(str(node[CLASS])))
        made: dict[str, Any] = self._counted({CLASS: node[CLASS]})
        for key in _MADE_WITH:
            if key in node:
                self._passed(node[key])
        state = node.get("py/state", node)
        if state is not node and isinstance(state, dict):
            # The state is a container of its own, and a reference to it is one to the object.
            self._containers.append(made)
        elif state is not node:
            if state is not None:
                made["py/state"] = self.decode(state)
            return made
        for key, value in state.items():
            if not key.startswith("py/"):
                made[key] = self.decode(value)
        return made

    def _passed(self, value: Any) -> None:
        """Count the containers of what is not looked at."""
        for one in value if isinstance(value, list) else [value]:
            self.decode(one)

    def _counted(self, made: Any) -> Any:
        self._containers.append(made)
        self._older.append(made)
        return made

    def _fill_dict(self, node: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        self._containers.append(made)
        for key, value in node.items():
            made[key] = self.decode(value)
        return made

    def _fill_list(self, node: list[Any]) -> list[Any]:
        made: list[Any] = self._counted([])
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
        place, older = len(self._containers), len(self._older)
        self._counted(None)
        kind, *arguments = (self.decode(item) for item in value)
        name = kind.kind if isinstance(kind, Opaque) else str(kind)
        made = self._containers[place] = self._older[older] = Opaque(name, tuple(arguments))
        return made

    def _referred(self, number: Any) -> Any:
        if type(number) is not int or not 0 <= number < len(self._containers):
            raise ForeignDocument(f"{self._path}: a reference to container {number!r}, not there")
        found = self._containers[number]
        if number >= len(self._older):
            self.newer = True
        if self.newer or self._older[number] is found:
            return found
        self.doubts += 1
        return Opaque("py/id", (number,))

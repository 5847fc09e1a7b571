"""The documents of a run: `<name>.nodb`, JSON with a schema, changed by one holder at a time.

A document is a pydantic model. It is read at any time, and changed inside `locked`::

    class Soils(Document, name="soils", version=1):
        clip_depth_mm: float | None = None

    with Soils.locked(wd) as soils:
        soils.clip_depth_mm = 500.0

The block's end writes it, whole, unless the block ended in an exception. What another program wrote
(with jsonpickle) is never written over, a document that changed on disk since it was read is not
either, and a run with the marker READONLY is left as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.run import foreign, lateness, locks
from tasks.run.atomic import replace_text
from tasks.run.directory import READONLY as READONLY
from tasks.run.directory import NotPrepared, RunDirectory, runid_of
from tasks.run.directory import ReadOnlyRun as ReadOnlyRun


class BrokenDocument(Exception):
    """A document that cannot be read as what it should be; the message names file and reason."""


class NoDbStaleWriteError(Exception):
    """The document changed on disk since it was read; nothing was written."""


class Document(BaseModel):
    """A document of a run; subclasses give their file's `name` and the `version` of their fields.

    Fields that a newer program added are kept as they are.
    """

    model_config = ConfigDict(extra="allow", validate_assignment=True, populate_by_name=True)
    document_name: ClassVar[str] = ""
    document_version: ClassVar[int] = 1

    form: str = Field(default="", alias="schema")

    def __init_subclass__(cls, *, name: str = "", version: int = 1, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.document_name, cls.document_version = name or cls.document_name, version

    @classmethod
    def path(cls, wd: str | Path) -> Path:
        """Where the document of the run in `wd` lies."""
        return Path(wd) / f"{cls.document_name}.nodb"

    @classmethod
    def load(cls, wd: str | Path, *, awaited: bool = False) -> Self:
        """The document of the run in `wd`.

        One that is `awaited` is looked for as long as a network file system may be late with it.
        NotPrepared where there is none, ForeignDocument where jsonpickle wrote it, BrokenDocument
        for anything else that cannot be read.
        """
        path = cls.path(wd)
        if awaited:
            lateness.missing(path)
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            raise NotPrepared(f"{path} does not exist: run the step that makes it first") from None
        return cls._parse(path, text)

    @classmethod
    def or_new(cls, wd: str | Path) -> Self:
        """The document of the run in `wd`, one with its defaults where there is none; as `load`."""
        return cls.load(wd) if cls.path(wd).exists() else cls()

    @classmethod
    @contextmanager
    def locked(cls, wd: str | Path, *, wait: float = 0.0) -> Iterator[Self]:
        """Hold the document's lock, give it as it is on disk, and write it at the block's end.

        A document that is not there begins with its defaults. NoDbAlreadyLockedError where another
        holds it, after `wait` seconds; ReadOnlyRun; NoDbStaleWriteError; what `load` raises.
        """
        path, runid = cls.path(wd), runid_of(Path(wd))
        RunDirectory(Path(wd)).refuse_readonly()
        with locks.locked(runid, path.name, wait=wait):
            before = _digest(path)
            document = cls.load(wd) if before else cls()
            yield document
            RunDirectory(Path(wd)).refuse_readonly()
            if _digest(path) != before:
                raise NoDbStaleWriteError(f"{path} changed while it was held: read it again")
            replace_text(path, document.dump())

    @classmethod
    def islocked(cls, wd: str | Path) -> bool:
        """Whether somebody holds the document."""
        return locks.owner(runid_of(Path(wd)), cls.path(wd).name) is not None

    def dump(self) -> str:
        """The text of the document: the same fields give the same bytes."""
        self.form = f"{self.document_name}/{self.document_version}"
        fields = self.model_dump(mode="json", by_alias=True)
        return json.dumps(fields, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def _parse(cls, path: Path, text: bytes) -> Self:
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BrokenDocument(f"{path} is not JSON: {error}") from error
        if isinstance(fields, dict) and foreign.CLASS in fields:
            raise foreign.ForeignDocument(
                f"{path} was written by {fields[foreign.CLASS]}: it is read, never written over"
            )
        cls._check_form(path, fields)
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise BrokenDocument(f"{path}: {where}: {first['msg']}") from error

    @classmethod
    def _check_form(cls, path: Path, fields: Any) -> None:
        form = fields.get("schema") if isinstance(fields, dict) else None
        name, _, version = str(form).partition("/")
        if name != cls.document_name or not version.isdecimal():
            raise BrokenDocument(f"{path}: schema {form!r} is not that of {cls.document_name}")
        if int(version) > cls.document_version:
            raise BrokenDocument(
                f"{path}: schema {form} is newer than this program's, {cls.document_version}"
            )


def _digest(path: Path) -> str | None:
    """What the file is now, by its content: time stamps lag behind on network file systems."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None

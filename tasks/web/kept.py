"""What pages send of a run's wishes, put into the run's documents by the buttons that read them.

::

    run_omni, run_omni_contrasts    omni.nodb      as the document calls them
    build_landuse                   landuse.nodb   nlcd_db, map, classes
    build_soils                     soils.nodb     initial_sat, ssurgo_db, map
    build_climate                   climate.nodb   spatial, station

A field that is not sent, or sent empty, stays as it is in the document. Forms send a list as its
JSON. Whatever else a form has is of models that are not here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from tasks.omni.documents import Omni
from tasks.run.foreign import ForeignDocument
from tasks.run.locks import NoDbAlreadyLockedError
from tasks.run.nodb import BrokenDocument, Document, NoDbStaleWriteError, ReadOnlyRun
from tasks.wepp.documents import Climate, Landuse, Soils
from weppd.task import Refused

_PATIENCE_S = 5.0
_NOT_OURS = (
    *(BrokenDocument, ForeignDocument, NoDbAlreadyLockedError, NoDbStaleWriteError, ReadOnlyRun),
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """A document, and which of its fields each of a page's fields is."""

    document: type[Document]
    fields: Mapping[str, str]

    def keep(self, run_dir: Path, sent: Mapping[str, object]) -> None:
        """Put what was sent into the document; ValueError names what makes no sense.

        Refused where the document is another's, is held, or the run is marked.
        """
        told = {n: _value(n, sent[n]) for n in self.fields if sent.get(n) not in (None, "")}
        if not told:
            return
        try:
            with self.document.locked(run_dir, wait=_PATIENCE_S) as document:
                for name, value in told.items():
                    setattr(document, self.fields[name], value)
        except ValidationError as error:
            first = error.errors()[0]
            raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        except _NOT_OURS as error:
            raise Refused(str(error)) from None


def _same(document: type[Document], *names: str, **others: str) -> Wishes:
    return Wishes(document, {name: name for name in names} | others)


SCENARIOS = _same(Omni, "scenarios", "use_rq_job_pool_concurrency")
CONTRASTS = _same(
    Omni,
    *("contrast_pairs", "contrast_groups", "contrast_objective", "contrast_share"),
    *("contrast_hillslopes", "contrast_batch_size"),
)
LANDUSE = _same(Landuse, "nlcd_db", "map", "classes")
SOILS = _same(Soils, "ssurgo_db", "map", initial_sat="initial_saturation")
CLIMATE = _same(Climate, "spatial", "station")


def _value(name: str, sent: object) -> object:
    if not (isinstance(sent, str) and sent.lstrip().startswith("[")):
        return sent
    try:
        return json.loads(sent)
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from None

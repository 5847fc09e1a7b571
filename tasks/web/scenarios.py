"""What the pages of scenarios and contrasts send, put into the run's omni.nodb.

A field that is not sent stays as it is in the document. Forms send a list as its JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from tasks.omni.documents import Omni
from tasks.run.foreign import ForeignDocument
from tasks.run.locks import NoDbAlreadyLockedError
from tasks.run.nodb import BrokenDocument, NoDbStaleWriteError, ReadOnlyRun
from weppd.task import Refused

SCENARIOS = ("scenarios", "use_rq_job_pool_concurrency")
CONTRASTS = (
    *("contrast_pairs", "contrast_groups", "contrast_objective", "contrast_share"),
    *("contrast_hillslopes", "contrast_batch_size"),
)
_PATIENCE_S = 5.0
_NOT_OURS = (
    *(BrokenDocument, ForeignDocument, NoDbAlreadyLockedError, NoDbStaleWriteError, ReadOnlyRun),
)


def keep(fields: tuple[str, ...], run_dir: Path, sent: Mapping[str, object]) -> None:
    """Put what was sent of `fields` into the document; ValueError names what makes no sense.

    Refused where the document is another's, is held, or the run is marked.
    """
    told = {name: _value(name, sent[name]) for name in fields if name in sent}
    if not told:
        return
    try:
        with Omni.locked(run_dir, wait=_PATIENCE_S) as document:
            for name, value in told.items():
                setattr(document, name, value)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except _NOT_OURS as error:
        raise Refused(str(error)) from None


def _value(name: str, sent: object) -> object:
    if not (isinstance(sent, str) and sent.lstrip().startswith("[")):
        return sent
    try:
        return json.loads(sent)
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from None

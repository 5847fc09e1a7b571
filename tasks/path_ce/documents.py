"""What is asked of the choice of treatments, `path_ce.nodb`, in our words or in WEPPcloud's.

WEPPcloud's document is read and never written; what came of either is in `path/results.json`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tasks.run import foreign
from tasks.run.directory import NotPrepared
from tasks.run.foreign import ForeignDocument
from tasks.run.nodb import Document


class Treatment(BaseModel):
    """A treatment: the scenario that shows it, how much of it, what a unit and its start cost.

    Costs are `area (ha) x unit_cost x quantity`, and `fixed_cost` once where it is used at all.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    label: str = Field(min_length=1)
    scenario: str = Field(min_length=1)
    quantity: float = Field(ge=0.0, allow_inf_nan=False)
    unit_cost: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    fixed_cost: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)


#: As production offers them; tons of mulch per acre.
MULCHES = tuple(
    Treatment(label=f"Mulch {tons:.1f} tons/acre", scenario=f"mulch_{share}_sbs_map", quantity=tons)
    for tons, share in ((0.5, 15), (1.0, 30), (2.0, 60))
)
Severity = Literal["High", "Moderate", "Low", "Unknown"]


class Asked(BaseModel):
    """What is asked: thresholds of a hillslope's yield (t) and of the watershed's measure."""

    model_config = ConfigDict(extra="ignore")

    post_fire_scenario: str = "sbs_map"
    undisturbed_scenario: str | None = "undisturbed"
    sdyd_threshold: float = Field(default=0.0, allow_inf_nan=False)
    sddc_threshold: float = Field(default=0.0, allow_inf_nan=False)
    slope_range: tuple[float | None, float | None] = (None, None)  # degrees
    severity_filter: list[Severity] | None = None
    treatment_options: tuple[Treatment, ...] = MULCHES

    @field_validator("treatment_options")
    @classmethod
    def _distinct(cls, found: tuple[Treatment, ...]) -> tuple[Treatment, ...]:
        labels = [treatment.label for treatment in found]
        if not labels or len(set(labels)) < len(labels):
            raise ValueError("give at least one treatment, each with a label of its own")
        return found


class PathCe(Document, name="path_ce", version=1):
    """The document: what is asked, and how far its last run is."""

    config: Asked = Asked()
    status: str = "idle"
    status_message: str = ""
    progress: float = 0.0


def asked(root: Path) -> tuple[Asked, bool]:
    """What is asked of the run in `root`, and whether the document is ours to write.

    Without a document, what is usual. BrokenDocument, ForeignDocument.
    """
    try:
        return PathCe.load(root).config, True
    except NotPrepared:
        return Asked(), True
    except ForeignDocument:
        pass
    path = PathCe.path(root)
    told: Any = foreign.read(path).get("config")
    given = {name: value for name, value in dict(told).items() if value is not None}
    try:
        return Asked.model_validate(given), False
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ForeignDocument(f"{path}: config.{where}: {first['msg']}") from None

"""The scenarios and contrasts that are wanted of a run, and how far each is: `omni.nodb`.

::

    type                what becomes of the covers                              directory
    uniform_low, _high  forest, burnt or not, is burnt so                       uniform_low
    undisturbed         what burnt is old forest                                undisturbed
    thinning            old forest has canopy_cover and ground_cover (%)        thinning_40_75
    mulch               what burnt has ground_cover_increase (%) more           mulch_30_sbs_map
    uniform_moderate, prescribed_fire, sbs_map      as `covers` says            prescribed_fire

Of a run whose landuse was built of a map, uniform fires, `undisturbed` and an `sbs_map` with an
`sbs_file_path`, a raster of the run, are built of that map and the table of classes instead, soils
too (`tasks.omni.fires`). The last one's directory is `sbs_map_<its file's name in base64>`.

`contrasts` run the channels anew, with some hillslopes of another scenario: for each pair of
scenarios one for each of `contrast_groups`, or else one for each of those that have the most of
`contrast_objective`, until they have `contrast_share` of it.

`covers` and `soils` of a scenario say besides which takes the place of which, by their names in
landuse.nodb and soils.nodb or in the library of covers. Soils stay as they are but for these.
"""

from __future__ import annotations

import base64
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.run.nodb import Document

Kind = Literal[
    "uniform_low", "uniform_moderate", "uniform_high", "thinning", "mulch", "sbs_map",
    "undisturbed", "prescribed_fire",
]  # fmt: skip
#: What a run is called among its scenarios: by whether some of it burnt.
BURNT, UNBURNT = "sbs_map", "undisturbed"
_NAMED: dict[str, tuple[str, ...]] = {
    "thinning": ("canopy_cover", "ground_cover"),
    "mulch": ("ground_cover_increase",),
}


class Scenario(BaseModel):
    """One scenario, as pages define it; percents may be written "40%"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Kind
    canopy_cover: float | None = Field(default=None, ge=0.0, le=100.0)
    ground_cover: float | None = Field(default=None, ge=0.0, le=100.0)
    ground_cover_increase: float | None = Field(default=None, ge=0.0, le=100.0)
    base_scenario: str | None = None
    sbs_file_path: str | None = Field(default=None, min_length=1)
    covers: dict[str, str] = Field(default_factory=dict)
    soils: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _percents(cls, found: Any) -> Any:
        if not isinstance(found, dict):
            return found
        return {
            name: value.strip().removesuffix("%") if isinstance(value, str) else value
            for name, value in found.items()
        }

    @model_validator(mode="after")
    def _whole(self) -> Scenario:
        for name in _NAMED.get(self.type, ()):
            if getattr(self, name) is None:
                raise ValueError(f"{self.type} wants {name}")
        if self.sbs_file_path is not None and self.type != "sbs_map":
            raise ValueError(f"{self.type} has no sbs_file_path: that is the map of an sbs_map")
        return self

    @property
    def name(self) -> str:
        """What its directory and its run are called."""
        words = [self.type, *(f"{getattr(self, n):g}" for n in _NAMED.get(self.type, ()))]
        words += [self.base_scenario] if self.type == "mulch" and self.base_scenario else []
        words += [_encoded(self.sbs_file_path)] if self.sbs_file_path else []
        return "_".join(words)

    def target(self, base: str) -> str:
        """The scenario whose land it changes; `base` is what the run itself is called."""
        if self.type == "mulch":
            return self.base_scenario or base
        follows = self.type in ("thinning", "prescribed_fire") and base == BURNT
        return UNBURNT if follows else base

    @property
    def signature(self) -> str:
        """What it is, in words that are the same for the same."""
        return self.model_dump_json(exclude_defaults=True)


def _encoded(path: str) -> str:
    """A file's name in letters that the name of a directory, and of a run, may have."""
    name = PurePosixPath(path).name
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


class ContrastPair(BaseModel):
    """Two scenarios by name; the run itself has a name among them, too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    control_scenario: str
    contrast_scenario: str


class Contrast(ContrastPair):
    """The channels of the control scenario below hillslopes of which some are of the other one."""

    topaz_ids: list[int] = Field(min_length=1)

    @property
    def name(self) -> str:
        """`<control>,<TOPAZ ids>__to__<contrast>`."""
        tops = "+".join(map(str, self.topaz_ids))
        return f"{self.control_scenario},{tops}__to__{self.contrast_scenario}"


Objective = Literal[
    "Runoff_mm", "Lateral_Flow_mm", "Baseflow_mm",
    "Soil_Loss_t", "Sediment_Deposition_t", "Sediment_Yield_t",
]  # fmt: skip


class Omni(Document, name="omni", version=1):
    """The scenarios, of each what it was made from and what became of it, and the contrasts."""

    scenarios: list[Scenario] = Field(default_factory=list)
    use_rq_job_pool_concurrency: bool = True
    scenario_dependency_tree: dict[str, dict[str, Any]] = Field(default_factory=dict)
    scenario_run_state: dict[str, dict[str, Any]] = Field(default_factory=dict)
    contrast_pairs: list[ContrastPair] = Field(default_factory=list)
    contrast_groups: list[Annotated[list[int], Field(min_length=1)]] = Field(default_factory=list)
    contrast_objective: Objective = "Runoff_mm"
    contrast_share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.8
    contrast_hillslopes: Annotated[int, Field(ge=1, le=100)] = 100  # chosen by it, at most
    contrast_batch_size: Annotated[int, Field(ge=1)] = 6  # so many are run side by side
    contrasts: dict[int, Contrast] = Field(default_factory=dict)  # as they were last launched

    def forget_others(self) -> None:
        """Drop what is kept of scenarios that are no longer wanted."""
        known = {scenario.name for scenario in self.scenarios}
        for field in ("scenario_dependency_tree", "scenario_run_state"):
            kept: dict[str, dict[str, Any]] = getattr(self, field)
            setattr(self, field, {name: kept[name] for name in kept if name in known})

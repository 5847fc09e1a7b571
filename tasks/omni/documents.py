"""The scenarios that are wanted of a run, and how far each is: `omni.nodb`.

::

    type                what becomes of the covers                              directory
    uniform_low, _high  forest, burnt or not, is burnt so                       uniform_low
    undisturbed         what burnt is old forest                                undisturbed
    thinning            old forest has canopy_cover and ground_cover (%)        thinning_40_75
    mulch               what burnt has ground_cover_increase (%) more           mulch_30_sbs_map
    uniform_moderate, prescribed_fire, sbs_map      as `covers` says            prescribed_fire

`covers` and `soils` of a scenario say besides which takes the place of which, by their names in
landuse.nodb and soils.nodb or in the library of covers. Soils stay as they are but for these.
"""

from __future__ import annotations

from typing import Any, Literal

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
        return self

    @property
    def name(self) -> str:
        """What its directory and its run are called."""
        words = [self.type, *(f"{getattr(self, n):g}" for n in _NAMED.get(self.type, ()))]
        words += [self.base_scenario] if self.type == "mulch" and self.base_scenario else []
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


class Omni(Document, name="omni", version=1):
    """The scenarios, and of each what it was made from and what became of it."""

    scenarios: list[Scenario] = Field(default_factory=list)
    use_rq_job_pool_concurrency: bool = True
    scenario_dependency_tree: dict[str, dict[str, Any]] = Field(default_factory=dict)
    scenario_run_state: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def forget_others(self) -> None:
        """Drop what is kept of scenarios that are no longer wanted."""
        known = {scenario.name for scenario in self.scenarios}
        for field in ("scenario_dependency_tree", "scenario_run_state"):
            kept: dict[str, dict[str, Any]] = getattr(self, field)
            setattr(self, field, {name: kept[name] for name in kept if name in known})

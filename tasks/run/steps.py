"""The steps of a project, as the site's pages and its preflight know them."""

from __future__ import annotations

from enum import Enum


class TaskEnum(Enum):
    """A step: its value is its name in the ledger, in the order in which pages list them.

    >>> str(TaskEnum.fetch_rap_ts), TaskEnum.fetch_rap_ts.label()
    ('build_rap_ts', 'Build RAP TS')
    """

    if_exists_rmtree = "rmtree"
    project_init = "project_init"
    set_outlet = "set_outlet"
    abstract_watershed = "abstract_watershed"
    build_channels = "build_channels"
    find_outlet = "find_outlet"
    build_subcatchments = "build_subcatchments"
    build_landuse = "build_landuse"
    build_treatments = "build_treatments"
    build_rangeland_cover = "build_rangeland_cover"
    build_soils = "build_soils"
    build_climate = "build_climate"
    fetch_rap_ts = "build_rap_ts"
    fetch_openet_ts = "build_openet_ts"
    fetch_polaris = "build_polaris"
    run_wepp_hillslopes = "run_wepp_hillslopes"
    run_wepp_watershed = "run_wepp_watershed"
    run_observed = "run_observed"
    run_debris = "run_debris"
    run_roads = "run_roads"
    run_watar = "run_watar"
    run_rhem = "run_rhem"
    fetch_dem = "fetch_dem"
    landuse_map = "landuse_map"
    init_sbs_map = "init_sbs_map"
    run_omni_scenarios = "run_omni_scenarios"
    run_omni_contrasts = "run_omni_contrasts"
    dss_export = "dss_export"
    run_features_export = "run_features_export"
    build_rusle = "build_rusle"
    set_readonly = "set_readonly"
    run_path_cost_effective = "run_path_ce"

    def __str__(self) -> str:
        """The name in the ledger."""
        return self.value

    def label(self) -> str:
        """What a page calls the step."""
        return _LABELS.get(self) or self.value.replace("_", " ").title()

    def emoji(self) -> str:
        """A picture for the step, one character."""
        return _EMOJI.get(self, "⚙️")


_LABELS = {
    TaskEnum.if_exists_rmtree: "Remove existing files",
    TaskEnum.project_init: "Initialize Project",
    TaskEnum.fetch_rap_ts: "Build RAP TS",
    TaskEnum.fetch_openet_ts: "Build OpenET TS",
    TaskEnum.fetch_polaris: "Build POLARIS Layers",
    TaskEnum.run_wepp_hillslopes: "Run WEPP Hillslopes",
    TaskEnum.run_wepp_watershed: "Run WEPP Watershed",
    TaskEnum.run_watar: "Run WATAR",
    TaskEnum.run_rhem: "Run RHEM",
    TaskEnum.fetch_dem: "Fetch DEM",
    TaskEnum.init_sbs_map: "Initialize SBS Map",
    TaskEnum.run_omni_scenarios: "Run OMNI Scenarios",
    TaskEnum.run_omni_contrasts: "Run OMNI Contrasts",
    TaskEnum.dss_export: "Export DSS",
    TaskEnum.build_rusle: "Build RUSLE",
    TaskEnum.run_path_cost_effective: "Run PATH Cost-Effective",
}

_EMOJI = {
    TaskEnum.if_exists_rmtree: "🧹",
    TaskEnum.project_init: "🌱",
    TaskEnum.fetch_dem: "🗻",
    TaskEnum.build_channels: "🏞️",
    TaskEnum.set_outlet: "📍",
    TaskEnum.find_outlet: "📍",
    TaskEnum.build_subcatchments: "🧩",
    TaskEnum.abstract_watershed: "💧",
    TaskEnum.build_landuse: "🌲",
    TaskEnum.build_soils: "🪱",
    TaskEnum.build_climate: "🌦️",
    TaskEnum.init_sbs_map: "🔥",
    TaskEnum.run_wepp_hillslopes: "⛰️",
    TaskEnum.run_wepp_watershed: "🌊",
    TaskEnum.run_omni_scenarios: "🔮",
    TaskEnum.set_readonly: "🔒",
}

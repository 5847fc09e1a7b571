"""The panels of the web pages, and the events after which each fetches its data anew.

A page knows these names and no others: a task that is to end with an event is checked against them
where it is defined. `rq` carries what weppd itself says of jobs; the channels of an agent and of
an extent have no run in front, and are not listed.
"""

from __future__ import annotations

_NONE: tuple[str, ...] = ()

#: The events of each panel.
EVENTS: dict[str, tuple[str, ...]] = {
    "wepp": ("WEPP_RUN_TASK_COMPLETED",),
    "channel_delineation": ("BUILD_CHANNELS_TASK_COMPLETED",),
    "outlet": ("SET_OUTLET_TASK_COMPLETED",),
    "subcatchment_delineation": (
        "BUILD_SUBCATCHMENTS_TASK_COMPLETED",
        "WATERSHED_ABSTRACTION_TASK_COMPLETED",
    ),
    "watershed": _NONE,
    "landuse": ("LANDUSE_BUILD_TASK_COMPLETED",),
    "soils": ("SOILS_BUILD_TASK_COMPLETED",),
    "climate": ("CLIMATE_BUILD_TASK_COMPLETED",),
    "treatments": ("TREATMENTS_BUILD_TASK_COMPLETED",),
    "rangeland_cover": ("RANGELAND_COVER_BUILD_TASK_COMPLETED",),
    "ash": ("ASH_RUN_TASK_COMPLETED",),
    "debris_flow": ("DEBRIS_FLOW_RUN_TASK_COMPLETED",),
    "rhem": ("RHEM_RUN_TASK_COMPLETED",),
    "rap_ts": ("RAP_TS_TASK_COMPLETED",),
    "openet_ts": ("OPENET_TS_TASK_COMPLETED",),
    "fork": ("FORK_COMPLETE", "FORK_FAILED"),
    "archive": ("ARCHIVE_COMPLETE", "ARCHIVE_FAILED", "RESTORE_COMPLETE", "RESTORE_FAILED"),
    "omni": ("OMNI_SCENARIO_RUN_TASK_COMPLETED", "END_BROADCAST"),
    "omni_contrasts": ("OMNI_CONTRAST_RUN_TASK_COMPLETED", "END_BROADCAST"),
    "path_ce": ("PATH_CE_RUN_COMPLETE",),
    "dss_export": ("DSS_EXPORT_TASK_COMPLETED",),
    "weppcloudr": _NONE,
    "command": _NONE,
    "batch": ("BATCH_WATERSHED_TASK_COMPLETED", "BATCH_RUN_COMPLETED", "END_BROADCAST"),
    "rq": _NONE,
}


def check(panel: str, *events: str) -> None:
    """ValueError where no page has this panel, or the panel does not know one of the events."""
    if panel not in EVENTS:
        raise ValueError(f"panel {panel!r}: the pages have {', '.join(EVENTS)}")
    for event in events:
        if event not in EVENTS[panel]:
            known = ", ".join(EVENTS[panel]) or "none"
            raise ValueError(f"event {event!r} of panel {panel!r}: its page knows {known}")

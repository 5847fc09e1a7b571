"""What the pages of terrain send, as their tasks take it; ValueError names the field that is wrong.

::

    fetch_dem_and_build_channels    map_bounds, map_center, map_zoom, csa, mcl, wbt_fill_or_breach,
                                    wbt_blc_dist, set_extent_mode, map_bounds_text
    set_outlet                      longitude and latitude, or coordinates
    build_subcatchments_and_…       clip_hillslopes, clip_hillslope_length, walk_flowpaths, …

Lists of numbers come as such or as text, `-118.0,46.5,-117.9,46.6`. With extent mode 1 the bounds
are those of the text; with 3 the elevations were uploaded, and there need be none.
"""

from __future__ import annotations

from collections.abc import Mapping

from tasks.terrain.documents import OPTIONS

_TYPED, _UPLOADED = 1, 3
_CHANNELS = ("csa", "mcl", "wbt_blc_dist")
Sent = Mapping[str, object]


def fetch_and_channels(sent: Sent) -> dict[str, object]:
    """The arguments of `fetch_dem_and_build_channels_rq`."""
    mode = int(_number(sent, "set_extent_mode") or 0)
    bounds = "map_bounds_text" if mode == _TYPED else "map_bounds"
    found: dict[str, object] = {
        "extent": None if mode == _UPLOADED else _numbers(sent, bounds, 4),
        "center": _numbers(sent, "map_center", 2) if _has(sent, "map_center") else None,
        "zoom": _number(sent, "map_zoom"),
        "set_extent_mode": mode,
        **{name: _number(sent, name) for name in _CHANNELS},
    }
    for name in ("wbt_fill_or_breach", "map_bounds_text"):
        found[name] = str(sent[name]) if _has(sent, name) else None
    return found


def outlet(sent: Sent) -> dict[str, object]:
    """The arguments of `set_outlet_rq`."""
    if _has(sent, "coordinates"):
        lng, lat = _numbers(sent, "coordinates", 2)
        return {"outlet_lng": lng, "outlet_lat": lat}
    lng_lat = {"outlet_lng": "longitude", "outlet_lat": "latitude"}
    for name in lng_lat.values():
        if not _has(sent, name):
            raise ValueError(f"{name}: give a number of degrees")
    return {ours: _number(sent, theirs) for ours, theirs in lng_lat.items()}


def subcatchments(sent: Sent) -> dict[str, object]:
    """The arguments of `build_subcatchments_and_abstract_watershed_rq`.

    What else a form has is of models that are not here.
    """
    return {"updates": {name: sent[name] for name in OPTIONS if _has(sent, name)}}


def _has(sent: Sent, name: str) -> bool:
    return sent.get(name) not in (None, "")


def _number(sent: Sent, name: str) -> float | None:
    if not _has(sent, name):
        return None
    return _float(sent[name], name, "a number")


def _numbers(sent: Sent, name: str, count: int) -> list[float]:
    found = sent.get(name)
    if isinstance(found, str):
        found = found.strip().strip("[]").split(",")
    wanted = f"{count} numbers with commas between"
    if not isinstance(found, list | tuple) or len(found) != count:
        raise ValueError(f"{name} {sent.get(name)!r}: give {wanted}")
    return [_float(value, name, wanted) for value in found]


def _float(value: object, name: str, wanted: str) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(f"{name} {value!r}: give {wanted}") from None

"""The channels of a sample run: a stream with hillslopes on both banks, in WEPP's own formats.

::

    <run>/wepp/runs/pw0.run .str .chn .slp .sol .man .cli  chan.inp

Each channel has up to two hillslopes, on its left and right, the first a third at its head; each
but the first begins where the one before it ends.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.wepp.files import channels, management, runfile, slope, soil, structure
from tasks.wepp.files.channels import MUSKINGUM_CUNGE, Channel, Channels
from tasks.wepp.files.forms import WatershedRun
from tasks.wepp.files.scenarios import Management
from tasks.wepp.files.structure import Feeds, Structure
from tasks.wepp.samples import cover as sample_cover

_LENGTH, _WIDTH = 180.0, 2.0
_CHANNEL = Channel(
    ("Sample channel", "earth, some grass", ""), shape=2, control=2, friction_slope=0, output=0,
    side=10.0, bare=0.03, manning=0.06, erodibility=1e-3, tauc=8.0, depth_mid=0.5, depth_side=0.2,
    control_slope=0.02, control_side=10.0, control_manning=0.03,
)  # fmt: skip
_OUTPUTS = {
    "master": "pass_pw0.txt", "loss": "loss_pw0.txt", "wat": "chnwb.txt", "soil": "soil_pw0.txt",
    "plot": "plot_pw0.txt", "ebe": "ebe_pw0.txt",
}  # fmt: skip


def write_network(
    runs: str | Path, hillslopes: int, years: int, peak: int = MUSKINGUM_CUNGE
) -> Path:
    """Write the channels below the hillslopes of a sample run; returns the path of `pw0.run`.

    `runs` is what `sample.write_sample` returned for so many hillslopes and years, `peak` the
    method of the channels' peak. ValueError where there are no hillslopes.
    """
    if hillslopes < 1:
        raise ValueError(f"{hillslopes} hillslopes: a network wants 1 or more")
    here, layout = Path(runs), _structure(hillslopes)
    count = len(layout.channels)
    texts = {
        "str": structure.dump(layout),
        "chn": channels.dump(Channels(peak, 1.5, (_CHANNEL,) * count)),
        "slp": slope.dump(_slope(count)),
        "sol": soil.dump(_soil(count)),
        "man": management.dump(_management(count, years)),
        "run": runfile.dump(_run(hillslopes, years)),
    }
    for suffix, text in texts.items():
        (here / f"pw0.{suffix}").write_text(text, encoding="latin-1")
    (here / "chan.inp").write_text("1 600\n0\n0\n", encoding="latin-1")
    climate = here / "pw0.cli"
    climate.unlink(missing_ok=True)
    climate.hardlink_to(here / "p1.cli")
    return here / "pw0.run"


def _structure(hillslopes: int) -> Structure:
    numbers = iter(range(1, hillslopes + 1))
    feeds: list[Feeds] = []
    while True:
        top = 0 if feeds else next(numbers)
        left, right = next(numbers, 0), next(numbers, 0)
        above = hillslopes + len(feeds) if feeds else 0
        if feeds and not left:
            return Structure(hillslopes, tuple(feeds))
        feeds.append(Feeds((left, right, top), (0, 0, above)))


def _slope(count: int) -> slope.Slope:
    gradient = [round(0.12 / (number + 1), 4) for number in range(count)]
    elements = tuple(
        slope.Element(_LENGTH, (0.0, 1.0), (value, round(0.8 * value, 4)), 180.0, _WIDTH)
        for value in gradient
    )
    return slope.Slope(slope.CHANNEL_VERSION, 180.0, _WIDTH, elements)


def _soil(count: int) -> soil.Soil:
    layer = soil.Layer(600.0, 50.0, 15.0, 2.0, 12.0, 20.0)
    bed = soil.Element(
        "Channel", "loam", albedo=0.2, saturation=0.75, ki=4e5, kr=5e-4, tauc=4.0, layers=(layer,),
        ke=8.0, restricting=soil.Restricting(1, 0.05, anisotropy=25.0),
    )  # fmt: skip
    return soil.Soil(2006.2, "beds of channels", 1, (bed,) * count)


def _management(count: int, years: int) -> Management:
    one = sample_cover.management(sample_cover.LOW_FIRE, years)
    return replace(
        one,
        nofe=count,
        initial_of=(1,) * count,
        schedule=tuple(tuple(year * count for year in turn) for turn in one.schedule),
    )


def _run(hillslopes: int, years: int) -> WatershedRun:
    names: dict[str, Any] = {kind: f"../output/{name}" for kind, name in _OUTPUTS.items()}
    return WatershedRun(
        hillslopes=tuple(f"../output/H{number}.pass.dat" for number in range(1, hillslopes + 1)),
        man="pw0.man", slp="pw0.slp", cli="pw0.cli", sol="pw0.sol", structure="pw0.str",
        chn="pw0.chn", years=years, **names,
    )  # fmt: skip

"""All tables of a run, in the order in which they are told of."""

from __future__ import annotations

from tasks.interchange import (
    hill_ebe,
    hill_element,
    hill_loss,
    hill_pass,
    hill_soil,
    hill_wat,
    net_daily,
    net_loss,
    net_pass,
    totals,
)
from tasks.interchange.columns import Product

HILLSLOPES: tuple[Product, ...] = (
    hill_element.PRODUCT,
    hill_wat.PRODUCT,
    hill_pass.PRODUCT,
    hill_loss.PRODUCT,
    hill_soil.PRODUCT,
    hill_ebe.PRODUCT,
)
WATERSHED: tuple[Product, ...] = (
    net_daily.PEAKS,
    net_daily.ROUTED,
    net_daily.BALANCE,
    net_daily.EVENTS,
    totals.PRODUCT,
    net_daily.SOIL,
    *net_loss.MEAN.values(),
    *net_loss.YEARLY.values(),
    net_pass.PRODUCT,
    net_pass.METADATA,
)

"""All tables of a run, in the order in which they are told of."""

from __future__ import annotations

from tasks.interchange import totals
from tasks.interchange.columns import Product
from tasks.interchange.hill import ebe as hill_ebe
from tasks.interchange.hill import element as hill_element
from tasks.interchange.hill import loss as hill_loss
from tasks.interchange.hill import passes as hill_pass
from tasks.interchange.hill import soil as hill_soil
from tasks.interchange.hill import water as hill_wat
from tasks.interchange.net import daily as net_daily
from tasks.interchange.net import loss as net_loss
from tasks.interchange.net import passes as net_pass

HILLSLOPES: tuple[Product, ...] = (
    hill_element.PRODUCT,
    hill_wat.PRODUCT,
    hill_pass.PRODUCT,
    hill_loss.PRODUCT,
    hill_soil.PRODUCT,
    hill_ebe.PRODUCT,
)
#: Tables that others make: what they hold, their columns being in their files.
OTHERS: tuple[Product, ...] = (
    Product(
        "hillslopes.parquet", "Hillslopes: what each yields in a mean year, by which engine.", ()
    ),
    Product("flowpaths.parquet", "Flowpaths: what each yields in a mean year, by itself.", ()),
    Product("storms.parquet", "Design storms: what leaves each hillslope under each of them.", ()),
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

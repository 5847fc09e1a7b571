"""The one switch between interpreted and compiled kernels.

Kernels are plain functions of floats and indexable columns of floats. With numba importable and
`HILLSIM_JIT=1` they are compiled (without fastmath, so that both ways give the same bits); else
they stay as they are. Columns are lists when interpreted and float64 arrays when compiled, because
each is several times faster than the other in its own world.

Rules for kernels: no power with a constant base and no `x ** 0.5` or `x ** 2` (compilers rewrite
these, and the last digit moves), no creation of columns, results through columns handed in.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Column = Any
"""A mutable, indexable run of floats: `list[float]`, or a float64 array when compiled."""

_ASKED = os.environ.get("HILLSIM_JIT", "0") == "1"
ENABLED = _ASKED and importlib.util.find_spec("numba") is not None


def kernel(function: Kernel) -> Kernel:
    """`function`, compiled on first call where the switch is on."""
    if not ENABLED:
        return function
    import numba

    return cast(Kernel, numba.njit(cache=True)(function))


def column(values: Iterable[float]) -> Column:
    """The values as the kind of column that kernels are fastest with."""
    listed = [float(value) for value in values]
    if not ENABLED:
        return listed
    import numpy

    return numpy.array(listed, dtype=numpy.float64)


def zeros(length: int) -> Column:
    """A column of `length` zeros."""
    return column([0.0] * length)

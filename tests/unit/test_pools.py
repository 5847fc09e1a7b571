"""Where a zygote's objects stand, as seen by an interpreter of its own."""

from __future__ import annotations

from tests.interpreters import said_by


def test_new_objects_stand_side_by_side_where_the_holes_are_filled() -> None:
    """A forked process that makes some writes to few memory pools."""
    words = """
from weppd.cell import pools
some = [bytes(175) for _ in range(2000)]
del some[::3]
pools.fill()
places = sorted(id(each) for each in [bytes(175) for _ in range(12)])
print({after - before for before, after in zip(places, places[1:])})
"""
    assert said_by(words) == "{208}\n"


def test_memory_that_is_reserved_is_in_one_piece_and_given_back() -> None:
    """A module's objects are then made in it, and libraries are mapped elsewhere."""
    words = """
from weppd.cell import pools
def held(): return int(next(l for l in open("/proc/self/status") if "RssAnon" in l).split()[1])
before = held()
reserved = pools.reserve()
places = sorted(id(each) >> 20 for each in reserved)
print(places[-1] - places[-30], held() - before > 30_000)
reserved.clear()
print(held() - before < 4_000)
"""
    assert said_by(words) == "29 True\nTrue\n"


def test_interpreter_that_has_no_pools_is_not_filled_up() -> None:
    """The holes of another allocator are not known: little is made there."""
    words = """
from weppd.cell import pools
def held(): return int(next(l for l in open("/proc/self/status") if "RssAnon" in l).split()[1])
before = held()
pools.fill()
print(held() - before < 16_000)
"""
    assert said_by(words, PYTHONMALLOC="malloc") == "True\n"


def test_room_is_made_for_a_large_library_only() -> None:
    """Before it is imported, and no other module is found otherwise for it."""
    words = """
import sys
from weppd.cell import pools
made = []
pools.reserve = lambda: made.append("numpy" in sys.modules) or made
before = list(sys.meta_path)
with pools.Room():
    import colorsys
    print(made)
    try:
        import numpy.no_such_module
    except ImportError:
        print(made)
print(made, sys.meta_path == before)
"""
    assert said_by(words) == "[]\n[False]\n[] True\n"

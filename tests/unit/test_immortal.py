"""Objects whose counts nobody writes to, as interpreters of their own have them."""

from __future__ import annotations

import pytest

from tests.interpreters import pythons, said_by

KNOWN = pythons("3.12", "3.13")
FORKED = """
import atexit, gc, os, sys, threading, weakref
from weppd.cell import immortal
def own_kib():
    return sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup")
               if line.startswith("Private_Dirty:"))
def in_child(act):
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        try:
            act()
            sys.stdout.flush()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
"""


@pytest.mark.parametrize("python", KNOWN)
def test_fork_that_looks_at_objects_copies_no_page_of_them(python: str) -> None:
    """Of twenty thousand texts in a list, and of as many objects with a text each."""
    words = """
class Thing:
    def __init__(self, n): self.text = f"{n:060}"
texts, things = [f"{n:060}" for n in range(20_000)], [Thing(n) for n in range(20_000)]
def look():
    before = own_kib()
    for one in texts: one
    for one in things: one.text
    print(own_kib() - before)
in_child(look)
immortal.make()
gc.freeze()
in_child(look)
"""
    mortal, made = map(int, said_by(FORKED + words, python).split())
    assert mortal > 3000
    assert made < 100


@pytest.mark.parametrize("python", KNOWN)
def test_what_is_immortal_can_be_changed_and_deleted_as_ever(python: str) -> None:
    """Containers, names, classes, texts that grow, exceptions, closures, threads, atexit."""
    words = """
import types
module = types.ModuleType("module")
code = '''
some, table, word, big = [1, "two"], {"a": [1]}, "wo", 1 << 70
error = ValueError("of before")
class Kind:
    seen = 0
    def more(self): type(self).seen += 1; return self
one = Kind()
def counted(n=[0]):
    n[0] += 1
    return n[0]
'''
exec(code, module.__dict__)
assert immortal.make() > 1000
gc.freeze()
def act():
    module.some.append([3]); del module.some[0]; module.table["b"] = module.table.pop("a")
    module.word += "rd"; module.big += 1; del module.Kind.more; module.one.own = "mine"
    print(module.some, module.table, module.word, module.big - (1 << 70), module.one.own)
    try:
        raise module.error
    except ValueError as error:
        print(error, error.__traceback__ is not None)
    del module.error, module.some
    print(hasattr(module, "some"), module.counted() + module.counted())
    threads = [threading.Thread(target=module.table.update, args=({n: n},)) for n in range(4)]
    for each in threads: each.start()
    for each in threads: each.join()
    print(sorted(map(str, module.table)))
    atexit.register(print, "at exit", module.word)
    ring = [module]; ring.append(ring); gone = weakref.ref(module.Kind()); del ring
    print(gc.collect() > 0, gone())
    atexit._run_exitfuncs()
in_child(act)
print(module.some, module.word, module.one.more().seen)
"""
    assert said_by(FORKED + words, python).splitlines() == [
        "['two', [3]] {'b': [1]} word 1 mine",
        "of before True",
        "False 3",
        "['0', '1', '2', '3', 'b']",
        "True None",
        "at exit word",
        "[1, 'two'] wo 1",
    ]


@pytest.mark.parametrize("python", KNOWN)
def test_what_is_to_happen_at_an_objects_end_happens(python: str) -> None:
    """Files, generators, classes with an end of their own, and what somebody waits for."""
    words = """
class Ending:
    def __del__(self): print("ended")
class Awaited:
    pass
def generator():
    try: yield
    finally: print("closed")
ending, awaited, begun, kept = Ending(), Awaited(), generator(), [Awaited()]
next(begun)
weakref.finalize(awaited, print, "finalized")
table = weakref.WeakValueDictionary(one=kept[0])
read, write = os.pipe()
file = open(write, "w")
immortal.make()
gc.freeze()
def act():
    global ending, awaited, begun, file
    file.write("flushed")
    ending = awaited = begun = file = None
    kept.clear()
    print(os.read(read, 100), dict(table))
in_child(act)
os._exit(0)
"""
    ends = ["ended", "finalized", "closed", "b'flushed' {}"]
    assert said_by(FORKED + words, python).splitlines() == ends


@pytest.mark.parametrize("python", KNOWN)
def test_an_interpreter_whose_objects_are_immortal_exits_as_ever(python: str) -> None:
    """With what is to be done at the end, and the exit code that it was to have."""
    words = """
import ctypes, email.message, json, logging, socket
immortal.make()
atexit.register(print, "at exit")
sys.exit(0)
"""
    assert said_by(FORKED + words, python) == "at exit\n"


@pytest.mark.parametrize("python", [*pythons("3.10", "3.11"), *KNOWN])
def test_interpreter_that_is_not_known_is_left_alone(python: str) -> None:
    """One without such counts, one that is newer, one that counts elsewhere or is no CPython."""
    words = """
if sys.version_info >= (3, 12):
    known = dict(immortal._IMMORTAL)
    immortal._IMMORTAL.clear()
    print(immortal.make())
    immortal._IMMORTAL[sys.version_info[:2]] = 3 << 30
    print(immortal.make())
    immortal._IMMORTAL.update(known)
    sys.implementation.name = "other"
one = []
print(immortal.make(), sys.getrefcount(one) - sys.getrefcount([]))
"""
    *others, last = said_by(FORKED + words, python).splitlines()
    assert set(others) <= {"0"}
    assert last == "0 1"

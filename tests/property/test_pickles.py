"""Laws of reading and extending pickles."""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from weppd.store.extending import with_items
from weppd.store.opcodes import opcodes
from weppd.store.pickles import _Rubbish, _walk, literals, peek
from weppd.store.plain import NOT_PLAIN
from weppd.store.plain import plain as read_plain

text = st.text(max_size=30)
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text
value = st.recursive(
    plain | st.binary(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(text, inner, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)
protocol = st.integers(0, pickle.HIGHEST_PROTOCOL)
modern = st.integers(3, pickle.HIGHEST_PROTOCOL)
items = st.dictionaries(text, text | st.integers(), min_size=1, max_size=5)


def both_load(raw: bytes) -> tuple[Any, Any]:
    """What the C unpickler and the one in Python make of it."""
    slow = pickle._Unpickler(io.BytesIO(raw))  # type: ignore[attr-defined]
    return pickle.loads(raw), slow.load()


@given(st.dictionaries(text, value, max_size=6), items, protocol)
def test_an_extended_dict_loads_as_the_updated_one(
    meta: dict[str, Any], added: dict[str, str | int], version: int
) -> None:
    """Whatever the protocol, every unpickler reads the old entries and the new ones."""
    extended = with_items(pickle.dumps(meta, version), added)
    assert extended is not None
    assert both_load(extended) == ({**meta, **added}, {**meta, **added})


@given(st.dictionaries(text, value, max_size=3), items, items, protocol)
def test_a_dict_can_be_extended_again(
    meta: dict[str, Any], one: dict[str, str | int], two: dict[str, str | int], version: int
) -> None:
    """Start and failure both add to the same meta."""
    first = with_items(pickle.dumps(meta, version), one)
    assert first is not None
    second = with_items(first, two)
    assert second is not None
    assert pickle.loads(second) == {**meta, **one, **two}


@given(items)
def test_no_meta_counts_as_an_empty_dict(added: dict[str, str | int]) -> None:
    """A job that never had meta gets some."""
    assert pickle.loads(with_items(b"", added) or b"") == added


@given(st.dictionaries(text, plain, max_size=6), modern)
def test_plain_entries_are_read_without_unpickling(meta: dict[str, Any], version: int) -> None:
    """literals sees what pickle.loads would see."""
    assert literals(pickle.dumps(meta, version)) == meta


@given(text.filter(bool), st.lists(value, max_size=4), st.dictionaries(text, value), modern)
def test_a_call_of_literals_is_read_whole(
    name: str, args: list[Any], kwargs: dict[str, Any], version: int
) -> None:
    """peek sees what pickle.loads would see, where there is nothing but literals."""
    call = peek(pickle.dumps((name, None, tuple(args), kwargs), version))
    assert (call.function, call.args, call.kwargs) == (name, tuple(args), kwargs)


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(raw: bytes) -> None:
    """Rubbish is a call or a problem, never an exception."""
    call = peek(raw)
    assert (call.function is None) == (call.problem is not None)


def spelled(steps: Iterator[tuple[str, Any]]) -> list[Any]:
    """The opcodes, and the error that ended them if one did; a frame's length is left out."""
    found: list[Any] = []
    try:
        for name, argument in steps:
            found.append((name, None if name == "FRAME" else argument))
    except ValueError as error:
        found.append(str(error))
    return found


@given(value, protocol, st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), max_size=3))
def test_opcodes_are_those_of_the_interpreters_own_reader(
    call: Any, version: int, slips: list[tuple[int, int]]
) -> None:
    """Of any pickle, also of one with wrong bytes, and with the same words for what is wrong."""
    raw = bytearray(pickle.dumps(("m.f", None, (call,), {}), version))
    for at, byte in slips:
        raw[at % len(raw)] = byte
    genops = ((op.name, argument) for op, argument, _ in pickletools.genops(bytes(raw)))
    assert repr(spelled(opcodes(bytes(raw)))) == repr(spelled(genops))


small = st.integers(-(2**31), 2**31 - 1)
simple = st.recursive(
    st.none() | st.booleans() | small | st.floats() | text,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(text, inner, max_size=4)
        | st.tuples(inner, inner)
        | st.tuples()
    ),
    max_leaves=12,
)


@given(st.tuples(text, st.none(), st.tuples(simple, simple), st.dictionaries(text, simple)))
def test_a_plain_call_is_read_in_one_pass(call: tuple[Any, ...]) -> None:
    """What producers send is not left to the long walk, and comes out as it went in."""
    assert repr(read_plain(pickle.dumps(call, 4))) == repr(call)
    assert repr(read_plain(pickle.dumps(call, 5))) == repr(call)


#: The opcodes that are read in one pass, and some that are not, with arguments that may not fit.
pieces = st.sampled_from(
    [
        *(bytes([code]) for code in b"(.N)}]t\x85\x86\x87\x94usae\x88R02"),
        *(b"h\x00", b"h\x07", b"q\x01", b"K\x05", b"M\x01\x02", b"J\x00", b"\x80\x05"),
        *(b"\x8c\x01a", b"\x8c\x09a", b"\x95" + bytes(8), b"cos\nsystem\n"),
    ]
)


@given(st.lists(pieces, max_size=14))
def test_both_ways_to_read_a_pickle_agree(parts: list[bytes]) -> None:
    """Whatever the bytes: where the one pass reads them, the walk makes the same of them."""
    raw = b"".join([*parts, b"."])
    found = read_plain(raw)
    if found is NOT_PLAIN:
        return
    try:
        top, _, ended = _walk(raw)
    except _Rubbish as error:
        raise AssertionError(f"{raw!r} is read as {found!r}, and is none: {error}") from None
    assert ended
    assert repr(top) == repr(found)

"""What is read of a payload, and that reading runs nothing of it."""

from __future__ import annotations

import json
import os
import pickle
import sys
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from weppd.store.extending import with_items
from weppd.store.pickles import MAX_OPS, OPAQUE, PEEK_BYTES, literals, peek

TASK = "tasks.wepp_rq.run_hillslope_rq"


class Runs:
    """Pickles to a call that leaves a mark in the environment."""

    def __reduce__(self) -> Any:
        return (exec, ("import os; os.environ['WEPPD_PICKLE_RAN'] = '1'",))


def _bomb() -> bytes:
    return zlib.compress(b"\x80\x04" + b"N0" * 32_000_000)


def _nested() -> bytes:
    return b"\x80\x04" + b"]" * 50_000 + b"a" * 49_999 + b"."


def _doubled() -> bytes:
    return b"\x80\x04(" + b"X\x01\x00\x00\x00f" + b"2\x86" * 200 + b"t."


HOSTILE = {
    "a call in the arguments": pickle.dumps((TASK, None, (Runs(),), {})),
    "a call in place of the function": pickle.dumps((Runs(), None, (), {})),
    "protocol 0 global": b"cos\nsystem\n(S'touch /tmp/x'\ntR.",
    "protocol 4 dotted global": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
    "inst": b"(S'true'\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nS'true'\no.",
    "build": b"\x80\x04cpathlib\nPosixPath\n)\x81}b.",
    "extension": b"\x80\x02\x82\x01.",
    "persistent id": b"Pwho\n.",
    "a zlib bomb": _bomb(),
    "deep nesting": _nested(),
    "a value doubled over and over": _doubled(),
    "a long integer": b"\x80\x02\x8b\xff\xff\xff\x7f.",
    "a negative length": b"\x80\x02T\xff\xff\xff\xff.",
    "get of nothing": b"\x80\x02h\x07.",
    "pop of nothing": b"0.",
    "tuple of nothing": b"\x80\x02\x87.",
    "mark of nothing": b"t.",
    "no stop": b"\x80\x04(",
    "no bytes": b"",
    "truncated frame": b"\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00]",
    "unknown opcode": b"\x80\x04\xff.",
    "bad unicode": b"\x80\x02X\x02\x00\x00\x00\xff\xff.",
    "json too deep": b"[" * 100_000,
    "dict with an unhashable key": b"\x80\x02(X\x01\x00\x00\x00fN)}(]NN.",
}


@pytest.fixture(autouse=True)
def nothing_ran() -> Iterator[None]:
    """No test here may import a module or leave the mark of a payload that ran."""
    before = set(sys.modules)
    yield
    assert "WEPPD_PICKLE_RAN" not in os.environ
    ours = ("_pytest", "encodings.")
    assert not {name for name in set(sys.modules) - before if not name.startswith(ours)}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_payload_is_walked_and_not_run(name: str) -> None:
    """Nothing is imported or executed; the answer is a call without its objects, or a problem."""
    call = peek(HOSTILE[name])
    assert (call.function is None) == (call.problem is not None)
    assert literals(HOSTILE[name]) == {}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("pack", [bytes, zlib.compress])
def test_a_call_is_read_in_every_protocol(protocol: int, pack: Any) -> None:
    """Function, literal arguments and run id are read, compressed or not."""
    args: tuple[Any, ...] = ("my-run", 7, 1.5, None, True, [1, 2], {"a": (1,)}, b"x", -(2**70))
    raw = pickle.dumps((TASK, None, args, {"wepp_bin": "hillsim"}), protocol)
    call = peek(pack(raw))
    assert (call.function, call.runid, call.problem) == (TASK, "my-run", None)
    assert call.kwargs == {"wepp_bin": "hillsim"}
    # Protocols below 3 have no opcode for bytes: they write a call.
    assert [a for a in call.args if a is not OPAQUE] == [
        a for a in args if protocol >= 3 or not isinstance(a, bytes)
    ]


def test_an_object_among_the_arguments_is_opaque() -> None:
    """What is no literal is marked, and what stands beside it is read."""
    call = peek(pickle.dumps((TASK, None, (complex(1, 2), "x"), {"runid": "r"})))
    assert call.args == (OPAQUE, "x")
    assert call.runid is None


def test_the_run_id_may_be_a_keyword() -> None:
    """Without positional arguments the keyword `runid` counts."""
    assert peek(pickle.dumps((TASK, None, (), {"runid": "r"}))).runid == "r"
    assert peek(pickle.dumps((TASK, None, (7,), {}))).runid is None
    for name in ("", "a\nb", "a\0b", "\x1b[31m", "\x1e{}"):
        assert peek(pickle.dumps((TASK, None, (name,), {}))).runid is None


@pytest.mark.parametrize(
    "bulk", [list(range(MAX_OPS * 3)), "x" * (PEEK_BYTES * 2)], ids=["many", "long"]
)
def test_a_huge_call_still_tells_its_function_and_run(bulk: Any) -> None:
    """The caps end the walk, not the job: what was read before them counts."""
    call = peek(zlib.compress(pickle.dumps((TASK, None, ("my-run", bulk), {}))))
    assert (call.function, call.runid, call.problem) == (TASK, "my-run", None)


def test_a_json_call_is_read() -> None:
    """rq's json serializer writes a list; a huge one still tells its function."""
    call = peek(zlib.compress(json.dumps([TASK, None, ["r", 7], {"a": 1}]).encode()))
    assert (call.function, call.args, call.kwargs) == (TASK, ("r", 7), {"a": 1})
    assert (call.serializer, call.runid) == ("json", "r")
    huge = peek(json.dumps([TASK, None, ["r", "x" * PEEK_BYTES], {}]).encode())
    assert (huge.function, huge.problem) == (TASK, None)


@pytest.mark.parametrize(
    "meta",
    [
        pickle.dumps(({}, 1), 4),
        pickle.dumps([1]),
        pickle.dumps({1}),
        b"[1]",
        b"rubbish",
        b"{broken",
    ],
)
def test_what_is_no_dict_is_left_alone(meta: bytes) -> None:
    """A meta that cannot be extended safely is not touched."""
    assert with_items(meta, {"pid": 1}) is None


def test_meta_of_json_stays_json() -> None:
    """A JSON meta is extended as JSON."""
    extended = with_items(b'{"mine": 1}', {"pid": 12})
    assert extended is not None
    assert json.loads(extended) == {"mine": 1, "pid": 12}

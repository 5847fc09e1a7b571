"""Frames survive any header, any body and any cutting of the stream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from weppd.cell import frames

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
HEADERS = st.builds(
    lambda kind, rest: {**rest, "kind": kind}, st.text(), st.dictionaries(st.text(), VALUES)
)


@given(st.lists(st.tuples(HEADERS, st.binary()), max_size=6), st.data())
def test_round_trip_whatever_the_cuts(sent, data):
    """What was packed comes out in order, equal and complete, wherever the stream was cut."""
    stream = b"".join(frames.pack(header, body) for header, body in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    splitter = frames.Splitter()
    got = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += splitter.feed(stream[start:end])
    assert got == sent
    assert not splitter.partial


@given(st.lists(st.tuples(HEADERS, st.binary()), max_size=6))
def test_a_frame_is_passed_on_by_its_own_bytes(sent):
    """Who asks for them gets each frame's bytes, and together they are the stream."""
    stream = b"".join(frames.pack(header, body) for header, body in sent)
    got = frames.Splitter(raw=True).feed(stream)
    assert b"".join(header[frames.RAW] for header, _ in got) == stream


def test_the_bytes_of_a_large_frame_are_not_kept():
    """They would be in memory twice."""
    ((header, body),) = frames.Splitter(raw=True).feed(frames.pack({"kind": "k"}, b"x" * 100_000))
    assert (header[frames.RAW], len(body)) == (b"", 100_000)


@given(st.binary(max_size=200))
def test_rubbish_ends_in_frames_or_frame_error(junk):
    """No bytes at all can make the splitter fail in another way than FrameError."""
    try:
        got = frames.Splitter().feed(junk)
    except frames.FrameError:
        return
    assert all("kind" in header for header, _ in got)

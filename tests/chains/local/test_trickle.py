from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from chains.local.trickle import Trickle

PIECES = st.lists(st.integers(1, 5), min_size=1, max_size=60)


def decode(ids: Sequence[int]) -> str:
    """Ids are bytes: the hardest case, since every character but ASCII is cut."""
    return bytes(ids).decode("utf-8", "replace")


def cut(ids: bytes, sizes: list[int]) -> list[bytes]:
    pieces, start = [], 0
    while start < len(ids):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(ids[start : start + size])
        start += size
    return pieces


@given(st.text(max_size=60), PIECES)
def test_pieces_joined_are_the_whole_and_no_piece_holds_half_a_character(text: str, sizes: list[int]) -> None:
    text = text.encode("utf-8", "replace").decode().replace("\ufffd", "")
    trickle = Trickle(decode)
    shown = [trickle.feed(list(piece)) for piece in cut(text.encode(), sizes)]
    assert all("\ufffd" not in piece for piece in shown)
    assert "".join(shown) + trickle.finish() == text


@given(st.binary(max_size=60), PIECES)
def test_broken_bytes_come_out_as_the_decoder_reads_them(ids: bytes, sizes: list[int]) -> None:
    trickle = Trickle(decode)
    shown = "".join(trickle.feed(list(piece)) for piece in cut(ids, sizes)) + trickle.finish()
    assert shown.replace("\ufffd", "") == decode(ids).replace("\ufffd", "")


@given(
    st.text("abé\n", max_size=40), st.lists(st.text("abé\n", min_size=1, max_size=4), min_size=1, max_size=3), PIECES
)
def test_no_part_of_a_stop_string_is_ever_shown(text: str, stops: list[str], sizes: list[int]) -> None:
    trickle = Trickle(decode, stops)
    shown = ""
    for piece in cut(text.encode(), sizes):
        shown += trickle.feed(list(piece))
        assert not any(stop in shown for stop in stops)
        if trickle.stopped:
            break
    shown += trickle.finish()
    ends = [at for stop in stops if (at := text.find(stop)) >= 0]
    assert not any(stop in shown for stop in stops)
    assert text.startswith(shown)
    assert trickle.stopped == bool(ends)
    if not ends:
        assert shown == text

"""What cleaning removes, and what it must leave alone; encodings."""

import pytest

from vectorstore.errors import Refused
from vectorstore.ingest.clean import clean, unhyphenate
from vectorstore.ingest.encoding import decode


@pytest.mark.parametrize(
    ("dirty", "shown"),
    [
        ("a\u00adb", "ab"),
        ("\ufb01nal o\ufb03ce", "final office"),
        ("safe\u202egnp.exe\u202c", "safegnp.exe"),
        ("hi\U000e0068\U000e0069", "hi"),
        ("a\x00b\x1b[31mc\x07", "ab[31mc"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\ud800b", "ab"),
        ("x\U000e0100\U000e0101", "x"),
        ("a\n\n\n\n\nb  \n", "a\n\nb"),
        ("\ufeffzero\u200bwidth", "zerowidth"),
    ],
)
def test_what_nobody_sees_is_stripped(dirty: str, shown: str) -> None:
    assert clean(dirty) == shown


@pytest.mark.parametrize(
    "text", ["👩‍👩‍👧 ❤️", "می‌خواهم", "שָׁלוֹם \u200fעולם", "مَرْحَبًا بالعالم", "葛\U000e0100城", "e\u0323\u0302"[:1], "ไทย"]
)
def test_legitimate_scripts_and_emoji_are_left_as_they_are(text: str) -> None:
    assert clean(text) == text


def test_words_broken_at_a_line_end_are_whole_again_and_compounds_keep_their_hyphen() -> None:
    assert unhyphenate("the light-\nhouse of Anne-\nMarie") == "the lighthouse of Anne-Marie"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_unicode_is_told_by_its_mark_or_its_zeros(encoding: str) -> None:
    text = "Mara climbs the lighthouse stairs."
    assert decode(text.encode(encoding)) == (text, "")


def test_a_short_latin_1_text_is_admitted_as_a_guess() -> None:
    text, remark = decode("Café à la crème".encode("latin-1"))
    assert text == "Café à la crème"
    assert "Latin-1" in remark


def test_a_long_text_in_another_encoding_is_guessed_and_said_so() -> None:
    text = "Маяк не зажигали одиннадцать лет, и никто в деревне не хотел говорить почему. " * 20
    decoded, remark = decode(text.encode("cp1251"))
    assert decoded == text
    assert "guessed" in remark


@pytest.mark.parametrize(
    "data", [b"text\0with\0zeros and more text", bytes(range(256)) * 8, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"]
)
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="binary"):
        decode(data)

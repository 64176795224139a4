"""From bytes to text: byte order marks, strict UTF-8, then a guess that is admitted in a remark.

Knows nothing of formats.
"""

import codecs

from charset_normalizer import from_bytes

from vectorstore.errors import Refused

_MARKS = (  # the longer mark first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 64 * 1024
# Single-byte guesses are worth little on a short text; Latin-1 is then the likelier truth.
_SHORT = 200
BINARY = "it holds binary data, not text"


def decode(data: bytes, declared: str = "") -> tuple[str, str]:
    """The text and a remark ("" when there is no doubt). ``declared`` is an encoding the document names itself.

    Raises Refused for binary data.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], name)
    wide = _unmarked_utf16(data)
    if wide:
        return _strictly(data, wide)
    if b"\0" in data:
        raise Refused(BINARY)
    for name in ("utf-8", declared):
        try:
            return data.decode(name), ""
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return _guess(data)


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a file, perhaps cut inside a character, begin a text."""
    if any(head.startswith(mark) for mark, _ in _MARKS) or _unmarked_utf16(head):
        return True
    return b"\0" not in head and not _mostly_controls(head)


def _strictly(data: bytes, name: str) -> tuple[str, str]:
    try:
        text, remark = data.decode(name), ""
    except UnicodeDecodeError:
        text = data.decode(name, errors="replace")
        remark = f"its bytes are not all valid {name.upper()}; the broken ones were replaced"
    if text.count("\0") > len(text) // 100:
        raise Refused(BINARY)
    return text, remark


def _unmarked_utf16(data: bytes) -> str:
    """UTF-16 without a mark, told by the zero half of its ASCII characters; "" if it is not."""
    head = data[:4096]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half >= 8 and odd > half * 0.4 and even == 0:
        return "utf-16-le"
    if half >= 8 and even > half * 0.4 and odd == 0:
        return "utf-16-be"
    return ""


def _mostly_controls(data: bytes) -> bool:
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b\x1a" for byte in data[:4096])
    return controls > len(data[:4096]) // 50


def _guess(data: bytes) -> tuple[str, str]:
    if _mostly_controls(data):
        raise Refused(BINARY)
    best = from_bytes(data[:_SAMPLE]).best() if len(data) >= _SHORT else None
    if best is not None:
        try:
            return data.decode(best.encoding), f"its encoding was guessed: {best.encoding}"
        except (UnicodeDecodeError, LookupError):
            pass
    return data.decode(
        "latin-1"
    ), "its encoding is unknown and was taken for Latin-1; save it as UTF-8 if it looks wrong"

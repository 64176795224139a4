"""From bytes to text: byte order marks, strict UTF-8, then a guess that is admitted in a remark.

Knows nothing of formats.
"""

from charset_normalizer import from_bytes

from vectorstore.errors import Refused
from vectorstore.ingest.sniff import MARKS, mostly_controls, unmarked_utf16

_SAMPLE = 64 * 1024
# Single-byte guesses are worth little on a short text; Latin-1 is then the likelier truth.
_SHORT = 200
BINARY = "it holds binary data, not text"


def decode(data: bytes, declared: str = "") -> tuple[str, str]:
    """The text and a remark ("" when there is no doubt). ``declared`` is an encoding the document names itself.

    Raises Refused for binary data.
    """
    for mark, name in MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], name)
    wide = unmarked_utf16(data)
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


def _strictly(data: bytes, name: str) -> tuple[str, str]:
    try:
        text, remark = data.decode(name), ""
    except UnicodeDecodeError:
        text = data.decode(name, errors="replace")
        remark = f"its bytes are not all valid {name.upper()}; the broken ones were replaced"
    if text.count("\0") > len(text) // 100:
        raise Refused(BINARY)
    return text, remark


def _guess(data: bytes) -> tuple[str, str]:
    if mostly_controls(data):
        raise Refused(BINARY)
    best = from_bytes(data[:_SAMPLE]).best() if len(data) >= _SHORT else None
    if best is not None:
        try:
            return data.decode(best.encoding), f"its encoding was guessed: {best.encoding}"
        except (UnicodeDecodeError, LookupError):
            pass
    return data.decode("latin-1"), "its encoding was taken for Latin-1; save it as UTF-8 if it looks wrong"

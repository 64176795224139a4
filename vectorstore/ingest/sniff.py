"""Whether bytes begin a text, told without decoding them. Loads nothing, so that finding files stays light."""

import codecs

MARKS = (  # the longer mark first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD = 4096


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a file, perhaps cut inside a character, begin a text."""
    if any(head.startswith(mark) for mark, _ in MARKS) or unmarked_utf16(head):
        return True
    return b"\0" not in head and not mostly_controls(head)


def unmarked_utf16(data: bytes) -> str:
    """UTF-16 without a mark, told by the zero half of its ASCII characters; "" if it is not."""
    head = data[:_HEAD]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half >= 8 and odd > half * 0.4 and even == 0:
        return "utf-16-le"
    if half >= 8 and even > half * 0.4 and odd == 0:
        return "utf-16-be"
    return ""


def mostly_controls(data: bytes) -> bool:
    """Whether more than one byte in fifty is a control that no text has."""
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b\x1a" for byte in data[:_HEAD])
    return controls > len(data[:_HEAD]) // 50

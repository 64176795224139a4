"""What the ledger does to text: clean it on the way in, fold it for comparing, shorten it to a title.

Knows nothing of SQL. Everything the ledger stores passes ``clean``, which is the only place that
changes what a person wrote.
"""

import unicodedata

_TITLE = 60


def clean(text: str) -> str:
    """``text`` as every database can hold it: NUL and lone surrogates become U+FFFD.

    Two halves of a surrogate pair become the character they mean; all else is kept as it is,
    emoji, joiners and right-to-left marks included. The result is never longer than ``text``.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "\ufffd")


def fold(name: str) -> str:
    """``name`` for comparing: width, case, accents' encoding and spacing do not matter."""
    return " ".join(unicodedata.normalize("NFKC", clean(name)).casefold().split())


def shorten(text: str) -> str:
    """The first line of ``text`` in at most 60 characters, cut between words where there are any."""
    line = " ".join(next((line for line in text.splitlines() if line.strip()), "").split())
    if len(line) <= _TITLE:
        return line
    cut = line[: _TITLE - 1]
    if " " in cut[_TITLE // 2 :]:
        cut = cut[: cut.rindex(" ")]
    return cut.rstrip() + "…"

"""Links: what is written may lead only where the settings allow; elsewhere an address is plain text.

An address keeps its look: a character that has no width stops programs from making a link of it. Pure
functions over Markdown; knows nothing of any platform.
"""

import re
from collections.abc import Collection

STOP = "\u2060"

_HOST = r"[^\s/?#<>()\[\]|`\\\"'*]"
_MOST = 253  # characters of a host; a longer one is none, whatever it ends with
_URL = re.compile(rf"(?<![A-Za-z0-9+.\-])[0-9+.\-]*+([A-Za-z][A-Za-z0-9+.\-]*+):(?=//({_HOST}{{0,{_MOST + 1}}}))")
_WWW = re.compile(rf"(?<![\w/.@\-])(www)(?=(\.{_HOST}{{0,{_MOST + 1}}}))", re.IGNORECASE)
_LABEL = re.compile(r"\](?=\()(?!\(<?https?://)", re.IGNORECASE)
_ANGLE = re.compile(rf"<(?=[A-Za-z][A-Za-z0-9+.\-]*:(?!{STOP}?//))")
_WORD = re.compile(r"(?<!\S)\S*+\Z")
_PLAIN_WORD = re.compile(r"(?<![!-~])[!-~]*+\Z")
_BEGUN = re.compile(r"://|www|\]\(", re.IGNORECASE)


def unlinked(text: str, allowed: Collection[str] = ()) -> str:
    """``text`` in which nothing leads anywhere but to the hosts ``allowed`` (and those below them), by https
    or http. Doing it twice changes nothing."""

    def url(found: re.Match[str]) -> str:
        may = found[1].lower() in ("http", "https") and _may(found[2], allowed)
        return found[0] if may else found[0] + STOP

    def www(found: re.Match[str]) -> str:
        return found[0] if _may(found[1] + found[2], allowed) else found[0] + STOP

    text = _WWW.sub(www, _URL.sub(url, _ANGLE.sub("‹", text)))
    return _LABEL.sub("] ", text)


def unfinished(text: str) -> int:
    """Where the last word of a growing text begins, which may become an address or a mention; those are never
    broken by a space. Of a word in a script without spaces only its end is meant, unless a link has begun."""
    word = _WORD.search(text)
    start = word.start() if word else len(text)
    if not _BEGUN.search(text, start):
        plain = _PLAIN_WORD.search(text)
        start = plain.start() if plain else len(text)
    return start


def _may(host: str, allowed: Collection[str]) -> bool:
    """Whoever hides a host behind a name and an @ may not."""
    name = host.lower().partition(":")[0].rstrip(".,;!")
    return len(host) <= _MOST and "@" not in host and any(name == one or name.endswith(f".{one}") for one in allowed)

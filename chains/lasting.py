"""Lasting: the sentences of a message that ask for something always, and not only now.

*We never use voice-over.* is such a one, *make it shorter* is not. Plain patterns: what they find is
proposed to the room and never taken as said. Knows nothing of who decides.
"""

import re

from chains.words import spans

_VERB = (
    r"(?:use|write|have|want|do|say|tell|end|start|begin|open|close|show|name|call|put|add|include|keep|make|give|work|"
    r"speak|sing|set|mention|cut|rhyme|swear|explain|address)"
)
_LASTING = re.compile(
    rf"\b(?:we|i)\s+(?:never|always|don'?t\s+ever|do\s+not\s+ever)\s+{_VERB}\b"
    rf"|^(?:please\s+)?(?:never|always|don'?t\s+ever|do\s+not\s+ever)\s+{_VERB}\b"
    r"|\b(?:from\s+now\s+on|going\s+forward|as\s+a\s+rule|in\s+all\s+(?:our|my|the)\s+\w+)\b"
    r"|\b(?:we|i)(?:'d)?\s+(?:really\s+|much\s+|generally\s+|usually\s+)*(?:prefer|would\s+rather\s+have)\b"
    r"|^(?:please\s+)?no\s+more\s+(?!than\b)\w+"
    r"|^(?:以后|从现在起|从今以后|今后)|(?:我们?|请)(?:从不|从来不|永远不要|一律|总是|更喜欢|不用)|^(?:永远不要|一律)",
    re.IGNORECASE,
)
_ASKS = re.compile(r"[?？]\s*$")
_MOST, _LONGEST = 40, 300  # words and characters: longer ones tell a story


def lasting(message: str) -> tuple[str, ...]:
    """Those sentences as they were said, in order; questions and quoted lines are not looked at."""
    return tuple(one for start, end in spans(message) if _lasts(one := message[start:end]))


def only_lasting(message: str) -> bool:
    """Whether a message asks for nothing now."""
    found = spans(message)
    return bool(found) and len(lasting(message)) == len(found)


def _lasts(sentence: str) -> bool:
    asks = _ASKS.search(sentence) is not None
    return not asks and _plain(sentence) and _LASTING.search(sentence.replace("’", "'")) is not None


def _plain(sentence: str) -> bool:
    quoted = sentence.lstrip()[:1] in tuple("\"'“«「>") or sentence.count('"') >= 2 or "“" in sentence
    return not quoted and len(sentence.split()) <= _MOST and len(sentence) <= _LONGEST

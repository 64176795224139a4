"""Statement: a question as what answers it would begin, in English.

"What did Ida paint in May?" is answered by somebody who says that she painted something in May, and a model reads both
nearer to one another where the question does not ask. Knows nothing of models or of passages.
"""

import re

_HELPS = r"(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should)"
_ASKED = re.compile(
    r"\W*(?:what|which|who|whom|whose|when|where|why|how(?:\s+(?:many|much|long|often|old))?)\b"
    rf"(?:\s+(?:(?:kind|type|sort)s?\s+of|{_HELPS})\b)?(?:\s+{_HELPS}\b)?\s*",
    re.IGNORECASE,
)


def as_told(question: str) -> str:
    """The question without its question word and helping verb; empty where it has none or nothing is left."""
    asked = _ASKED.match(question)
    left = question[asked.end() :].strip(" ?!.\n") if asked else ""
    return f"{left[0].upper()}{left[1:]}." if left else ""

"""Leak: instruction text or template tokens of the prompt that turned up in the answer."""

import re

from chains.fence import CLOSE, OPEN
from chains.page import Page, Remark
from chains.prompt import Prompt
from chains.words import tokens

_RUN = 8  # words in a row that the answer and the instructions share
_TOKEN = re.compile(r"<\|[^|\n]{1,30}\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>", re.IGNORECASE)


def leak(page: Page, prompt: Prompt) -> tuple[Remark, ...]:
    """At most one remark. Only the first paragraphs of the system message (rules and contract) are
    instructions; canon and style may be quoted."""
    if _TOKEN.search(page.text) or OPEN in page.text or CLOSE in page.text:
        return (Remark("leak", "It holds control text of the prompt."),)
    instructions = "\n\n".join(m.text for m in prompt.messages if m.role == "system").split("\n\n")[:2]
    said = _runs(page.text)
    if any(said & _runs(text) for text in instructions):
        return (Remark("leak", "It repeats its instructions instead of following them."),)
    return ()


def _runs(text: str) -> set[tuple[str, ...]]:
    words = tokens(text)
    return {tuple(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1)}

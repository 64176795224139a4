"""Chains: the writing. The front door; loads nothing heavy.

Question, prompt, model, grounding. Knows nothing of platforms, and of memory and the index only
their nouns.
"""

from chains.format import Format, Line, Sampling, Skeleton, Slot
from chains.page import Citation, Page, Remark
from chains.prompt import Cited, Dropped, Message, Prompt
from chains.writer import Card, Usage, Written

__all__ = [
    "Card",
    "Citation",
    "Cited",
    "Dropped",
    "Format",
    "Line",
    "Message",
    "Page",
    "Prompt",
    "Remark",
    "Sampling",
    "Skeleton",
    "Slot",
    "Usage",
    "Written",
]

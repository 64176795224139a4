"""Chains: the writing. The front door; loads nothing heavy.

Question, prompt, model, grounding. Knows nothing of platforms, and of memory and the index only
their nouns.
"""

from chains.asking import Told, answered, goes_on, muses, ordered, orders, revises, says_how, stated
from chains.budget import fit
from chains.checks import check
from chains.claims import claims, holds
from chains.draft import Writer as Drafts
from chains.draft import draft
from chains.errors import WriterError
from chains.fence import unmarked
from chains.format import Format, Line, Sampling, Skeleton, Slot
from chains.grounding import ground, weigh
from chains.kinds import guess_kind, guess_name
from chains.lasting import lasting
from chains.manuscript import fountain, markdown
from chains.manuscript import pages as manuscript
from chains.message import Message
from chains.names import Name, Names
from chains.page import Citation, Page, Remark
from chains.picked import picked
from chains.prompt import Cited, Dropped, Prompt, texts
from chains.question import Question, question
from chains.recap import recap
from chains.recommended import about_models
from chains.writer import Card
from chains.written import Usage, Written

__all__ = [
    "Card",
    "Citation",
    "Cited",
    "Drafts",
    "Dropped",
    "Format",
    "Line",
    "Message",
    "Name",
    "Names",
    "Page",
    "Prompt",
    "Question",
    "Remark",
    "Sampling",
    "Skeleton",
    "Slot",
    "Told",
    "Usage",
    "WriterError",
    "Written",
    "about_models",
    "answered",
    "check",
    "claims",
    "draft",
    "fit",
    "fountain",
    "goes_on",
    "ground",
    "guess_kind",
    "guess_name",
    "holds",
    "lasting",
    "manuscript",
    "markdown",
    "muses",
    "ordered",
    "orders",
    "picked",
    "question",
    "recap",
    "revises",
    "says_how",
    "stated",
    "texts",
    "unmarked",
    "weigh",
]

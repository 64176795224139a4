"""Checks: one file each, a pure function from a page (and what it was made from) to remarks.

Checks annotate; they never change a page and never ask the model again.
"""

from chains.checks.complete import complete
from chains.checks.copied import copied
from chains.checks.leak import leak
from chains.checks.repetition import repetition
from chains.page import Page, Remark
from chains.prompt import Prompt
from chains.written import Written

__all__ = ["check", "complete", "copied", "leak", "repetition"]


def check(page: Page, prompt: Prompt, written: Written) -> tuple[Remark, ...]:
    """What all checks notice, in a fixed order."""
    return (*complete(page, written), *repetition(page), *leak(page, prompt), *copied(page, prompt))

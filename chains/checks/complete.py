"""Complete: an answer that is empty, or that ends in the middle. Knows nothing of what was asked."""

import re

from chains.page import Page, Remark
from chains.written import Written

_ENDED = re.compile(r"[.!?…。！？:;)\]\"'”’»」』*_~|`>—-]\s*$")


def complete(page: Page, written: Written) -> tuple[Remark, ...]:
    """At most one remark: nothing was written, or the length bound cut the last sentence."""
    if not re.search(r"\w", page.text):
        return (Remark("complete", "Nothing was written; ask again or put it another way."),)
    if written.finish == "length" and not _ENDED.search(page.text):
        return (Remark("complete", "It ran out of room in mid-sentence; ask it to go on."),)
    return ()

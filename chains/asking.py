"""Asking: what sort of message it is: a question, a wish for ideas, an order for a page, or only a greeting.

Plain patterns on the words. What they do not know is taken for a thought to go on from. Knows nothing of canon,
of models or of what the answer will be.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from chains.fence import unmarked
from chains.words import ASKED, content, spans, stem

NOTED = "Noted in this talk, not in canon:"
"""How a page begins that only says again what somebody said."""

_TELLS = re.compile(r"\b(?:where|in which|who|whose|called|named|with)\b", re.IGNORECASE)
_READ = 400  # characters
_PAGES = frozenset(map(stem, ASKED))
_ASKS = re.compile(
    r"[?？]\s*$|^\W*(?:who|whose|what|when|where|which|why|how|is|are|was|were|does|do|did|has|have|can|could|should|"
    r"tell me|remind me)\b|谁|什么|哪|(?<!茶)几(?!乎)|吗|[为如]何|何[时处故]|何(?=.*[\u3040-\u30ff])|誰|どこ|いつ",
    re.IGNORECASE,
)
# Asking for ideas, not for what the notes hold.
_MUSES = re.compile(
    r"\b(?:could|might|should|would|(?-i:may)|what if|ideas?|suggest\w*|imagine|pitch|brainstorm|maybe|invent|come up with)\b"
    r"|\bwhat(?:['’]s| is| are)\s+(?:a|an|some)\s+(?:good|better|great|strong|stronger|funny|funnier|nice|fitting|fresh)\b"
    r"|^\W*(?:got|any)\s+(?:a\s+)?(?:other|better|good|new|fresh|more|different)\b"
    r"|\bwhat\s+(?:happens|comes)\s+next\b|^\W*(?:what\s+(?:now|next)|and\s+then|then\s+what)\W*$"
    r"|\bwhat\s+do\s+you\s+think\b|\bdo\s+you\s+(?:like|prefer)\b|\bwhich\s+(?:do\s+you|(?:one\s+)?is\s+(?:better|stronger|funnier))\b"
    r"|^\W*how\s+(?:do|can)\s+(?:i|we)\s+(?:write|end|open|start|begin|fix|improve|introduce|stage|pitch)\b",
    re.IGNORECASE,
)
_MEASURES = re.compile(
    r"^\W*how\s+(?:long|many|much|far|often|old|big|tall|deep|high)\s+(?:\w+\s+)?(?:would|could)\b(?!.*\bif\b)",
    re.IGNORECASE | re.DOTALL,
)
_KINDLY = (
    r"(?:(?:can|could|would|will)\s+(?:you|we)\s+(?:(?:please|just|maybe|also)\s+)*|let(?:['’]s|\s+us)\s+)?"
    r"(?:(?:please|now)\s+)*"
)
_LEAD = r"^\W*(?:(?:so|and|ok|okay|now|then|please|great|dramaturg)[\s,]+)*"
_SOME = r"(?=(?:a|an|another|one|some|two|three|four|five|six)\b)"
_FOR = r"(?:\s+(?:me|us))?\s+"
_ORDER = (
    rf"{_LEAD}(?:{_KINDLY}(?:(?:write|draft|sketch|compose|outline|script)(?:\s+up)?{_FOR}"
    rf"|(?:make|give|tell|pitch|create|do|try|invent|plan|improvise|add){_FOR}{_SOME}"
    r"|help\s+(?:me|us)\s+(?:with|(?:to\s+)?write)\s+)"
    rf"|(?:i|we)(?:\s+(?:want|need)|(?:['’]d|\s+would)\s+like)\s+{_SOME})"
)
_MORE = (
    r"(?:(?:the\s+next(?:\s+(?:two|three|four|five|six|few|\d+))?|another|(?:one|two|three|four|five|six|a\s+few|\d+)\s+more)"
    r"\s+(?:part|bit|page|line|verse|stanza|exchange|beat|step|segment|shot)s?\b)"
)
_ONWARD = (
    r"(?:(?:continue|carry\s+on|keep\s+(?:going|writing)|write\s+on)\b"
    r"|go\s+on\b(?!\s+(?:the|a|an|my|our|his|her|their|this|that|board|stage|strike)\b)"
    rf"|(?:(?:write|give|show){_FOR})?(?:some\s+)?more(?=\W*(?:please\W*)?$)"
    rf"|(?:(?:write|give|show){_FOR})?{_MORE}(?!\s+(?:is|was|are|were)\b))"
)
_SOME_MORE = re.compile(rf"\b{_MORE}", re.IGNORECASE)
_GOES_ON = re.compile(
    rf"{_LEAD}{_KINDLY}{_ONWARD}|^\W*(?:and\s+then|and\s+after\s+that|what\s+then|then\s+what|what\s+next|next"
    r"|继续|接着写?|続けて)\W*$",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    rf"{_ORDER}|{_LEAD}{_KINDLY}(?:(?:rewrite|rework|shorten|expand|translate|polish)\b|{_ONWARD}|help\s+(?:me|us)\b)"
    r"|^\W*(?:请|帮我|给我|再)*写(?:一|个|首|段|场|篇|封|点|几|出|关于)",
    re.IGNORECASE,
)
_COURTESY = re.compile(rf"{_LEAD}(?:can|could|would|will)\s+(?:you|we)\b", re.IGNORECASE)
_REVISES = re.compile(
    rf"{_LEAD}{_KINDLY}(?:make\s+(?!{_SOME})\w|(?:rewrite|rework|redo|shorten|lengthen|expand|extend|polish|tighten|trim|simplify"
    r"|soften|translate|replace|remove|swap)\b|change\s+(?!of\b)\w|(?:cut|drop|lose)\s+(?:the|that|this)\b|tone\s+(?:it|this|that)\s+down"
    r"|add\b.*\b(?:to|into|in)\s+(?:it|this|that|the)\b|add\s+(?:more|some)\b|use\s+(?:fewer|more|less)\b"
    r"|(?:(?:try|do|write)\s+(?:it|this|that)\s+)?(?:again|anew|once\s+more)\W*$|try\s+again\b"
    rf"|(?:(?:make|do|try|write|give){_FOR})?(?:another|a\s+different)\s+(?:one|take|version)\b)",
    re.IGNORECASE,
)
_HOW = re.compile(
    rf"{_LEAD}(?:(?:a\s+(?:bit|little|touch|lot)|much|even|still|way|slightly|but|with)\s+)*"
    r"(?:(?:more|less|too|fewer|not\s+(?:so|as))(?:\s+[\w-]+){1,3}|[a-z]+er(?:\s+and\s+[a-z]+er)?)(?:[\s,]+(?:please|now|again))*\W*$",
    re.IGNORECASE,
)
# What may stand between the order and what is ordered: "a short, sad" but not "an idea for a".
_BETWEEN = r"(?:(?!(?:ideas?|for|about|of|with|to|in|on|at|that|which|where|who|when|from|and|title|name)\b)[\w'’-]+,?\s+){0,5}?"
_GREETS = re.compile(
    r"\W*(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening)|你好|您好|hallo|hola|bonjour|salut|ciao|こんにちは)"
    r"(?:[\s,]+(?:there|all|everyone|again|dramaturg))*\W*",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\W*(?:many thanks|thanks?(?: you)?|thx|cheers|ok(?:ay)?|great|nice|cool|perfect|lovely|wonderful|谢谢|danke|merci|"
    r"gracias|ありがとう)(?:[\s,!.]+(?:so|very|a|lot|much|you|all|everyone|again|that|was|is|good|one|thanks?|great|nice|"
    r"perfect|dramaturg))*\W*",
    re.IGNORECASE,
)
# Asking for what people themselves said or settled, and the words that ask it.
_OF_US = re.compile(
    r"\b(?:did|have|had)\s+(?:we|i)\b|\bhaben\s+wir\b|\b(?:avons-nous|hemos|decidimos|acordamos|dijimos)\b|我们|咱们",
    re.IGNORECASE,
)
_SETTLED = re.compile(
    r"\b(?:decided?|decision|agreed?|settled?|say|said|mention(?:ed)?|discuss(?:ed)?|entschieden|beschlossen|gesagt"
    r"|vereinbart|décidé|convenu|decidido|acordado|dicho|decidimos|acordamos|dijimos)\b|决定|说过?|商量",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"\b(?:haben|wir|über|zum|zur|hemos|sobre)\b|关于|对", re.IGNORECASE)
_WONDERS = re.compile(
    r"\W*(?:(?:hi|hello|hey|so|ok(?:ay)?|please|dramaturg)[\s,!.]+(?:there[\s,!.]+)?)*"
    r"(?:(?:who|what)\s+are\s+you|what\s+(?:can|do)\s+you\s+do|what\s+can\s+(?:i|we)\s+(?:do|say|ask)(?:\s+you)?"
    r"|how\s+(?:can|do)\s+you\s+help|how\s+do(?:es)?\s+(?:this|it|you)\s+work|how\s+do\s+(?:i|we)\s+(?:start|begin|use\s+(?:this|you))"
    r"|what\s+is\s+(?:this|dramaturg)|help)(?:\s+(?:here|now|first|for\s+(?:me|us)|me|us))*\W*",
    re.IGNORECASE,
)
_FACT = re.compile(
    r"^\W*(?:(?:so|and|also|but|ok|okay|no|well|actually|now|remember(?:\s+that)?|note(?:\s+that)?|by\s+the\s+way)[\s,:]+)*"
    r"(?!(?:i|we|you|this|that|these|those|there|here|let|your|my|our|an?|another|some)\b)"
    r"(?!.*\b(?:when|then|until|while|after|before|suddenly)\b)"
    r"(?:(?!(?:who|what|which|that|where|about|with)\b)[\w'’-]+\s+){1,8}?(?:is|are|was|were|has|have|had|lives?|keeps|owns|works|hates|loves|likes|fears|wears|carries|comes\s+from)\s+\w",
    re.IGNORECASE,
)
_POINTS = re.compile(r"\W*(?:it|it['’]s)\b", re.IGNORECASE)  # at what was written
_QUOTES = "\"'“‘«„「"
_FACTS = 3  # sentences; more tell a story


def is_question(message: str) -> bool:
    """Whether a message asks for something that the notes may hold."""
    return _ASKS.search(message) is not None and not orders(message)


def muses(message: str) -> bool:
    """Whether a message asks for ideas rather than for what is known. *How long would it take?* may be known."""
    if _MEASURES.match(message):
        return False
    return _MUSES.search(_COURTESY.sub("", message) if orders(message) else message) is not None


def orders(message: str) -> bool:
    """Whether a message asks that something be written, politely or not."""
    return any(map(_ORDERS.match, _said(message)))


def revises(message: str, steers: Collection[str] = ()) -> bool:
    """Whether a message asks that the page before it be changed; ``steers`` are words that do."""
    plain = message.strip(" .!").casefold().removesuffix("please").strip(" ,")
    return plain in steers or any(pattern.match(one) for pattern in (_REVISES, _HOW) for one in _said(message))


def goes_on(message: str) -> bool:
    """Whether a message asks for what comes after the page before it."""
    return any(map(_GOES_ON.match, _said(message)))


def says_how(message: str) -> bool:
    """Whether one that goes on says more than that: *Continue with Petra alone*, *Write the next verse*."""
    onward = next(filter(_GOES_ON.match, _said(message)), message)
    told = set(content(_GOES_ON.sub("", onward, count=1)))
    return bool(told - _PAGES) or _SOME_MORE.search(message) is not None


def answered(message: str) -> bool:
    """Whether a message is met with an answer and not with a page: a greeting, thanks, a question."""
    return greets(message) or thanks(message) or wonders(message) or (is_question(message) and not muses(message))


def ordered(message: str, nouns: Mapping[str, Sequence[str]]) -> str:
    """Of the forms, each with the ``nouns`` that ask for it, the one that a message orders: *write a sad song*.
    The longest noun decides; "" where it orders none."""
    found = [
        (len(noun), form)
        for form, each in nouns.items()
        for noun in each
        if any(_wants(one, noun) for one in _said(message))
    ]
    return max(found, default=(0, ""))[1]


def _wants(message: str, noun: str) -> bool:
    """Also as nothing but its name: *A song about rain*."""
    called = rf"{_BETWEEN}{re.escape(noun)}s?\b"
    bare = rf"{_LEAD}{_SOME}{called}\s+(?:about|for|where|in\s+which|between|with)\b"
    return re.match(rf"(?:{_ORDER}{called}|{bare})", message, re.IGNORECASE) is not None


def _said(message: str) -> list[str]:
    """Where an order may stand: at the beginning, or as the last sentence: *I like it. Make it a song.* What is quoted
    orders nothing."""
    begins = _beginning(message)
    found = spans(begins) if len(message) <= _READ else ()
    last = begins[found[-1][0] :] if len(found) > 1 else ""
    return [begins, *([last] if last and last[0] not in _QUOTES else [])]


def _beginning(message: str) -> str:
    """Where an order stands; a message may be as long as a book."""
    return message.strip()[:_READ]


def greets(message: str) -> bool:
    """Whether a message is a greeting and nothing else."""
    return _GREETS.fullmatch(message) is not None


def thanks(message: str) -> bool:
    """Whether a message says that all is well, and nothing else."""
    return _THANKS.fullmatch(message) is not None


def wonders(message: str) -> bool:
    """Whether a message asks what this is that answers."""
    return _WONDERS.fullmatch(message) is not None


def notes(message: str) -> bool:
    """Whether a message only says how something is: *Petra's new dog is called Biscuit.*"""
    if is_question(message) or orders(message) or muses(message) or revises(message):
        return False
    found = [message[start:end] for start, end in spans(_beginning(message))]
    short = 0 < len(found) <= _FACTS and len(message) <= _READ
    return short and not _POINTS.match(message) and all(_FACT.match(one) for one in found)


def of_the_talk(message: str) -> str:
    """A question for what was said or settled here, without the words that ask it so: *What did we decide about the
    dog?*; "" where it asks for nothing of that."""
    asks = _OF_US.search(message) and _SETTLED.search(message)
    return _ABOUT.sub(" ", _SETTLED.sub(" ", message)) if asks else ""


@dataclass(frozen=True, slots=True)
class Told:
    """What of a talk may answer a question; ``ours`` stands in a page, where a person may never have said so."""

    text: str
    ours: bool = False


def stated(talk: Sequence[tuple[str, str]]) -> tuple[Told, ...]:
    """What a talk itself may answer a question with, latest first: what people said and the page it led to, which
    comes before an order for it. ``talk`` is both by turn, oldest first. A question states nothing, and what
    answered it stands elsewhere; an order may, where it says what happens."""
    found = list[Told]()
    for said, page in reversed(talk):
        written = Told(unmarked(page), ours=True)
        if orders(said) or muses(said):
            found += [written, Told(said if _TELLS.search(said) and not is_question(said) else "")]
        elif not is_question(said):
            found += [Told(said), Told("" if page.startswith(NOTED) else written.text, ours=True)]
    return tuple(one for one in found if one.text.strip())

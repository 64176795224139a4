"""Words: the small closed lists and patterns that several steps of the writing share.

Knows nothing of canon, prompts or models. The lists are short on purpose: they hold what no name,
no topic and no evidence can be made of.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
_CJK = re.compile(f"[{CJK}]")
# For a class of characters: letters with a case, of Latin and its additions, Greek, Cyrillic and Armenian.
_LETTERS = [chr(code) for codes in (range(0x41, 0x590), range(0x1E00, 0x2000)) for code in codes]
UPPER = "".join(letter for letter in _LETTERS if letter.isupper() or letter.istitle())
LOWER = "".join(letter for letter in _LETTERS if letter.islower())
# A word of a spaced script, with inner apostrophes and hyphens, or one CJK character.
TOKEN = re.compile(rf"[{CJK}]|[^\W_{CJK}]+(?:['’\-][^\W_{CJK}]+)*")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION = _words(
    """a about above across after again against all almost alone along already also although always am among an and
    another any anybody anyone anything anyway are aren't around as at away back be because been before behind being
    below beneath beside besides between beyond both but by can can't cannot come could couldn't did didn't do does
    doesn't doing don't done down during each either else enough even ever every everybody everyone everything except
    few first for from get gets go goes going got had hadn't has hasn't have haven't having he he'd he'll he's hence
    her here here's hers herself him himself his how how's however i i'd i'll i'm i've if in indeed inside instead into
    is isn't it it'd it'll it's its itself just keep keeps last later least less let let's like made make makes many
    may maybe me meanwhile might mine more most much must my myself near neither never next no nobody none nor not
    nothing now of off often oh ok okay on once one only onto or other others our ours ourselves out outside over own
    perhaps please quite rather really said same say says shall she she'd she'll she's should shouldn't since so some
    somebody someone something sometimes somewhere soon still such take takes tell than thank thanks that that's the
    their theirs them themselves then there there's therefore these they they'd they'll they're they've thing things
    this those though three through thus till to today together tomorrow tonight too toward towards two under
    underneath unless until unto up upon us very was wasn't we we'd we'll we're we've well were weren't what what's
    whatever when whenever where where's wherever whether which while who who's whoever whole whom whose why will with
    within without won't would wouldn't yes yesterday yet you you'd you'll you're you've your yours yourself"""
)

# Words that open sentences, lines of dialogue and requests, and calendars: capitalised without being names.
_OPENERS = _words(
    """act add ah alright ask bring call careful change chapter check choose close come continue cut dear describe
    draft end episode every everyone exit explain fade fine follow forget four five six seven eight nine ten give good
    goodbye great hello help hey hi host hold imagine interior exterior know leave list listen look mama maybe meet
    mister monday tuesday wednesday thursday friday saturday sunday january february march april june july august
    september october november december mon tue wed thu fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec
    moments morning mum name never nice night note nobody old okay open part people pitch pause quick quiet read
    remember rewrite right run scene second segment show silence sing sir slowly softly someone sorry stage start stay
    stop suddenly summarise summarize sure talk third time title true try turn use verse chorus bridge hook intro outro
    wait wake want watch welcome whatever wind wow write wrong yeah young ladies gentlemen english chinese spring
    summer autumn winter evening afternoon midnight dawn day dusk noon god lord thank thanks voice music sound question
    suggest propose invent recommend brainstorm sketch outline compose improvise rework shorten expand polish tighten
    trim replace remove
    answer notes source sources canon cast place places character characters plot dialogue lyrics quest objective
    reward step steps setting narrator narration cont cont'd beat later continuous audience line"""
)
COMMON = FUNCTION | _OPENERS

# What a request calls the page it wants, and what else in it is nobody and nothing.
ASKED = frozenset(
    """scene song quest plot ad advert advertisement show segment segments line lines verse verses shot shots story
    page draft dialogue lyrics chorus host script poem short long little new next list breakdown vfx
    conversation talk ballad trailer commercial spot episode rundown outline jingle mission player duet hymn chant rap
    sketch skit exchange argument confrontation banter treatment teaser""".split()  # noqa: SIM905
)
PLAIN = COMMON | frozenset(
    """what who where when why how please pitch create plan int ext day night try also set
    find bring get fetch steal rescue save catch hunt search retrieve recover collect deliver return stop defeat
    escape solve open close build discover follow guard hide win reach""".split()  # noqa: SIM905
)

TITLES = _words(
    """mr mrs ms miss mister dr doctor prof professor sir dame lady lord king queen prince princess captain lieutenant
    sergeant colonel general major admiral commander inspector detective officer chief mayor councillor counsellor
    senator president minister judge father mother brother sister uncle aunt old young little big saint st the of de da
    van von la le du del"""
)

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBERS = {word: n for n, word in enumerate(_DIGITS)}

_STOPS_CJK = frozenset(
    "的了是在我你他她它们這这那有和与及就也都而着著么吗呢吧啊不没之其为被把让从到说のはがをにでとももやかよねでしたます"
)

# Letters that are no other letter with an accent.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})

_LONGEST = 8  # characters of an abbreviation, and what may stand before it
# A sentence ends at ., !, ? or an ellipsis with its closing quotes before space, at CJK stops, at a line's end. A run
# of stops is tried once, from its first one: a line of forty thousand dots must not be read forty thousand times.
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Lt|Sgt|Capt|Col|Gen|No|vs|INT|EXT|cf|e\.g|i\.e|etc)|\b[A-Z])\.$"
)
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s)|[。！？]+[」』”’）]*")


def is_cjk(text: str) -> bool:
    """Whether any Chinese, Japanese or Korean character is in ``text``."""
    return _CJK.search(text) is not None


def tokens(text: str) -> list[str]:
    """Casefolded words; each CJK character is one. A possessive ``'s`` is cut off."""
    return [_bare(m.group()) for m in TOKEN.finditer(text)]


def words(text: str) -> list[str]:
    """The words of a text, as written, without punctuation."""
    return _WORD.findall(text)


def once(labels: Iterable[str]) -> tuple[str, ...]:
    """Each label as it was first written, whatever its capitals."""
    seen: dict[str, str] = {}
    for label in labels:
        seen.setdefault(label.lower(), label)
    return tuple(seen.values())


def plain(word: str) -> str:
    """A word in small letters without its accents, as people type it: *zoë* is *zoe*, *łódź* is *lodz*."""
    if word.isascii() or is_cjk(word):
        return word
    parts = unicodedata.normalize("NFD", word.translate(_PLAIN))
    return unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))


def _bare(word: str) -> str:
    folded = plain(word.casefold().replace("’", "'"))
    return folded[:-2] if folded.endswith("'s") and len(folded) > 2 else folded


# What English verbs are in the past where no ending tells: *lost* is *lose*.
_PAST = {
    past: verb
    for verb, *forms in map(
        str.split,
        """bear bore borne/become became/begin began begun/bite bit bitten/blow blew blown/break broke broken/bring brought/build built
    burn burnt/buy bought/catch caught/choose chose chosen/cling clung/dig dug/draw drew drawn/dream dreamt/drink drank drunk
    drive drove driven/eat ate eaten/fall fell fallen/feed fed/feel felt/fight fought/find found/flee fled/fly flew flown
    forbid forbade forbidden/forget forgot forgotten/forgive forgave forgiven/freeze froze frozen/give gave given/grow grew grown
    hang hung/hear heard/hide hid hidden/hold held/know knew known/lay laid/lead led/learn learnt/leave left/lend lent/lose lost
    mean meant/meet met/pay paid/ride rode ridden/ring rang rung/rise rose risen/run ran/see saw seen/sell sold/send sent
    shake shook shaken/shine shone/shoot shot/show shown/sing sang sung/sink sank sunk/sit sat/sleep slept/slide slid
    speak spoke spoken/spend spent/stand stood/steal stole stolen/stick stuck/sting stung/strike struck/swear swore sworn
    sweep swept/swim swam swum/swing swung/teach taught/tear tore torn/tell told/think thought/throw threw thrown
    understand understood/wake woke woken/wear wore worn/weep wept/win won/write wrote written""".replace(
            "\n", "/"
        ).split("/"),
    )
    for past in forms
}


def stem(word: str) -> str:
    """A blunt English stem, enough to let *keeps* meet *keep*, *hiding* meet *hid*e, *robbed* meet *rob* and *lost*
    meet *lose*."""
    word = _PAST.get(word, word)
    for ending, least in (("ies", 5), ("ing", 6), ("ed", 5), ("es", 5), ("s", 4), ("e", 4)):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            rest = word[: -len(ending)] + ("y" if ending == "ies" else "")
            doubled = ending in ("ing", "ed") and rest[-1] == rest[-2] and rest[-1] not in "lszaeiou"
            return rest[:-1] if doubled else rest
    return word


@lru_cache(maxsize=4096)
def content(text: str) -> tuple[str, ...]:
    """Stemmed words that carry meaning; CJK text gives character pairs. One turn asks for the same
    sentences over and over, hence the cache."""
    out: list[str] = []
    before = ""
    for word in tokens(text):
        if is_cjk(word):
            if word in _STOPS_CJK:
                before = ""
                continue
            if before:
                out.append(before + word)
            before = word
            continue
        before = ""
        if word not in FUNCTION:
            out.append(stem(word))
    return tuple(out)


def spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where the sentences of ``text`` stand, in order, without the white space around them.

    A line break always ends a sentence (lines of dialogue and verse are sentences of their own).
    """
    out: list[tuple[int, int]] = []
    for line in re.finditer(r"[^\n]+", text):
        start = line.start()
        for end in _ends(line.group()):
            _push(out, text, start, line.start() + end)
            start = line.start() + end
        _push(out, text, start, line.end())
    return tuple(out)


def _ends(line: str) -> list[int]:
    ends = (m.end() for m in _END.finditer(line))
    return [end for end in ends if not _ABBREVIATION.search(line, max(0, end - _LONGEST), end)]


def _push(out: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        out.append((start, end))

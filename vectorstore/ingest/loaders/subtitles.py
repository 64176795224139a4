"""Subtitles (SRT): what is said, by whom, at which time code.

By the srt library; LangChain's SRTLoader drops the times.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

import srt

from vectorstore.errors import Refused
from vectorstore.ingest.clean import clean, line
from vectorstore.ingest.document import Limits
from vectorstore.ingest.draft import Block, Draft
from vectorstore.ingest.encoding import decode

_MARKUP = re.compile(r"</?(?:[biu]|font|c)(?:[ .][^<>\n]{0,80})?>|\{\\?[^{}\n]{0,40}\}", re.IGNORECASE)
_SPEAKER = re.compile(r"(?:[-–]\s?)?(?:\[([^\[\]\n]{1,40})\]|([A-Z][^\W\d_]*(?:[ .'’-][^\W\d_]{1,20}){0,3})):\s")
_PAUSE = timedelta(seconds=8)


def load(data: bytes, limits: Limits) -> Draft:
    text, remark = decode(data)
    try:
        blocks = tuple(_cues(clean(text)))
    except (srt.SRTParseError, ValueError, OverflowError) as error:
        raise Refused("its time codes are broken; it is no valid SRT file") from error
    if not blocks:
        raise Refused("it holds no subtitles")
    return Draft(blocks, remarks=tuple(filter(None, (remark,))))


def _cues(text: str) -> Iterator[Block]:
    group, last = 0, timedelta()
    for cue in srt.parse(text, ignore_errors=True):
        said = _MARKUP.sub("", cue.content).strip()
        if not said:
            continue
        # After a pause something else begins: other chunks.
        group += cue.start - last > _PAUSE
        last = cue.end
        match = _SPEAKER.match(said)
        speaker = line(match.group(1) or match.group(2), 80) if match else ""
        yield Block(said, speaker=speaker, date=str(cue.start).split(".")[0].zfill(8), group=group)

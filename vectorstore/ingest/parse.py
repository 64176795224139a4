"""From a file to a document: judge it, load it, cut it. Blocking; runs in the reader's child process.

Knows nothing of processes or pipes.
"""

from collections.abc import Callable
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from vectorstore.errors import Refused
from vectorstore.ingest.clean import line
from vectorstore.ingest.document import Document, Limits
from vectorstore.ingest.draft import Draft
from vectorstore.ingest.media import SNIFFED, judge
from vectorstore.ingest.split import pack

Load = Callable[[bytes, Limits], Draft]

# Imported by name when first needed: a folder of Markdown should not wait for the PDF library.
_LOADERS = {
    "markdown": "markdown:load",
    "text": "plain:load",
    "pdf": "pdf:load",
    "docx": "word:load",
    "epub": "epub:load",
    "html": "web:load",
    "fountain": "fountain:load",
    "srt": "subtitles:load",
    "csv": "tables:load",
    "json": "records:load",
    "jsonl": "records:load_lines",
    "slack": "slack:load",
    "discord": "discord:load",
}
_DISCORD = (b'"guild"', b'"channel"')


def parse(path: Path, limits: Limits) -> Document:
    """The document at ``path``. Raises Refused with the reason; a damaged file may raise whatever its library does."""
    data = fetch(path, limits)
    media, reason = judge(path, data[:SNIFFED])
    if not media:
        raise Refused(reason)
    if media == "json" and all(key in data[:SNIFFED] for key in _DISCORD):
        media = "discord"
    draft = _loader(media)(data, limits)
    body = draft.body or "\n\n".join(block.text.strip() for block in draft.blocks)
    if not body.strip() and not draft.meta:
        raise Refused("it holds no text")
    return Document(
        title=draft.title or line(path.stem) or path.name,
        uri=path.resolve().as_uri(),
        media=media,
        digest=sha256(data).hexdigest(),
        licence=draft.licence,
        meta=draft.meta,
        body=body,
        chunks=pack(draft.blocks),
        remarks=draft.remarks,
    )


def fetch(path: Path, limits: Limits) -> bytes:
    """The file's bytes. Raises Refused for what is no file, empty, too large or closed to us."""
    try:
        if not path.is_file():
            raise Refused("it is not a file" if path.exists() else "it does not exist")
        with path.open("rb") as file:
            data = file.read(limits.size + 1)
    except OSError as error:
        raise Refused(f"it could not be opened ({error.strerror or type(error).__name__})") from error
    if len(data) > limits.size:
        raise Refused(f"it is larger than the {limits.size >> 20:,} MB allowed; split it")
    if not data.strip(b" \t\r\n\0"):
        raise Refused("it is empty")
    return data


def _loader(media: str) -> Load:
    module, _, name = _LOADERS[media].partition(":")
    load: Load = getattr(import_module(f"vectorstore.ingest.loaders.{module}"), name)
    return load

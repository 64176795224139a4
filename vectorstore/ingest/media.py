"""Which format a file is, by its name and, where that says too little, by its first bytes."""

from pathlib import PurePath

from vectorstore.ingest.sniff import looks_like_text

SNIFFED = 8 * 1024  # bytes of a file that decide
_BY_SUFFIX = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".pdf": "pdf",
    ".docx": "docx",
    ".epub": "epub",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".fountain": "fountain",
    ".spmd": "fountain",
    ".srt": "srt",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".zip": "slack",
}
_OTHER = {
    ".doc": "an old Word file; save it as .docx",
    ".rtf": "RTF; save it as .docx",
    ".odt": "ODT; save it as .docx",
    ".pages": "Pages; export it as .docx",
    ".fdx": "Final Draft; export it as .fountain",
    ".mobi": "MOBI; convert it to .epub",
    ".azw3": "AZW3; convert it to .epub",
    ".xlsx": "a workbook; save its sheets as .csv",
    ".pptx": "a slide show; export it as .pdf",
}
_UNREAD = "its format is not read here ({})"


def judge(path: PurePath, head: bytes) -> tuple[str, str]:
    """The medium, or "" and the reason why there is none. ``head`` is the file's first ``SNIFFED`` bytes."""
    suffix = path.suffix.lower()
    if head.startswith(b"%PDF-"):
        return "pdf", ""
    if head.startswith(b"PK\x03\x04"):
        return _container(suffix, head)
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix], ""
    if suffix in _OTHER:
        return "", _UNREAD.format(_OTHER[suffix])
    if head and looks_like_text(head):
        return ("html" if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")) else "text"), ""
    return "", "it holds binary data, not text" if head else "it is empty"


def _container(suffix: str, head: bytes) -> tuple[str, str]:
    """A zip by its suffix, else by what its first entries are called."""
    named = _BY_SUFFIX.get(suffix, "")
    if named in ("docx", "epub", "slack"):
        return named, ""
    if suffix in _OTHER:
        return "", _UNREAD.format(_OTHER[suffix])
    if b"application/epub+zip" in head[:100]:
        return "epub", ""
    return ("docx", "") if b"word/" in head else ("", "it is a zip container of an unknown kind")

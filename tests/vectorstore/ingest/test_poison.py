"""Files that bite: each is named with its reason within the limits, and the next good file is read."""

import json
import os
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import docx
import pytest

from vectorstore.ingest import Limits, Reader, Unreadable

LIMITS = Limits(size=40 * 1024 * 1024, memory=400 * 1024 * 1024, cpu=8, wall=60)
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'


def zipped(files: dict[str, str | bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def word(main: str = "", **parts: str) -> bytes:
    """A Word file whose main part is replaced by ``main``."""
    buffer = BytesIO()
    docx.Document().save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        files: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    return zipped(files | ({"word/document.xml": main} if main else {}) | parts)


def document_xml(body: str, doctype: str = "") -> str:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return f'<?xml version="1.0"?>{doctype}<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'


def pdf_bomb() -> bytes:
    """A page whose content stream unpacks to a gigabyte, packed twice."""
    stream = zlib.compress(zlib.compress(b"BT (a) Tj ET " * (1024 * 1024 * 80), 9), 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream" % (len(stream), stream),
    ]
    body = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % (n, each) for n, each in enumerate(objects, 1))
    return body + b"trailer<</Root 1 0 R/Size 5>>\nstartxref\n0\n%%EOF"


def lying_zip() -> bytes:
    """An archive whose directory promises ten bytes a file where there are fifty megabytes."""
    data = bytearray(zipped({"room/2024-01-01.json": b" " * (50 * 1024 * 1024)}))
    central = data.rfind(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", 10)
    return bytes(data)


def locked_zip() -> bytes:
    data = bytearray(zipped({"room/2024-01-01.json": "[]"}))
    central = data.rfind(b"PK\x01\x02")
    data[central + 8] |= 1
    data[6] |= 1
    return bytes(data)


def epub_parts(make: SimpleNamespace, **extra: str) -> bytes:
    return bytes(make.epub({"one": "<html><body><p>Text.</p></body></html>"}, extra=extra))


REFUSED = {
    "empty.md": (lambda make: b"", "empty"),
    "blank.txt": (lambda make: b" \n\t \r\n" * 999, "empty"),
    "photo.txt": (lambda make: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 99, "binary"),
    "noise.dat": (lambda make: bytes(range(256)) * 99, "binary"),
    "nuls.md": (lambda make: b"A good beginning\x00\x00 and then nothing " * 20, "binary"),
    "invisible.txt": (lambda make: "\u202e\u200b\u2066".encode() * 500, "no text"),
    "cut.pdf": (lambda make: make.pdf(["Words " * 50] * 3)[:700], "broken|cut short"),
    "garbage.pdf": (lambda make: b"%PDF-1.7\n" + b"<<>>" * 5000, "broken|cut short|no pages"),
    "locked.pdf": (lambda make: make.pdf(["Secret."], password="tide"), "encrypted"),
    "scan.pdf": (lambda make: make.pdf(["", ""]), "OCR"),
    "bomb.pdf": (lambda make: pdf_bomb(), "memory|time|none of its pages|broken"),
    "cut.docx": (lambda make: word()[:9000], "broken|cut short"),
    "bomb.docx": (lambda make: word(document_xml("<w:p/>" * 3_000_000)), "times its size|paragraphs"),
    "paragraphs.docx": (lambda make: word(document_xml("<w:p/>" * 150_000)), "paragraphs"),
    "laughs.docx": (lambda make: word(document_xml("<w:p><w:r><w:t>&c;</w:t></w:r></w:p>", LAUGHS)), "entities"),
    "renamed.docx": (lambda make: zipped({"readme.txt": "no"}), "not a Word document"),
    "torn.docx": (lambda make: word("<w:document"), "broken"),
    "cut.epub": (lambda make: epub_parts(make)[:300], "broken|cut short"),
    "laughs.epub": (lambda make: make.epub({}, opf=LAUGHS.replace("x [", "package [") + "<package>&c;</package>"), "entities"),
    "drm.epub": (lambda make: epub_parts(make, **{"META-INF/encryption.xml": "<EncryptionMethod Algorithm='aes'/>"}), "DRM"),
    "hollow.epub": (lambda make: make.epub({"one": "<html><body></body></html>"}), "none of its chapters|holds nothing"),
    "bomb.zip": (lambda make: zipped({"room/2024-01-01.json": b"0" * (150 * 1024 * 1024)}), "zip bombs"),
    "lying.zip": (lambda make: lying_zip(), "broken|zip bombs|no messages"),
    "nested.zip": (lambda make: zipped({"a.zip": zipped({"b.zip": zipped({"c.txt": "deep"})})}), "no Slack export"),
    "climb.zip": (lambda make: zipped({"../../etc/2024-01-01.json": "[]"}), "climbs"),
    "absolute.zip": (lambda make: zipped({"/etc/2024-01-01.json": "[]"}), "climbs"),
    "windows.zip": (lambda make: zipped({"C:\\room\\2024-01-01.json": "[]"}), "climbs"),
    "many.zip": (lambda make: zipped({f"room/{n}.json": "" for n in range(60_000)}), "more than the 50,000"),
    "locked.zip": (lambda make: locked_zip(), "encrypted"),
    "unknown.zip7": (lambda make: zipped({"a.bin": b"\0"}), "unknown kind"),
    "deep.json": (lambda make: b"[" * 500_000, "too deeply"),
    "deep.jsonl": (lambda make: b'{"a":' * 500_000, "too deeply|none of its lines"),
    "broken.json": (lambda make: b'{"a": 1,\n"b": }', "broken in line 2"),
    "number.json": (lambda make: b'{"a": ' + b"9" * 100_000 + b"}", "too long"),
    "hog.json": (lambda make: b"[" + b"[]," * 12_000_000 + b"[]]", "400 MB of memory"),
    "nothing.json": (lambda make: b'{"a": null, "b": []}', "no text"),
    "nothing.srt": (lambda make: b"no subtitles here at all", "no subtitles|time codes"),
    "header.csv": (lambda make: b"name,age\n", "no rows"),
    "scripts.html": (lambda make: b"<html><script>alert(1)</script></html>", "no text|nothing"),
    "large.txt": (lambda make: b"word " * (9 * 1024 * 1024), "larger than the 40 MB"),
}  # fmt: skip

SURVIVED = {
    "latin.txt": (lambda make: b"Caf\xe9 \xff\xfe at the harbour", "Latin-1"),
    "half.txt": (lambda make: "Mara waits.".encode("utf-16") + b"\x00", "replaced"),
    "bomb.md": (
        lambda make: ("---\na: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ) + "---\nText.").encode(),
        "front-matter",
    ),
    "object.md": (lambda make: b"---\nname: !!python/object/apply:os.system ['true']\n---\nText.", "front-matter"),
    "recursive.md": (lambda make: b"---\na: &a [*a]\n---\nText.", "front-matter"),
    "line.txt": (lambda make: b"harbour" * 300_000, ""),
    "dots.txt": (lambda make: b"." * 300_000 + b" " * 300_000 + b"x", ""),
    "bait.md": (lambda make: b"[" * 50_000 + b"*_" * 50_000 + b"> " * 5_000 + b"a", ""),
    "bait.fountain": (lambda make: b"A(" * 100_000 + b"\n/* " * 1_000, ""),
    "bait.srt": (lambda make: b"1\n00:00:01,000 --> 00:00:02,000\n" + b"<i" * 50_000 + b"A B." * 9_000, ""),
    "deep.html": (lambda make: b"<div>" * 100_000 + b"Bottom.", ""),
    "wide.csv": (lambda make: b",".join([b"c"] * 20_000) + b"\n" + b",".join([b"1"] * 20_000), ""),
    "quote.csv": (lambda make: b'a,b\n"' + b"x,\n" * 50_000, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_a_poison_file_is_named_with_its_reason_and_the_next_is_read(
    name: str, tmp_path: Path, reader: Reader, make: SimpleNamespace
) -> None:
    content, reason = REFUSED[name]
    path = tmp_path / name
    path.write_bytes(content(make))
    with pytest.raises(Unreadable, match=reason) as caught:
        await reader.read(path, LIMITS)
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{name} was not read: ")
    await _still_reads(reader, tmp_path)


@pytest.mark.parametrize("name", SURVIVED)
async def test_a_bait_is_read_within_the_limits_with_what_is_doubtful_remarked(
    name: str, tmp_path: Path, reader: Reader, make: SimpleNamespace
) -> None:
    content, remark = SURVIVED[name]
    path = tmp_path / name
    path.write_bytes(content(make))
    document = await reader.read(path, LIMITS)
    assert document.body
    assert remark in " ".join(document.remarks)
    joined = "".join(chunk.text for chunk in document.chunks)
    assert "".join(joined.split()) == "".join(document.body.split())
    await _still_reads(reader, tmp_path)


async def test_a_file_that_takes_too_long_ends_its_child_and_not_the_reader(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "endless.txt"
    path.write_bytes(b"Many, many small sentences here. " * 1_000_000)
    with pytest.raises(Unreadable, match="1 s of processor time"):
        await reader.read(path, Limits(cpu=1))
    with pytest.raises(Unreadable, match="longer than 0.3 s"):
        await reader.read(path, Limits(wall=0.3))
    await _still_reads(reader, tmp_path)


async def test_what_is_no_file_is_named(tmp_path: Path, reader: Reader) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    for name, reason in {"gone.md": "does not exist", ".": "not a file", "pipe.txt": "not a file"}.items():
        with pytest.raises(Unreadable, match=reason):
            await reader.read(tmp_path / name)
    await _still_reads(reader, tmp_path)


async def test_nothing_is_ever_unpacked_to_disk(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(zipped({"room/2024-01-01.json": json.dumps([{"text": "Hi", "ts": "1704100000"}])}))
    await reader.read(path)
    assert [each.name for each in tmp_path.iterdir()] == ["export.zip"]


async def _still_reads(reader: Reader, folder: Path) -> None:
    good = folder / "good.md"
    good.write_text("# Good\n\nStill here.")
    assert (await reader.read(good)).title == "Good"

"""Every format, from a real file through the real child process."""

import json
from collections.abc import Awaitable, Callable
from io import BytesIO
from types import SimpleNamespace

import docx
import pytest

from vectorstore.ingest import Document, Unreadable

Read = Callable[[str, str | bytes], Awaitable[Document]]


def nonspace(text: str) -> str:
    return "".join(text.split())


def whole(document: Document) -> bool:
    """Whether the chunks join to the body."""
    return nonspace("".join(chunk.text for chunk in document.chunks)) == nonspace(document.body)


async def test_a_bible_entry_brings_its_front_matter_and_its_body(read: Read) -> None:
    document = await read(
        "mara.md",
        "---\nname: Mara Voss\nkind: character\naliases: [Captain, the Fox]\nstatus: accepted\nfrom: 2\n"
        "until: 2031-05-01\ntags:\n  - lead\nlicense: CC0\n---\n\n# Mara\n\nShe smuggles *light*.\n",
    )
    assert document.meta == {
        "name": "Mara Voss",
        "kind": "character",
        "aliases": ["Captain", "the Fox"],
        "status": "accepted",
        "from": 2,
        "until": "2031-05-01",
        "tags": ["lead"],
        "license": "CC0",
    }
    assert (document.title, document.media, document.licence) == ("Mara Voss", "markdown", "CC0")
    assert document.body == "# Mara\n\nShe smuggles *light*."
    assert len(document.digest) == 64
    assert document.uri.startswith("file://")
    assert document.uri.endswith("/mara.md")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# The Tide Book\n\nAll of it.\n\n## Ana\n\nSmith.\n", "The Tide Book"),
        ("## The Tide Book\n\n## Ana\n\nSmith.\n\n## Bo\n\nBaker.\n", "The Tide Book"),
        ("# Ana\n\nSmith.\n\n# Bo\n\nBaker.\n", "people"),
        ("## Ana\n\nSmith.\n\n# Bo\n\nBaker.\n", "people"),
        ("No heading at all.\n", "people"),
    ],
)
async def test_a_documents_title_is_the_heading_over_all_of_it(read: Read, text: str, title: str) -> None:
    assert (await read("people.md", text.encode())).title == title


async def test_broken_front_matter_is_read_as_text_with_a_remark(read: Read) -> None:
    document = await read("bad.md", "---\nname: [Mara\nkind: : x\n---\nShe waits.\n")
    assert document.meta == {}
    assert "name: [Mara" in document.body
    assert "front-matter" in document.remarks[0]


async def test_an_entry_that_is_all_front_matter_is_read(read: Read) -> None:
    document = await read("only.md", "---\nname: Fog\n---\n")
    assert (document.meta, document.chunks) == ({"name": "Fog"}, ())


async def test_a_markdown_rule_at_the_top_is_no_front_matter(read: Read) -> None:
    document = await read("rule.md", "---\n\nAct one begins.\n\n---\n\nAct two.\n")
    assert document.meta == {}
    assert "Act one begins." in document.body
    assert whole(document)


async def test_markdown_headings_give_the_path_and_fences_hold_no_headings(read: Read) -> None:
    document = await read(
        "w.md", "Harbour\n=======\n\n" + "Salt. " * 80 + "\n\n## Pier\n\n```\n# no heading\n```\n" + "Wood. " * 80
    )
    assert {chunk.path for chunk in document.chunks} == {("Harbour",), ("Harbour", "Pier")}
    assert whole(document)


async def test_a_gutenberg_book_has_chapters_and_loses_its_notice(read: Read) -> None:
    text = (
        "The Project Gutenberg eBook of Tides\n\nTitle: Tides\n\n*** START OF THE PROJECT GUTENBERG EBOOK TIDES ***\n\n"
        "CHAPTER I. The Harbour\n\n"
        + "It rained on the pier. " * 60
        + "\n\nCHAPTER II.\n\n"
        + "Then it stopped. " * 60
        + "\n\n"
        "*** END OF THE PROJECT GUTENBERG EBOOK TIDES ***\n\nLicence text."
    )
    document = await read("tides.txt", text)
    assert document.title == "Tides"
    assert "public domain" in document.licence
    assert "Licence text" not in document.body
    assert list(dict.fromkeys(chunk.path for chunk in document.chunks)) == [
        ("CHAPTER I. The Harbour",),
        ("CHAPTER II.",),
    ]
    assert whole(document)


async def test_chinese_chapters_are_headings(read: Read) -> None:
    document = await read("海.txt", "第一章 灯塔\n\n" + "灯塔亮了。" * 60 + "\n\n第二章 归来\n\n" + "她回来了。" * 60)
    assert {chunk.path for chunk in document.chunks} == {("第一章 灯塔",), ("第二章 归来",)}


async def test_pdf_chunks_know_their_page_and_outline(read: Read, make: SimpleNamespace) -> None:
    data = make.pdf(
        ["The light-\nhouse is dark."] + ["Mara climbs the stairs of the tower. \n" * 18] * 2,
        outline={"Night": 0, "Dawn": 1},
    )
    document = await read("tower.pdf", data)
    assert (document.media, document.chunks[0].page) == ("pdf", 1)
    assert document.chunks[0].text.startswith("The lighthouse is dark.")
    assert {(chunk.page, chunk.path) for chunk in document.chunks} >= {(1, ("Night",)), (2, ("Dawn",))}
    assert whole(document)


async def test_a_pdf_page_without_text_is_remarked(read: Read, make: SimpleNamespace) -> None:
    document = await read("half.pdf", make.pdf(["Text here.", ""]))
    assert document.remarks == ("pages without text: 2",)


async def test_a_pdf_is_known_by_its_bytes_whatever_its_name(read: Read, make: SimpleNamespace) -> None:
    assert (await read("notes.txt", make.pdf(["Hidden PDF."]))).media == "pdf"


async def test_docx_keeps_headings_tables_and_order(read: Read) -> None:
    word = docx.Document()
    word.core_properties.title = "Show bible"
    word.add_heading("Harbour", level=1)
    word.add_paragraph("Before the table.")
    table = word.add_table(rows=2, cols=2)
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells), ["Name", "Age", "Mara", "41"], strict=True
    ):
        cell.text = text
    word.add_heading("Pier", level=2)
    word.add_paragraph("After the table. " * 80)
    buffer = BytesIO()
    word.save(buffer)
    document = await read("bible.docx", buffer.getvalue())
    assert document.title == "Show bible"
    assert document.chunks[0].text == "Harbour\n\nBefore the table.\n\nName | Age\nMara | 41"
    assert document.chunks[-1].path == ("Harbour", "Pier")
    assert whole(document)


async def test_epub_chapters_follow_the_spine_and_rights_are_the_licence(read: Read, make: SimpleNamespace) -> None:
    chapter = "<html><head><title>{0}</title><style>p{{}}</style></head><body><h1>{0}</h1><p>{1}</p></body></html>"
    data = make.epub(
        {"one": chapter.format("Ebb", "Water left. " * 60), "two": chapter.format("Flood", "Water came. " * 60)}
    )
    document = await read("tide.epub", data)
    assert (document.title, document.licence, document.meta["creator"]) == ("The Tide Book", "CC BY 4.0", "A. Writer")
    assert list(dict.fromkeys(chunk.path for chunk in document.chunks)) == [("Ebb",), ("Flood",)]
    assert whole(document)


async def test_html_is_what_a_reader_sees(read: Read) -> None:
    document = await read(
        "page.html",
        "<!DOCTYPE html><html><head><title>Harbour</title><script>steal()</script></head>"
        "<body><h1>Harbour</h1><p>Salt &amp; <b>wind</b>"
        "<p hidden>secret</p><p style='display: none'>also</p>"
        "<script>alert(1)</script><!-- note --><ul><li>one<li>two</ul>"
        "<table><tr><td>a<td>b</table><p>line<br>break</p><noscript>no</noscript></body></html>",
    )
    assert document.title == "Harbour"
    assert document.body.split("\n\n") == ["Harbour", "Salt & wind", "one", "two", "a | b", "line\nbreak"]
    assert {chunk.path for chunk in document.chunks} == {("Harbour",)}


async def test_html_in_the_encoding_that_it_declares(read: Read) -> None:
    page = '<html><head><meta charset="windows-1251"></head><body><p>Маяк</p></body></html>'
    assert (await read("ru.html", page.encode("cp1251"))).body == "Маяк"


FOUNTAIN = """Title: _Harrow Point_
Author: A. Writer
Copyright: CC BY-SA

# Act One

INT. LIGHTHOUSE - NIGHT #1#

The lamp is dark. /* cut this */

MARA (V.O.)
(quiet)
I counted two hundred and six.

QUILL ^
You counted wrong.

> CUT TO:

EXT. PIER - DAY

@McCoy
Boats!
"""


async def test_fountain_scenes_are_paths_and_cues_stay_with_their_lines(read: Read) -> None:
    document = await read("harrow.fountain", FOUNTAIN)
    assert (document.title, document.licence, document.meta["author"]) == ("Harrow Point", "CC BY-SA", "A. Writer")
    assert "cut this" not in document.body
    first = document.chunks[0]
    assert first.path == ("Act One", "INT. LIGHTHOUSE - NIGHT")
    assert first.speaker.startswith("MARA, QUILL")
    assert "MARA (V.O.)\n(quiet)\nI counted" in first.text
    assert whole(document)


async def test_long_scenes_are_never_cut_between_a_cue_and_its_line(read: Read) -> None:
    scene = "INT. HALL - DAY\n\n" + "\n\n".join(f"MARA\nLine {n} is about the old harbour bell." for n in range(80))
    document = await read("long.fountain", scene)
    assert len(document.chunks) > 3
    assert not any(chunk.text.endswith("MARA") for chunk in document.chunks)
    assert whole(document)


async def test_srt_keeps_time_code_and_speaker(read: Read) -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:03,000\n<i>MARA: Who lit the lamp?</i>\n\n"
        "2\n00:00:03,500 --> 00:00:05,000\n- [Quill]: Nobody.\n\n"
        "3\n00:12:31,000 --> 00:12:33,000\n" + "Rain falls on the pier. " * 12 + "\n"
    )
    document = await read("ep.srt", text)
    assert [(chunk.date, chunk.speaker) for chunk in document.chunks] == [("00:00:01", "MARA, Quill"), ("00:12:31", "")]
    assert document.chunks[0].text == "MARA: Who lit the lamp?\n\n- [Quill]: Nobody."


async def test_a_csv_row_is_a_chunk_with_its_headers(read: Read) -> None:
    document = await read("cast.csv", 'name;age;note\nMara;41;"says ""no"";\ntwice"\nQuill;;\nX;1;y;extra\n')
    assert [chunk.text for chunk in document.chunks] == [
        'name: Mara\nage: 41\nnote: says "no";\ntwice',
        "name: Quill",
        "name: X\nage: 1\nnote: y\nmore: extra",
    ]


async def test_json_lines_give_their_text_field_else_their_values(read: Read) -> None:
    lines = [{"page_content": "Salt.", "title": "Sea"}, {"name": "Mara", "mes": "Hi."}, {"a": {"b": [1, 2]}, "c": "x"}]
    document = await read("r.jsonl", "\n".join(map(json.dumps, lines)) + "\n{broken\n")
    assert [chunk.text for chunk in document.chunks] == ["Sea\nSalt.", "Mara: Hi.", "a.b: 1\na.b: 2\nc: x"]
    assert document.chunks[1].speaker == "Mara"
    assert document.remarks == ("1 lines that are not JSON were left out",)


async def test_json_finds_the_records_under_a_key(read: Read) -> None:
    document = await read(
        "w.json", json.dumps({"entries": {"0": {"comment": "Pier", "content": "Wooden."}, "1": {"content": "Rusty."}}})
    )
    assert [(chunk.path, chunk.text) for chunk in document.chunks] == [(("Pier",), "Pier\nWooden."), ((), "Rusty.")]


async def test_a_slack_export_groups_talk_by_channel_thread_and_pause(read: Read, make: SimpleNamespace) -> None:
    users = [
        {"id": "U1", "name": "ana", "profile": {"display_name": "Ana"}},
        {"id": "U2", "name": "bo", "real_name": "Bo B"},
    ]
    long = "The harbour bell rings at dusk and nobody in the village will say who pulls the rope. " * 3
    day = [
        {"user": "U2", "text": f"<@U1> see <https://x.org|this> &amp; {long}", "ts": "1700000100.0"},
        {"user": "U1", "text": f"Pitch: she lives. {long}", "ts": "1700000000.0", "thread_ts": "1700000000.0"},
        {"user": "U1", "subtype": "channel_join", "text": "<@U1> has joined", "ts": "1699999999.0"},
        {"user": "U1", "text": f"Much later. {long}", "ts": "1700050000.0"},
    ]
    reply = [{"user": "U2", "text": f"No, she dies. {long}", "ts": "1700090000.0", "thread_ts": "1700000000.0"}]
    data = make.zipped(
        {
            "users.json": json.dumps(users),
            "channels.json": "[]",
            "room/2023-11-14.json": json.dumps(day),
            "room/2023-11-15.json": json.dumps(reply),
        }
    )
    document = await read("export.zip", data)
    assert document.media == "slack"
    assert [chunk.speaker for chunk in document.chunks] == ["Bo B", "Ana", "Ana", "Bo B"]
    assert document.chunks[0].text.startswith("Bo B: @Ana see this (https://x.org) & The harbour")
    assert document.chunks[0].path == ("#room",)
    assert document.chunks[0].date == "2023-11-14T22:15:00+00:00"
    assert document.chunks[2].path[1].startswith("Pitch: she lives.")
    assert document.chunks[2].path == document.chunks[3].path
    assert whole(document)


async def test_neighbouring_slack_messages_share_a_chunk_with_their_names(read: Read, make: SimpleNamespace) -> None:
    day = [
        {"username": "Ana", "text": "Hi", "ts": "1700000000.1"},
        {"username": "Bo", "text": "Hello", "ts": "1700000009.1"},
    ]
    document = await read("e.zip", make.zipped({"room/2023-11-14.json": json.dumps(day)}))
    assert [(chunk.text, chunk.speaker) for chunk in document.chunks] == [("Ana: Hi\n\nBo: Hello", "Ana, Bo")]


async def test_a_discord_export_names_speakers_and_replies(read: Read) -> None:
    export = {
        "guild": {"name": "Room"},
        "channel": {"name": "plot"},
        "messages": [
            {
                "id": "1",
                "type": "Default",
                "timestamp": "2024-01-01T10:00:00+00:00",
                "content": "She lives.",
                "author": {"name": "ana"},
            },
            {
                "id": "2",
                "type": "Default",
                "timestamp": "2024-01-01T10:00:05+00:00",
                "content": "Rain.",
                "author": {"nickname": "Bo"},
            },
            {
                "id": "3",
                "type": "Reply",
                "timestamp": "2024-01-01T10:00:09.5+00:00",
                "content": "She dies.",
                "author": {"nickname": "Bo"},
                "reference": {"messageId": "1"},
                "attachments": [{"fileName": "map.png"}],
            },
            {"id": "4", "type": "ChannelPinnedMessage", "timestamp": "2024-01-01T10:00:10+00:00", "content": "Pinned."},
        ],
    }
    document = await read("plot.json", json.dumps(export))
    assert (document.title, document.media) == ("Room #plot", "discord")
    (chunk,) = document.chunks
    assert chunk.text == "ana: She lives.\n\nBo: Rain.\n\nBo: (to ana) She dies. [map.png]"
    assert (chunk.path, chunk.date, chunk.speaker) == (("#plot",), "2024-01-01T10:00:00+00:00", "ana, Bo")


async def test_a_text_without_an_extension_is_judged_by_its_content(read: Read) -> None:
    assert (await read("NOTES", "Just words.")).media == "text"


@pytest.mark.parametrize("name", ["old.doc", "sheet.xlsx", "script.fdx"])
async def test_a_format_not_read_here_says_what_to_save_it_as(read: Read, name: str) -> None:
    with pytest.raises(Unreadable, match=r"save|export"):
        await read(name, b"\xd0\xcf\x11\xe0 something")

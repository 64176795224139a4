"""Which files are found, in which order, and what is said of the rest."""

import os
from pathlib import Path

from vectorstore.ingest import find


def test_folders_are_walked_in_a_stable_order_and_what_is_passed_over_is_said(tmp_path: Path) -> None:
    show, outside = tmp_path / "show", tmp_path / "outside"
    for folder in (show / "b" / "deep", show / ".git", show / "node_modules", outside):
        folder.mkdir(parents=True)
    (outside / "secret.md").write_text("secret")
    for name in ("b/deep/z.md", "b/a.txt", "a.md", ".hidden.md", ".git/config.md", "node_modules/x.md", "NOTES"):
        (show / name).write_text("text")
    (show / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF")
    (show / "empty.bin").touch()
    os.symlink(outside, show / "link")
    os.symlink(outside / "secret.md", show / "stolen.md")
    os.symlink(show, show / "loop")
    finds = find([show])
    assert [str(path.relative_to(show)) for path in finds.files] == ["NOTES", "a.md", "b/a.txt", "b/deep/z.md"]
    reasons = {str(each.path.relative_to(show)): each.reason for each in finds.skipped}
    assert reasons == {
        ".git": "it is hidden",
        ".hidden.md": "it is hidden",
        "empty.bin": "it is empty",
        "link": "it is a link that leaves the folder",
        "loop": "it is a link to a folder that is read anyway",
        "node_modules": "the folder belongs to a tool",
        "photo.jpg": "it holds binary data, not text",
        "stolen.md": "it is a link that leaves the folder",
    }


def test_a_link_that_leads_in_a_circle_is_passed_over_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("text")
    os.symlink("circle", tmp_path / "circle.md")
    os.symlink("circle.md", tmp_path / "circle")
    finds = find([tmp_path])
    assert [path.name for path in finds.files] == ["a.md"]
    assert {each.path.name: each.reason for each in finds.skipped} == dict.fromkeys(
        ("circle", "circle.md"), "it is a link that leads nowhere"
    )
    assert find([tmp_path / "circle.md"]).skipped[0].reason == "it does not exist"


def test_a_file_named_outright_is_taken_once_and_a_missing_one_is_named(tmp_path: Path) -> None:
    hidden = tmp_path / ".notes.md"
    hidden.write_text("text")
    finds = find([hidden, hidden, tmp_path / "gone.md"])
    assert finds.files == (hidden,)
    assert [(each.path.name, each.reason) for each in finds.skipped] == [("gone.md", "it does not exist")]


def test_a_format_that_is_not_read_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "script.fdx").write_text("<FinalDraft/>")
    assert "export it as .fountain" in find([tmp_path]).skipped[0].reason

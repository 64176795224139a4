"""Handing: files the bot hands over, as Discord takes them. Knows nothing of Discord's library."""

import io
import zipfile
from collections.abc import Sequence

from bot.events import File
from bot.render.safe import line

LIMIT = 10 * 1024 * 1024
"""Bytes of a file where a server has no more."""


def fitting(files: Sequence[File], limit: int = LIMIT) -> tuple[list[File], list[str]]:
    """The files that are small enough, packed where that helps, and a sentence about each that is not."""
    kept, problems = [], []
    for file in files:
        small = file if len(file.data) <= limit else _packed(file)
        if len(small.data) <= limit:
            kept.append(small)
        else:
            problems.append(
                f"{line(file.name)} has {len(file.data) >> 20} MB, and this server takes {limit >> 20}: "
                "my keepers can write it to a file with `dramaturg export --tenant ID`."
            )
    return kept, problems


def _packed(file: File) -> File:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(line(file.name).replace("/", "_"), file.data)
    return File(f"{line(file.name)}.zip", data=held.getvalue(), media="application/zip")

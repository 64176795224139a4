"""Failures: what a database says when it fails, as a sentence for the person who reads it.

Knows nothing of what was asked of it.
"""

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from memory.errors import LedgerBusy, LedgerUnavailable

# By what SQLite says, and by PostgreSQL's SQLSTATE.
_BUSY = ("database is locked", "database table is locked", "55P03", "40P01", "53300")
_SENTENCES = (
    (
        ("disk is full", "53100"),
        "The disk of the ledger {0} is full, so nothing was saved; free some space and try again.",
    ),
    (("readonly", "25006"), "The ledger {0} can only be read; make it and its folder writable and try again."),
    (("unable to open",), "The ledger {0} cannot be opened; check that its folder exists and may be written to."),
    (
        ("not a database", "malformed"),
        "The file {0} is damaged or is no ledger; restore it from a backup or name another.",
    ),
    (
        ("disk i/o error",),
        "The disk refused to read or write the ledger {0}, so nothing was saved; check it and try again.",
    ),
    (("28P01", "28000"), "The database refused the name or password for the ledger {0}; check its URL."),
    (("3D000",), "There is no database for the ledger {0}; create it or correct its URL."),
)
_UNREACHABLE = "The ledger {0} cannot be reached; check that the database runs and that its URL is right."


class Sentences:
    """Turns a database's failure into one of ours. What is our own mistake (a broken constraint, a
    misspelt column) passes through."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, PoolTimeout):
            raise LedgerBusy("Too many things ask the ledger at once; try again in a moment.") from error
        if isinstance(error, OSError):
            raise LedgerUnavailable(_UNREACHABLE.format(self._place)) from error
        if isinstance(error, DBAPIError):
            _raise_sentence(error, self._place)


def _raise_sentence(error: DBAPIError, place: str) -> None:
    said = str(error.orig)
    marks = (said.lower(), str(getattr(error.orig, "sqlstate", "")))
    if any(mark in said or mark == marks[1] for mark in _BUSY):
        raise LedgerBusy(
            f"Another program is writing to the ledger {place}; close it or try again in a moment."
        ) from error
    for words, sentence in _SENTENCES:
        if any(word in marks[0] or word == marks[1] for word in words):
            raise LedgerUnavailable(sentence.format(place)) from error
    if error.connection_invalidated or (
        not isinstance(error.orig, sqlite3.Error) and marks[1].startswith(("08", "57"))
    ):
        raise LedgerUnavailable(_UNREACHABLE.format(place)) from error

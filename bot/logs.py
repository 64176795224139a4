"""Logs: one JSON line per event in a rotating file of the data folder, and never a secret in it.

Knows nothing of what is logged. People get a short reference; the details lie here under it.
"""

import json
import logging
import os
import re
import secrets
import time
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

GONE = "[redacted]"
_MEGABYTE = 1_000_000

_SECRET = re.compile(
    "|".join(
        (
            r"xox[a-z]*[.-][\w.-]{8,}",  # Slack: xoxb-, xoxp-, xoxe.xoxp-, xoxe-
            r"xapp-[\w-]{8,}",
            r"mfa\.[\w-]{20,}",
            r"(?<![\w.-])[\w-]{23,30}\.[\w-]{6,7}\.[\w-]{27,}",  # Discord bots
            r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?",  # JSON web tokens
            r"\b(?:sk|pk|rk)-[\w-]{12,}",  # OpenAI, Anthropic and those who copied them
            r"\bhf_\w{16,}|\bgh[oprsu]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}",
            r"\bAIza[\w-]{30,}|\bAKIA[0-9A-Z]{16}\b|\bgsk_\w{20,}|\br8_\w{20,}",
            r"https?://hooks\.slack(?:-gov)?\.com/[^\s\"'<>\\]+",  # response_url and webhooks
            r"https?://[^\s\"'<>\\]+/(?:webhooks|interactions)/\d+/[^\s\"'<>\\]+",  # Discord's, wherever it is
        )
    )
)
_AFTER = re.compile(
    r"(?i)(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}"
    r"|((?<![a-z])(?:[\w-]*[_-])?(?:api[_-]?key|token|secret|password|passwd|response_url|authorization|cookie)\b"
    r"[\"'\\]*\s*[:=]\s*[\"'\\]*)(?!\[redacted\]|bearer\b|basic\b)[^\s\"'\\,;&<>)}\]]{6,}"
    r"|(://[^\s/:@\"']*:)[^\s/@\"']+(?=@)"
)
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact(text: str, known: Sequence[str] = ()) -> str:
    """``text`` without tokens, keys, hook URLs and passwords; ``known`` are secrets by value."""
    for value in sorted(known, key=len, reverse=True):
        if len(value) >= 4:
            text = text.replace(value, GONE)
    text = _SECRET.sub(GONE, text)
    return _AFTER.sub(lambda found: f"{found[1] or found[2] or found[3]}{GONE}", text)


class Lines(logging.Formatter):
    """A record as one line of JSON: t, level, where, say, what was given in ``extra``, error. Redacts
    everything, tracebacks too, because a filter would see a record before its error is text."""

    def __init__(self, known: Sequence[str] = ()) -> None:
        super().__init__()
        self._known = tuple(known)

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "t": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "where": record.name,
            "say": record.getMessage(),
        }
        fields |= {key: str(value) for key, value in vars(record).items() if key not in _PLAIN}
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = record.stack_info
        safe = {key: redact(value, self._known) for key, value in fields.items()}
        return json.dumps(safe, ensure_ascii=False)


class _Private(RotatingFileHandler):
    """A log file that only its owner can read."""

    def _open(self):  # type: ignore[no-untyped-def]  # as the base class has it
        os.close(os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        return super()._open()


def start(folder: Path, level: str = "INFO", known: Sequence[str] = ()) -> logging.Handler:
    """Logs everything of at least ``level`` into ``folder/dramaturg.log`` (5 MB, three older ones).
    Other libraries are heard from WARNING on. Returns the handler for ``stop``."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = _Private(folder / "dramaturg.log", maxBytes=5 * _MEGABYTE, backupCount=3, encoding="utf-8")
    handler.setFormatter(Lines(known))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for ours in ("bot", "chains", "memory", "vectorstore"):
        logging.getLogger(ours).setLevel(level.upper())
    return handler


def stop(handler: logging.Handler) -> None:
    """Writes what is left and closes the file."""
    logging.getLogger().removeHandler(handler)
    handler.close()


def ref() -> str:
    """A short reference like 7F3A, for the person and the log."""
    return secrets.token_hex(2).upper()


def report(log: logging.Logger, say: str, problem: BaseException) -> str:
    """Logs ``problem`` with its traceback under a new reference, which is returned."""
    name = ref()
    log.error(say, exc_info=problem, extra={"ref": name})
    return name

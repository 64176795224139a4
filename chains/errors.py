"""Errors of the writing. Every message is one sentence for the reader that says what to do next."""


class ChainError(Exception):
    """Something the writing cannot do."""


class FormatError(ChainError):
    """A format's file cannot be used; the sentence names the file and the key."""


class WriterError(ChainError):
    """The writer cannot be opened, or cannot answer this."""


class EngineLost(WriterError):
    """The engine's process died while it worked on this. Asking again is right: it is restarted."""

"""What can go wrong with the ledger, each with one sentence for the person who reads it.

Loads nothing heavy; knows nothing of SQL.
"""


class LedgerError(Exception):
    """Any failure of the ledger. Nothing of the call that raised it was saved."""


class LedgerSetting(LedgerError):
    """The ledger's address or its database's settings cannot be used as they are."""


class LedgerTooNew(LedgerError):
    """A newer program wrote this ledger."""


class LedgerUnavailable(LedgerError):
    """The database cannot be read or written now: gone, full, read-only or damaged."""


class LedgerBusy(LedgerUnavailable):
    """Somebody else is writing. The same call may succeed in a moment."""


class NotFound(LedgerError):
    """No such record in this scope; a record of another tenant is not found either."""


class Refused(LedgerError):
    """The record is there, but a rule of the ledger does not allow this."""


class LeaseLost(Exception):
    """Another program works in this thread now. For no person to read, so it is no LedgerError: whoever
    gets it leaves without a word."""

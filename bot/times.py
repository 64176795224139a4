"""Times as people read them: in the zone of the machine that Dramaturg runs on, or that TZ names.

The ledger keeps them in UTC. Knows nothing of what happened then.
"""

from datetime import datetime


def day(when: datetime) -> str:
    return f"{when.astimezone():%Y-%m-%d}"


def minute(when: datetime) -> str:
    return f"{when.astimezone():%Y-%m-%d %H:%M}"

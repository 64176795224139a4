"""The index: what can be found. The front door; loads nothing heavy.

Derived from the ledger: it can be dropped and rebuilt. Knows nothing of SQL, prompts or platforms.
"""

from vectorstore.address import Address
from vectorstore.errors import IndexFault, StoreDamaged, StoreLocked, VectorStoreError
from vectorstore.passage import Origin, Passage
from vectorstore.query import Found, Hit, Query, Sight

__all__ = [
    "Address",
    "Found",
    "Hit",
    "IndexFault",
    "Origin",
    "Passage",
    "Query",
    "Sight",
    "StoreDamaged",
    "StoreLocked",
    "VectorStoreError",
]

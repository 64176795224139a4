"""Reading documents: files found, read in a child process, and cut into chunks. The front door; loads nothing heavy.

Knows nothing of the ledger, of the index or of embeddings.
"""

from vectorstore.errors import Unreadable
from vectorstore.ingest.document import Chunk, Document, Limits
from vectorstore.ingest.find import Finds, Skipped, find
from vectorstore.ingest.reader import Reader
from vectorstore.ingest.split import split

__all__ = ["Chunk", "Document", "Finds", "Limits", "Reader", "Skipped", "Unreadable", "find", "split"]

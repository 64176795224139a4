"""The embedder for LangChain: apart, because LangChain takes half a second to load.

Knows nothing of models or of the store.
"""

from langchain_core.embeddings import Embeddings

from vectorstore.embedding import Embedder


class LangChainEmbedder(Embedder, Embeddings):
    """An Embedder wherever LangChain asks for Embeddings."""

"""One module per family of formats, each ``load(data, limits) -> Draft``; imported by name when first needed.

Knows nothing of processes or chunks.
"""

"""Dialogue: one turn, from what a person said to the page they read.

Readable from top to bottom as a list of assignments: each stage takes values and returns a value,
and none calls an earlier one. Knows nothing of platforms, SQL, Qdrant or which model writes.
"""

"""The ledger's parts, one file each. Only `memory.ledger` puts them together."""

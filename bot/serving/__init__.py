"""Serving: puts the parts together for a chat platform and serves it until told to stop."""

"""Slack: the room talks to its dramaturg where it already works. Needs the extra ``slack``."""

"""Surfaces: where people talk to Dramaturg. Each turns its own events into Inbound and draws Outs."""

"""Render: text made fit for a place to be shown in. Pure functions; knows nothing of surfaces."""

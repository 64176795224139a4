"""The SDK imports a module that Python has announced the end of; that is not ours to fail on."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord  # noqa: F401

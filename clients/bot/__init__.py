"""A bot that makes a pull request say what Podsplit says of it.

The service decides what to say; the bot posts it, changes it when it changes, and takes it back
when it no longer holds. It keeps nothing: what was said stands on the forge.
"""

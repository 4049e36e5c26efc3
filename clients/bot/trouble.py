"""What went wrong, in a sentence for whoever reads the log of a build."""

from __future__ import annotations


class Trouble(Exception):
    """The bot can't go on; the message says why and what to do, and holds no manifest's content."""

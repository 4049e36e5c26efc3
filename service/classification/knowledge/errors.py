"""The error that all of the knowledge shares."""

from __future__ import annotations


class KnowledgeError(Exception):
    """A data file is wrong; found when it is loaded."""

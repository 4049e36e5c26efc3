"""What all looks at pull requests share."""

from __future__ import annotations

from dataclasses import dataclass

from clients.bot.hosted.contents import Bounds, Cache
from clients.bot.service import Service


@dataclass(frozen=True)
class Surroundings:
    """What all looks share."""

    service: Service
    """Podsplit."""
    bounds: Bounds
    """How much of a repository is read."""
    cache: Cache
    """What was read before."""
    name: str = ""
    """What tells this bot's comments from those of another one."""
    docs: str = ""
    """Where people find the documentation."""

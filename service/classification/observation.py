"""What a signal yields: one thing that was seen in a Pod."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from service.findings import Pattern
from service.kube.containers import Container
from service.kube.objects import LazyLocation


class Claim(StrEnum):
    """What an observation speaks for."""

    TOGETHER = "together"
    """The two containers belong to one application."""
    APART = "apart"
    """The two containers are different applications."""
    HELPER = "helper"
    """The container helps another one."""
    APPLICATION = "application"
    """The container is an application of its own."""
    HEAD = "head"
    """The container is the one that the workload is for."""


class Observation(NamedTuple):
    """One thing that was seen."""

    case: str
    """`signal.case`, the key of its weight."""
    claim: Claim
    """What it speaks for."""
    subject: Container
    """The container that it is about."""
    message: str
    """What was seen, and what it means; no values from the environment."""
    place: LazyLocation
    """Where it was seen."""
    other: Container | None = None
    """The other container: needed for TOGETHER and APART; for HELPER the one that it helps, where
    that was seen.
    """
    pattern: Pattern | None = None
    """What a helper is for."""
    scale: float = 1.0
    """The part of the case's weight that counts, in (0, 1]."""

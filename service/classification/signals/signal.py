"""What a signal is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

from service.classification.context import PodContext
from service.classification.observation import Observation


@dataclass(frozen=True, slots=True)
class Signal:
    """One kind of observation."""

    id: str
    """Its name, the module's with dashes."""
    module: ModuleType
    """Where it is, for its docs."""
    observe: Callable[[PodContext], Iterator[Observation]]
    """Everything that it sees in a Pod."""

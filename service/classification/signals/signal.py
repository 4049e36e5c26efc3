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
    """Its name: the module's, with dashes."""
    module: ModuleType
    """The module, whose docstring is its documentation."""
    observe: Callable[[PodContext], Iterator[Observation]]
    """Yields everything that it sees in a Pod."""

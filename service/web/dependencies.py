"""What the views share: made once by `create_app` and found through the application, so that no
module holds state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from service.options import CatalogueEntry
from service.web.concurrency import Memory, Runs, Turns
from service.web.metrics import Metrics
from service.web.route import Route
from service.web.settings import Settings
from service.web.tokens import Tokens

EXTENSION = "podsplit"
"""The key under which Flask's `app.extensions` holds the dependencies."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The parts of one application."""

    settings: Settings
    """The limits and timeouts."""
    metrics: Metrics
    """The counters of this application."""
    runs: Runs
    """The limit of runs at once."""
    memory: Memory
    """The limit of bodies at once."""
    tokens: Tokens | None
    """The tokens that callers may use; None where the API is open."""
    turns: Turns
    """The limit of requests at once for each token."""
    routes: tuple[Route, ...]
    """Every endpoint."""
    catalogue: tuple[CatalogueEntry, ...] = ()
    """This service's own additions to the catalogue of images."""

    @property
    def is_draining(self) -> bool:
        """Whether the service is about to stop, so that readiness is down."""
        drain_file = self.settings.drain_file
        return drain_file is not None and drain_file.exists()


def dependencies() -> Dependencies:
    """The dependencies of the application that answers the current request."""
    return cast("Dependencies", current_app.extensions[EXTENSION])

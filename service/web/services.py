"""What the views share: made once by `create_app`, found through the application, never in a
module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from service.options import CatalogueEntry
from service.web.admission import Admission
from service.web.metrics import Metrics
from service.web.route import Route
from service.web.settings import Settings
from service.web.tokens import Tokens

KEY = "podsplit"


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of one application."""

    settings: Settings
    """How it serves."""
    metrics: Metrics
    """What it counts."""
    admission: Admission
    """How much it does at once."""
    tokens: Tokens | None
    """Who may call it; None for everybody."""
    routes: tuple[Route, ...]
    """Everything that it answers."""
    catalogue: tuple[CatalogueEntry, ...] = ()
    """This service's own additions to the catalogue of images."""

    @property
    def draining(self) -> bool:
        """Whether the service is about to stop, and readiness is down."""
        drain_file = self.settings.drain_file
        return drain_file is not None and drain_file.exists()


def services() -> Services:
    """Those of the application that answers this request."""
    return cast("Services", current_app.extensions[KEY])

"""What an endpoint is: its path, its view, and what openapi.yaml says about it. The one place
that says which paths need a token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Response
from marshmallow import Schema

API_PREFIX = "/v1/"
"""The start of every path of the API. Probes, metrics and docs are outside of it."""

Answer = type[Schema] | None
"""The schema of a JSON answer; None for text."""


@dataclass(frozen=True, slots=True)
class Route:
    """One operation."""

    method: str
    """GET or POST."""
    path: str
    """The path, without parameters."""
    view: Callable[[], Response]
    """The function that answers it; its docstring is the summary."""
    tag: str
    """The section of the docs."""
    answers: Mapping[str, Answer]
    """The media types of the answer, each with its schema."""
    query: type[Schema] | None = None
    """The schema of the query; None where the endpoint takes none."""
    body: type[Schema] | None = None
    """The schema of a JSON body; None where the endpoint takes no body."""
    formats: tuple[str, ...] = ()
    """The values that `?format=` takes."""
    unready: Answer = None
    """The schema of a 503 that is not a problem document."""

    @property
    def operation_id(self) -> str:
        """The name of the operation in openapi.yaml."""
        return self.path.removeprefix(API_PREFIX).strip("/").replace(".", "_") or "index"


def needs_token(path: str) -> bool:
    """Whether requests to a path need a token, where the service has tokens.

    This holds for unknown paths of the API too: without a token nobody can find out which exist.
    """
    return path.startswith(API_PREFIX)

"""GET /v1/signals, /v1/rules, /v1/actions and /v1/catalog."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema

from service.web import knowledge
from service.web.formats import JSON, to_json
from service.web.schemas.answers import CatalogueSchema, DocumentationListSchema


def signals() -> Response:
    """Every kind of evidence, explained."""
    return _list_response(DocumentationListSchema(), knowledge.signals())


def rules() -> Response:
    """Every finding, explained."""
    return _list_response(DocumentationListSchema(), knowledge.rules())


def actions() -> Response:
    """Every rewrite, explained."""
    return _list_response(DocumentationListSchema(), knowledge.actions())


def catalog() -> Response:
    """The images that are known."""
    return _list_response(CatalogueSchema(), knowledge.catalogue())


def _list_response(schema: Schema, items: list[dict[str, Any]]) -> Response:
    return Response(to_json(schema.dump({"items": items})), mimetype=JSON)

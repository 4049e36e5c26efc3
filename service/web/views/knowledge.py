"""GET /v1/signals, /v1/rules, /v1/actions and /v1/catalog."""

from __future__ import annotations

from flask import Response

from service.web import knowledge
from service.web.formats import JSON, to_json
from service.web.schemas import CatalogueSchema, DocumentationListSchema


def signals() -> Response:
    """Every kind of evidence, explained."""
    return Response(
        to_json(DocumentationListSchema().dump({"items": knowledge.signals()})), mimetype=JSON
    )


def rules() -> Response:
    """Every finding, explained."""
    return Response(
        to_json(DocumentationListSchema().dump({"items": knowledge.rules()})), mimetype=JSON
    )


def actions() -> Response:
    """Every rewrite, explained."""
    return Response(
        to_json(DocumentationListSchema().dump({"items": knowledge.actions()})), mimetype=JSON
    )


def catalog() -> Response:
    """The images that are known."""
    return Response(
        to_json(CatalogueSchema().dump({"items": knowledge.catalogue()})), mimetype=JSON
    )

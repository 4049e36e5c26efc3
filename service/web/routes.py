"""Every endpoint, with what openapi.yaml says about it. `create_app` registers this list and
nothing else, so the two can't differ.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response
from marshmallow import Schema

from service.web import schemas
from service.web.choices import QuerySchema, SuggestionsQuerySchema
from service.web.formats import ANALYZE, JSON, REWRITE
from service.web.negotiation import Format
from service.web.route import Route
from service.web.views import knowledge, manifests, operations, suggestions


def _manifests(
    path: str, view: Callable[[], Response], formats: tuple[Format, ...], schema: type[Schema]
) -> Route:
    answers = {item.media_type: schema if item.media_type == JSON else None for item in formats}
    names = tuple(item.name for item in formats)
    return Route(
        "POST",
        path,
        view,
        "manifests",
        answers,
        query=QuerySchema,
        body=schemas.EnvelopeSchema,
        any_form=True,
        formats=names,
    )


ROUTES = (
    _manifests("/v1/analyze", manifests.analyze, ANALYZE, schemas.AnalysisSchema),
    _manifests("/v1/rewrite", manifests.rewrite, REWRITE, schemas.RewriteSchema),
    Route(
        "POST",
        "/v1/suggestions",
        suggestions.suggestions,
        "manifests",
        {JSON: schemas.SuggestionsSchema},
        query=SuggestionsQuerySchema,
        body=schemas.SuggestionsEnvelopeSchema,
    ),
    Route(
        "GET",
        "/v1/signals",
        knowledge.signals,
        "knowledge",
        {JSON: schemas.DocumentationListSchema},
    ),
    Route(
        "GET", "/v1/rules", knowledge.rules, "knowledge", {JSON: schemas.DocumentationListSchema}
    ),
    Route(
        "GET",
        "/v1/actions",
        knowledge.actions,
        "knowledge",
        {JSON: schemas.DocumentationListSchema},
    ),
    Route("GET", "/v1/catalog", knowledge.catalog, "knowledge", {JSON: schemas.CatalogueSchema}),
    Route("GET", "/healthz", operations.healthz, "operations", {JSON: schemas.HealthSchema}),
    Route(
        "GET",
        "/readyz",
        operations.readyz,
        "operations",
        {JSON: schemas.HealthSchema},
        unready=schemas.HealthSchema,
    ),
    Route("GET", "/version", operations.version, "operations", {JSON: schemas.VersionSchema}),
    Route("GET", "/metrics", operations.exposition, "operations", {"text/plain": None}),
    Route("GET", "/openapi.yaml", operations.description, "operations", {"application/yaml": None}),
    Route("GET", "/docs", operations.docs, "operations", {"text/html": None}),
)

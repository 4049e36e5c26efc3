"""Every endpoint. `create_app` registers this list and nothing else, and openapi.yaml is made from
it, so the two can't differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Response
from marshmallow import Schema

from service.web.admission_review import AdmissionReviewSchema
from service.web.formats import ANALYZE, JSON, REWRITE
from service.web.negotiation import Format
from service.web.route import Answer, Route
from service.web.schemas.answers import (
    AdmissionAnswerSchema,
    CatalogueSchema,
    DocumentationListSchema,
    HealthSchema,
    IndexSchema,
    SuggestionsSchema,
    VersionSchema,
)
from service.web.schemas.options import QuerySchema, SuggestionsQuerySchema
from service.web.schemas.report import AnalysisSchema, RewriteSchema
from service.web.schemas.request import EnvelopeSchema, SuggestionsEnvelopeSchema
from service.web.views import admission, knowledge, manifests, operations, pages, suggestions

_View = Callable[[], Response]


def _manifests_route(
    path: str, view: _View, formats: tuple[Format, ...], schema: type[Schema]
) -> Route:
    """An endpoint that takes manifests in any form and answers in several formats."""
    return Route(
        method="POST",
        path=path,
        view=view,
        tag="manifests",
        answers={item.media_type: schema if item.media_type == JSON else None for item in formats},
        query=QuerySchema,
        body=EnvelopeSchema,
        formats=tuple(item.name for item in formats),
    )


def _knowledge_route(path: str, view: _View, schema: type[Schema]) -> Route:
    return Route(method="GET", path=path, view=view, tag="knowledge", answers={JSON: schema})


def _operations_route(
    path: str, view: _View, answers: Mapping[str, Answer], unready: Answer = None
) -> Route:
    return Route(
        method="GET", path=path, view=view, tag="operations", answers=answers, unready=unready
    )


ROUTES = (
    _manifests_route("/v1/analyze", manifests.analyze, ANALYZE, AnalysisSchema),
    _manifests_route("/v1/rewrite", manifests.rewrite, REWRITE, RewriteSchema),
    Route(
        method="POST",
        path="/v1/suggestions",
        view=suggestions.suggestions,
        tag="manifests",
        answers={JSON: SuggestionsSchema},
        query=SuggestionsQuerySchema,
        body=SuggestionsEnvelopeSchema,
    ),
    Route(
        method="POST",
        path="/v1/admission",
        view=admission.admission,
        tag="manifests",
        answers={JSON: AdmissionAnswerSchema},
        body=AdmissionReviewSchema,
    ),
    _knowledge_route("/v1/signals", knowledge.signals, DocumentationListSchema),
    _knowledge_route("/v1/rules", knowledge.rules, DocumentationListSchema),
    _knowledge_route("/v1/actions", knowledge.actions, DocumentationListSchema),
    _knowledge_route("/v1/catalog", knowledge.catalog, CatalogueSchema),
    _operations_route("/", pages.index, {JSON: IndexSchema, "text/html": None}),
    _operations_route("/healthz", operations.healthz, {JSON: HealthSchema}),
    _operations_route(
        "/readyz",
        operations.readyz,
        {JSON: HealthSchema},
        unready=HealthSchema,
    ),
    _operations_route("/version", operations.version, {JSON: VersionSchema}),
    _operations_route("/metrics", operations.exposition, {"text/plain": None}),
    _operations_route("/openapi.yaml", operations.description, {"application/yaml": None}),
    _operations_route("/openapi.json", operations.description_in_json, {JSON: None}),
    _operations_route(
        "/podsplit.schema.json", operations.options_schema, {"application/schema+json": None}
    ),
    _operations_route("/docs", pages.docs, {"text/html": None}),
)

ADMISSION_ROUTES = tuple(
    route
    for route in ROUTES
    if route.path in ("/v1/admission", "/healthz", "/readyz", "/version", "/metrics")
)
"""What a process serves that is an admission webhook and nothing else."""

"""GET /healthz, /readyz, /version, /metrics, and what machines read of the contract."""

from __future__ import annotations

from flask import Response

from service.web import metrics
from service.web.dependencies import dependencies
from service.web.formats import JSON, to_json
from service.web.openapi import as_yaml, describe_api, describe_options
from service.web.problems import RETRY_AFTER
from service.web.schemas.answers import HealthSchema, VersionSchema
from service.web.version import __version__


def healthz() -> Response:
    """Whether the process is alive."""
    return Response(to_json(HealthSchema().dump({"status": "ok"})), mimetype=JSON)


def readyz() -> Response:
    """Whether it wants requests: 503 from SIGTERM on, while requests are still served."""
    is_draining = dependencies().is_draining
    status = "draining" if is_draining else "ok"
    response = Response(to_json(HealthSchema().dump({"status": status})), mimetype=JSON)
    if is_draining:
        response.status_code = 503
        response.headers.update(RETRY_AFTER)
    return response


def version() -> Response:
    """What is running."""
    return Response(
        to_json(VersionSchema().dump({"name": "podsplit", "version": __version__, "api": "v1"})),
        mimetype=JSON,
    )


def exposition() -> Response:
    """The metrics, of all workers."""
    return Response(dependencies().metrics.text(), content_type=metrics.CONTENT_TYPE)


def description() -> Response:
    """The API as an OpenAPI document."""
    return Response(as_yaml(describe_api(dependencies().routes)), mimetype="application/yaml")


def description_in_json() -> Response:
    """The API as an OpenAPI document in JSON."""
    return Response(to_json(describe_api(dependencies().routes)), mimetype=JSON)


def options_schema() -> Response:
    """The JSON schema of `.podsplit.yaml`, for editors."""
    return Response(to_json(describe_options()), mimetype="application/schema+json")

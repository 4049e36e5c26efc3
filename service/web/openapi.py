"""Makes openapi.yaml from the routes and the marshmallow schemas."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

import yaml
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields, validate

from service.web.admission_review import API_VERSION, KIND, AdmissionReviewSchema
from service.web.formats import JSON
from service.web.problems import MEDIA_TYPE
from service.web.route import Route, needs_token
from service.web.schemas.answers import ProblemSchema
from service.web.schemas.options import FINGERPRINT, Fingerprints, OptionsSchema, WordList
from service.web.schemas.request import EnvelopeSchema, SuggestionsEnvelopeSchema
from service.web.uploads.bodies import ACCEPTED
from service.web.version import __version__

_DESCRIPTION = (
    "Takes Kubernetes manifests. Returns a classification of the containers of every Pod, with the"
    " evidence for it, and rewritten manifests in which unrelated containers have workloads of"
    " their own and bare Pods have controllers."
)

_PRECEDENCE = (
    "Each option is looked up by itself: first in the query, then in the envelope's `options`, then"
    " in the `.podsplit.yaml` of the folder that a file is in, then in those of the folders above."
    " Additions to the catalogue, globs and baselines add up. The options of a workload's own"
    " file decide how it is classified, whether its change is applied, and whether its findings"
    " fail the request. `stage` and `layout` apply to the whole request: of the files, only one"
    " whose folder contains everything that was sent may set them."
)

_EXAMPLE = """\
apiVersion: v1
kind: Pod
metadata:
  name: web-with-logger
spec:
  containers:
    - name: web
      image: myapp:1.0
      ports:
        - containerPort: 8080
    - name: log-shipper
      image: fluentd:latest
      volumeMounts:
        - name: shared-logs
          mountPath: /var/log/app
  volumes:
    - name: shared-logs
      emptyDir: {}
"""

_PROBLEMS: Mapping[int, str] = {
    400: (
        "The body can't be read: it is damaged, truncated, not in the stated encoding, or an"
        " archive with links or with paths that lead out of it."
    ),
    401: "A bearer token is required, if the service has tokens.",
    406: "The format is unknown; the detail lists the known ones.",
    408: "The body took too long to arrive.",
    413: "Over a limit: of size, of files, of documents, or of what an archive may unpack to.",
    415: "The Content-Type or Content-Encoding is unsupported; the detail lists the others.",
    422: "What was sent is read and not understood, such as an unknown option; `errors` names it.",
    429: "The token has as many requests at a time as it may. Retry-After says when to try again.",
    503: "Busy, or out of time. Retry-After says when to try again.",
}
_GATE = (
    "With `fail_on` and a finding of that severity: the full report in the chosen format, with the"
    " header `Podsplit-Gate: failed`. Otherwise: "
)
_FILE_PARTS: Mapping[str, Any] = {
    "type": "array",
    "items": {"type": "string", "format": "binary"},
}
_PROTECTED = (401, 429)
_WITH_BODY = (400, 401, 406, 408, 413, 415, 422, 429, 503)


def describe_api(routes: Iterable[Route]) -> dict[str, Any]:
    """The OpenAPI document of some routes, as a tree of plain values."""
    spec, converter = _specification(
        info={
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        servers=[{"url": "/"}],
        tags=[
            {"name": "manifests", "description": "Analyse and rewrite manifests."},
            {"name": "knowledge", "description": "What the service knows."},
            {"name": "operations", "description": "For those who run the service."},
        ],
    )
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", schema=ProblemSchema)
    spec.components.schema("Envelope", schema=EnvelopeSchema)
    spec.components.schema("SuggestionsEnvelope", schema=SuggestionsEnvelopeSchema)
    spec.components.schema("AdmissionReview", schema=AdmissionReviewSchema)
    for route in routes:
        operation = _operation(route, converter)
        spec.path(route.path, operations={route.method.lower(): operation})
    return spec.to_dict()


def _specification(info: Mapping[str, Any], **more: Any) -> tuple[APISpec, OpenAPIConverter]:
    """A document without operations, and what makes JSON schemas for it."""
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="Podsplit",
        version=__version__,
        openapi_version="3.1.0",
        plugins=[plugin],
        info=dict(info),
        **more,
    )
    assert plugin.converter is not None
    for described in (_forms_of, _pattern_of):
        plugin.converter.add_attribute_function(described)  # type: ignore[no-untyped-call]
    return spec, plugin.converter


def describe_options() -> dict[str, Any]:
    """The JSON schema of a `.podsplit.yaml`, for editors."""
    spec, _ = _specification({})
    spec.components.schema("Options", schema=OptionsSchema)
    schemas = spec.to_dict()["components"]["schemas"]
    options = schemas.pop("Options")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": ".podsplit.yaml",
        "description": "Podsplit's options for the files of a folder and of those below.",
        **options,
        "$defs": schemas,
    }
    described: dict[str, Any] = json.loads(
        json.dumps(schema).replace("#/components/schemas/", "#/$defs/")
    )
    return described


def as_yaml(document: Mapping[str, Any]) -> str:
    """An OpenAPI document as text, as it stands in the repository."""
    return yaml.dump(dict(document), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


class _Plain(yaml.SafeDumper):
    """Writes a text of several lines as a block, and equal values without aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar(
            "tag:yaml.org,2002:str", data, style="|" if "\n" in data else None
        )


_Plain.add_representer(str, _Plain.represent_str)


def _schema_name(schema: Any) -> str:
    cls = schema if isinstance(schema, type) else type(schema)
    return str(cls.__name__).removesuffix("Schema")


def _forms_of(_self: Any, field: fields.Field[Any], **_keywords: Any) -> dict[str, Any]:
    """In what other forms a list may be written: as one string, or as the answer that it is in."""
    match field:
        case WordList():
            return {"type": ["array", "string"], "pattern": field.metadata["as_text"]}
        case Fingerprints():
            one = {"type": "string", "pattern": f"^{FINGERPRINT}$"}
            return {
                "type": ["array", "string", "object"],
                "pattern": rf"^({FINGERPRINT}([,\s]+{FINGERPRINT})*)?$",
                "properties": {"fingerprints": {"type": "array", "items": one}},
                "required": ["fingerprints"],
            }
        case _:
            return {}


def _pattern_of(_self: Any, field: fields.Field[Any], **_keywords: Any) -> dict[str, Any]:
    """The pattern of a text, with the end as ECMA 262 writes it."""
    patterns = [
        validator.regex.pattern
        for validator in field.validators
        if isinstance(validator, validate.Regexp)
    ]
    return {"pattern": str(patterns[0]).replace(r"\Z", "$")} if patterns else {}


def _operation(route: Route, converter: OpenAPIConverter) -> dict[str, Any]:
    summary, _, details = (inspect.getdoc(route.view) or "").partition("\n")
    operation: dict[str, Any] = {
        "operationId": route.operation_id,
        "tags": [route.tag],
        "summary": summary,
    }
    described = [" ".join(details.split())] if details.strip() else []
    if route.query is not None:
        described.append(_PRECEDENCE)
        operation["parameters"] = [
            _parameter(name, field, converter) for name, field in route.query().fields.items()
        ]
        formats = [
            parameter for parameter in operation["parameters"] if parameter["name"] == "format"
        ]
        for parameter in formats:
            parameter["schema"]["enum"] = list(route.formats)
    if described:
        operation["description"] = "\n\n".join(described)
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": _CONTENTS[route.body](),
        }
    operation["responses"] = _responses(route)
    if needs_token(route.path):
        operation["security"] = [{}, {"token": []}]
    return operation


def _parameter(name: str, field: fields.Field[Any], converter: OpenAPIConverter) -> dict[str, Any]:
    schema = converter.field2property(field)
    description = schema.pop("description", "")
    if isinstance(field, WordList):
        schema["type"] = "array"  # `style` says how it is written
        del schema["pattern"]
    parameter: dict[str, Any] = {
        "in": "query",
        "name": name,
        "schema": schema,
        "description": description,
    }
    if field.required:
        parameter["required"] = True
    if isinstance(field, WordList):
        parameter |= {"style": "form", "explode": False}
    return parameter


def _body_content() -> dict[str, Any]:
    examples = {"bare-pod": {"summary": "A bare Pod", "value": _EXAMPLE}}
    envelope = {
        "files": [{"path": "web.yaml", "content": _EXAMPLE}],
        "options": {"min_confidence": 0.9},
    }
    binary = {"schema": {"type": "string", "format": "binary", "minLength": 1}}
    content: dict[str, Any] = {
        # Whatever YAML there is: what is no manifest is rejected document by document.
        "application/yaml": {"schema": {}, "examples": examples},
        "text/plain": {"schema": {"type": "string", "minLength": 1}, "examples": examples},
    }
    content[JSON] = {
        "schema": {
            "anyOf": [
                {"$ref": "#/components/schemas/Envelope"},
                {"type": "object", "required": ["kind"], "description": "A manifest."},
            ]
        },
        "examples": {"envelope": {"summary": "Files and options", "value": envelope}},
    }
    content["application/x-www-form-urlencoded"] = binary | {
        "x-raw": "what curl --data-binary @file sends: read as a file, not as a form"
    }
    content["multipart/form-data"] = {
        "schema": {
            "type": "object",
            "properties": {
                "file": _FILE_PARTS,
                "manifest": {"type": "string", "description": "A text, as of a text area."},
                # As JSON, which is what OpenAPI says of an object in a form.
                "options": {"$ref": "#/components/schemas/Options"},
            },
        }
    }
    for media in ACCEPTED:
        if "*" not in media:
            content.setdefault(media, binary)
    return content


def _suggestions_content() -> dict[str, Any]:
    added = "".join(f"+{line}\n" for line in _EXAMPLE.splitlines())
    diff = f"--- /dev/null\n+++ b/web.yaml\n@@ -0,0 +1,{len(_EXAMPLE.splitlines())} @@\n{added}"
    value = {"files": [{"path": "web.yaml", "content": _EXAMPLE}], "diff": diff}
    examples = {"pull-request": {"summary": "A pull request that adds a bare Pod", "value": value}}
    parts = {"file": _FILE_PARTS, "diff": {"type": "string"}}
    multipart = {"schema": {"type": "object", "required": ["diff"], "properties": parts}}
    return {
        JSON: {
            "schema": {"$ref": "#/components/schemas/SuggestionsEnvelope"},
            "examples": examples,
        },
        "multipart/form-data": multipart,
    }


def _review_content() -> dict[str, Any]:
    review = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "operation": "CREATE",
            "namespace": "shop",
            "object": yaml.safe_load(_EXAMPLE),
        },
    }
    return {
        JSON: {
            "schema": {"$ref": "#/components/schemas/AdmissionReview"},
            "examples": {"bare-pod": {"summary": "A bare Pod is applied", "value": review}},
        }
    }


_CONTENTS: Mapping[type[Schema], Callable[[], dict[str, Any]]] = {
    EnvelopeSchema: _body_content,
    SuggestionsEnvelopeSchema: _suggestions_content,
    AdmissionReviewSchema: _review_content,
}
"""The media types of a body, by its schema in JSON."""


def _responses(route: Route) -> dict[str, Any]:
    answers = {media: _answer(media, schema) for media, schema in route.answers.items()}
    responses: dict[str, Any] = {"200": {"description": "The answer.", "content": answers}}
    problem = {
        MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
        "text/html": _answer("text/html", None),
    }
    statuses = (
        _WITH_BODY if route.body is not None else _PROTECTED if needs_token(route.path) else ()
    )
    for status in statuses:
        response: dict[str, Any] = {"description": _PROBLEMS[status], "content": dict(problem)}
        if status == HTTPStatus.UNPROCESSABLE_ENTITY and _has_gate(route):
            response["description"] = _GATE + _PROBLEMS[status]
            response["content"] |= answers
        responses[str(status)] = response
    if route.unready is not None:
        content = {JSON: {"schema": route.unready}}
        responses["503"] = {
            "description": "Draining: about to stop, while requests are still served.",
            "content": content,
        }
    responses["default"] = {
        "description": "Any other problem, such as 500.",
        "content": dict(problem),
    }
    return responses


def _has_gate(route: Route) -> bool:
    return route.query is not None and "fail_on" in route.query().fields


def _answer(media: str, schema: type[Schema] | None) -> dict[str, Any]:
    if schema is not None:
        return {"schema": schema}
    # Formats that others define, such as SARIF, have schemas of their own.
    if media.endswith("json"):
        return {"schema": {"type": ["object", "array"]}}
    return {"schema": {} if media.endswith("yaml") else {"type": "string"}}

"""The OpenAPI document of routes that a test makes; that of the service is in tests/contract."""

from __future__ import annotations

import pytest
import yaml
from flask import Response
from marshmallow import Schema, fields, validate

from service.web.openapi import as_yaml, describe_api
from service.web.route import Route
from service.web.schemas.options import QuerySchema
from service.web.schemas.request import EnvelopeSchema, SuggestionsEnvelopeSchema


class AnswerSchema(Schema):
    """An answer."""

    word = fields.String(required=True, validate=validate.OneOf(["a", "b"]))


def view() -> Response:
    """What it is about.

    More on it,
    in a paragraph.
    """
    return Response()


def operation(**more) -> dict:
    """How a route is described."""
    route = {"method": "GET", "path": "/v1/thing", "view": view, "tag": "t", "answers": {}} | more
    return describe_api([Route(**route)])["paths"][route["path"]][route["method"].lower()]


def test_a_views_docstring_is_its_description():
    """The first line is the summary."""
    described = operation()

    assert (described["summary"], described["description"]) == (
        "What it is about.",
        "More on it, in a paragraph.",
    )
    assert described["operationId"] == "thing"


@pytest.mark.parametrize(("path", "guarded"), [("/v1/thing", True), ("/thing", False)])
def test_the_api_may_ask_for_a_token(path, guarded):
    """Where the path is one of the API's: no token, or one."""
    described = operation(path=path)

    assert ("401" in described["responses"]) is guarded
    assert described.get("security") == ([{}, {"token": []}] if guarded else None)


def test_answers_by_their_media_types():
    """JSON has the schema, formats of others have none of ours, text is text."""
    described = operation(
        answers={"application/json": AnswerSchema, "application/x+json": None, "text/plain": None}
    )
    content = described["responses"]["200"]["content"]

    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/Answer"}
    assert content["application/x+json"]["schema"] == {"type": ["object", "array"]}
    assert content["text/plain"]["schema"] == {"type": "string"}
    assert "default" in described["responses"]


def test_what_is_sent_can_be_wrong():
    """A route with a body has the statuses of bodies; its 422 may also be a report."""
    described = operation(
        method="POST",
        body=EnvelopeSchema,
        query=QuerySchema,
        answers={"text/plain": None},
    )

    assert described["responses"].keys() == {
        *("200", "400", "401", "406", "408", "413", "415", "422", "429", "503", "default")
    }
    assert described["responses"]["422"]["content"].keys() == {
        "application/problem+json",
        "text/html",
        "text/plain",
    }
    assert {"application/yaml", "multipart/form-data", "application/zip"} <= described[
        "requestBody"
    ]["content"].keys()


def test_a_pull_request_is_an_envelope_or_a_form():
    """No other form has room for a diff."""
    described = operation(method="POST", body=SuggestionsEnvelopeSchema)

    assert described["requestBody"]["content"].keys() == {
        "application/json",
        "multipart/form-data",
    }


def test_parameters_of_the_query():
    """Words, numbers with their bounds, lists with their separator, and the formats."""
    described = operation(query=QuerySchema, formats=("json", "yaml"))
    by_name = {parameter["name"]: parameter for parameter in described["parameters"]}

    assert by_name["format"]["schema"]["enum"] == ["json", "yaml"]
    assert by_name["apply"]["schema"]["enum"] == ["safe", "review"]
    assert by_name["min_confidence"]["schema"] == {"type": "number", "minimum": 0, "maximum": 1}
    assert (by_name["rules"]["style"], by_name["rules"]["explode"]) == ("form", False)
    assert all(parameter["description"] for parameter in described["parameters"])


def test_a_service_that_does_not_want_requests():
    """Its 503 is no problem document."""
    described = operation(path="/ready", unready=AnswerSchema)

    assert list(described["responses"]["503"]["content"]) == ["application/json"]


def test_yaml_repeats_equal_values_and_keeps_texts_readable():
    """No aliases, which OpenAPI's tools may not know; lines stay lines; the order stays."""
    shared = {"text": "one\ntwo\n"}
    text = as_yaml({"z": shared, "a": shared})

    assert text == "z:\n  text: |\n    one\n    two\na:\n  text: |\n    one\n    two\n"
    assert yaml.safe_load(text) == {"z": shared, "a": shared}

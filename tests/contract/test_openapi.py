"""openapi.yaml and the application match, both ways."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from service.web.app import create_app
from service.web.openapi import as_yaml, describe_api, describe_options
from service.web.routes import ROUTES
from service.web.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
SPEC = describe_api(ROUTES)
WITH_BODY = [path for path, item in SPEC["paths"].items() if "requestBody" in item.get("post", {})]


def validator(schema: dict[str, object]) -> Draft202012Validator:
    """A validator for a schema of the document; it resolves the document's references."""
    registry = Registry().with_resource(
        "urn:spec", Resource.from_contents(SPEC, default_specification=DRAFT202012)
    )
    text = json.dumps(schema).replace('"#/', '"urn:spec#/')
    return Draft202012Validator(json.loads(text), registry=registry)


def check_answer(answer: TestResponse, path: str, method: str) -> None:
    """An answer has a status and a media type that the document names, and fits their schema."""
    responses = SPEC["paths"][path][method]["responses"]
    response = responses.get(str(answer.status_code), responses["default"])
    media = answer.content_type.partition(";")[0]
    assert media in response["content"], f"{path} {answer.status_code} {media}"
    if media.endswith("json"):
        validator(response["content"][media]["schema"]).validate(answer.json)


def test_the_committed_file_is_what_the_code_says() -> None:
    """The committed openapi.yaml is what `make openapi` writes."""
    assert (ROOT / "openapi.yaml").read_text(encoding="utf-8") == as_yaml(SPEC)


def test_the_schema_of_options_is_what_the_code_says(client: FlaskClient) -> None:
    """The committed one is what `make openapi` writes and the service serves, and is a schema."""
    committed = json.loads((ROOT / "podsplit.schema.json").read_text(encoding="utf-8"))
    served = client.get("/podsplit.schema.json")

    assert committed == describe_options() == json.loads(served.text)
    assert served.mimetype == "application/schema+json"
    Draft202012Validator.check_schema(committed)


@pytest.mark.parametrize("path", list(ROOT.glob("examples/**/.podsplit.yaml")), ids=str)
def test_examples_of_options_name_the_schema_and_fit_it(path: Path) -> None:
    """In their first line, as editors read it."""
    text = path.read_text(encoding="utf-8")
    name = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((path.parent / name).read_text(encoding="utf-8"))

    Draft202012Validator(schema).validate(yaml.safe_load(text))
    assert not Draft202012Validator(schema).is_valid({"min_confidence": 2})
    assert not Draft202012Validator(schema).is_valid({"fail-on": "error"})


def test_it_is_an_openapi_document() -> None:
    """Its schemas are valid, every reference leads to one of them, and every operation has its own
    id.
    """
    text = (ROOT / "openapi.yaml").read_text(encoding="utf-8")
    spec = yaml.safe_load(text)
    operations = [operation for item in spec["paths"].values() for operation in item.values()]

    assert spec == SPEC
    assert spec["openapi"] == "3.1.0"
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for schema in spec["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    names = {line.split("/")[-1].strip("'\" ") for line in text.splitlines() if "$ref:" in line}
    assert names <= spec["components"]["schemas"].keys()


def test_every_route_is_described_and_every_description_has_a_route() -> None:
    """The routes of the application are those of the document."""
    app = create_app(Settings())
    served = {
        (rule.rule, method.lower())
        for rule in app.url_map.iter_rules()
        if not rule.rule.startswith("/assets/")  # files of pages, and no part of the contract
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, item in SPEC["paths"].items() for method in item}

    assert served == described


@pytest.mark.parametrize("path", [path for path, item in SPEC["paths"].items() if "get" in item])
def test_answers_of_get_are_as_described(client: FlaskClient, path: str) -> None:
    """The answer to GET fits the description."""
    check_answer(client.get(path), path, "get")


@pytest.mark.parametrize("path", WITH_BODY)
def test_every_example_is_valid_and_runs(client: FlaskClient, path: str) -> None:
    """Each example of a body fits its schema, and the answer to it fits the description."""
    ran = 0
    for media, body in SPEC["paths"][path]["post"]["requestBody"]["content"].items():
        for example in body.get("examples", {}).values():
            validator(body["schema"]).validate(example["value"])
            data = (
                example["value"]
                if isinstance(example["value"], str)
                else json.dumps(example["value"])
            )
            needed = "&".join(
                f"{parameter['name']}={parameter['schema']['enum'][0]}"
                for parameter in SPEC["paths"][path]["post"].get("parameters", ())
                if parameter.get("required")
            )
            answer = client.post(f"{path}?{needed}", data=data, content_type=media)
            assert answer.status_code == 200, answer.text
            check_answer(answer, path, "post")
            ran += 1

    assert ran >= 1


@pytest.mark.parametrize("path", WITH_BODY)
def test_every_format_is_described(client: FlaskClient, path: str) -> None:
    """Every value of `?format=` gives an answer that fits the description."""
    operation = SPEC["paths"][path]["post"]
    formats = [
        name
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "format"
        for name in parameter["schema"]["enum"]
    ]

    for name in formats:
        for example in operation["requestBody"]["content"]["application/yaml"]["examples"].values():
            answer = client.post(f"{path}?format={name}", data=example["value"])
            assert answer.status_code == 200
            check_answer(answer, path, "post")


@pytest.mark.parametrize("path", WITH_BODY)
@pytest.mark.parametrize(
    ("query", "body", "content_type", "status"),
    [
        ("format=none", b"", "text/yaml", 406),
        ("nope=1", b"", "text/yaml", 422),
        ("", b"", "image/png", 415),
        ("", b"{", "application/json", 400),
        ("", b"x", "application/zip", 400),
        ("fail_on=info", b"a: [", "text/yaml", 422),
    ],
)
def test_errors_are_as_described(
    client: FlaskClient, path: str, query: str, body: bytes, content_type: str, status: int
) -> None:
    """The answer to a wrong request fits the description."""
    answer = client.post(f"{path}?{query}", data=body, content_type=content_type)

    of_manifests = path in ("/v1/analyze", "/v1/rewrite")
    assert answer.status_code == status or (not of_manifests and answer.status_code >= 400)
    check_answer(answer, path, "post")

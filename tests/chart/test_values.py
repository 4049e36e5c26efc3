"""The chart's values: their schema, their defaults, and where they end up."""

from __future__ import annotations

import base64
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from marshmallow.fields import Field
from marshmallow.validate import OneOf

from service.web.app import create_app
from service.web.dependencies import EXTENSION
from service.web.request_options import catalogue_entries
from service.web.schemas.options import CatalogueEntrySchema
from service.web.settings import (
    PREFIX,
    SERVER_VARIABLES,
    ServerSettings,
    Settings,
    default_graceful_timeout,
)
from tests.support.chart import (
    CHART,
    CI,
    Object,
    ValuesFile,
    container_of,
    environment_of,
    every_variant,
    leaves,
    objects,
    only,
    part_of,
    pod_of,
    rendered,
)

VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
NOT_VALUES = {"tokens_file", "catalogue_file", "drain_file", "serves"}
"""Settings that aren't values: `auth` and `catalogue` stand for the first two, gunicorn's
configuration sets the third, and `admission` the last.
"""
SECRET = "a-token-that-nobody-may-see-4711"


def test_the_tokens_are_nowhere_but_in_their_secret(helm: Path, values_file: ValuesFile) -> None:
    """No other object holds a token, nor its base64, nor an annotation with its digest."""
    resources = objects(rendered(helm, *values_file({"auth": {"tokens": [SECRET]}})))
    secret = only(resources, "Secret")
    assert base64.b64decode(secret["data"]["tokens"]).decode() == SECRET + "\n"
    others = json.dumps([resource for resource in resources if resource is not secret])
    assert SECRET not in others
    assert base64.b64encode(SECRET.encode()).decode()[:20] not in others
    assert pod_of(resources)["metadata"]["annotations"].keys() == {
        "kubectl.kubernetes.io/default-container"
    }


def test_a_changed_token_is_no_rollout_and_a_changed_catalogue_is_one(
    helm: Path, values_file: ValuesFile
) -> None:
    """A changed token leaves the pod template as it is: the service reads tokens again while it
    runs. A changed catalogue changes the template: it is read only at the start.
    """

    def pod(values: dict[str, Any]) -> Object:
        return pod_of(objects(rendered(helm, *values_file(values))))

    assert pod({"auth": {"tokens": [SECRET]}}) == pod({"auth": {"tokens": [SECRET + "x"]}})
    entry = {"image": "a/*", "role": "helper"}
    other = entry | {"role": "either"}
    assert pod({"catalogue": {"entries": [entry]}}) != pod({"catalogue": {"entries": [other]}})


def test_every_value_is_in_the_schema_and_every_key_of_the_schema_in_the_values() -> None:
    """The schema and values.yaml have the same keys, except for those inside of free lists and
    mappings, and for the two that only a parent chart gives.
    """

    def declared(schema: dict[str, Any]) -> set[str]:
        return set(schema.get("properties", {}))

    assert declared(SCHEMA) - {"global", "enabled"} == set(VALUES)
    with_free_keys = ("podSecurityContext", "securityContext", "resources")
    for name, value in VALUES.items():
        if isinstance(value, dict) and value and name not in with_free_keys:
            of_older_charts = {"threads"} if name == "server" else set()
            assert declared(SCHEMA["properties"][name]) - of_older_charts == set(value), name


def test_the_schema_is_closed_wherever_it_declares_keys() -> None:
    """No object with declared keys accepts others."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)

    def check(schema: Any) -> None:
        if isinstance(schema, dict):
            if (
                "properties" in schema
                and isinstance(schema["properties"], dict)
                and "type" in schema
            ):
                assert schema["additionalProperties"] is False, schema
            for value in schema.values():
                check(value)
        elif isinstance(schema, list):
            for value in schema:
                check(value)

    check(SCHEMA)


def test_the_schemas_words_for_the_catalogue_are_the_services() -> None:
    """An entry of the chart's catalogue has the keys, roles and patterns that the service knows."""
    item = SCHEMA["properties"]["catalogue"]["properties"]["entries"]["items"]
    known = CatalogueEntrySchema().fields
    assert item["properties"].keys() == known.keys()
    assert item["properties"]["role"]["enum"] == choices_of(known["role"])
    assert item["properties"]["pattern"]["enum"] == [*choices_of(known["pattern"]), None]


def choices_of(field: Field[Any]) -> list[str]:
    """The values that a field of a schema accepts."""
    [choices] = [list(rule.choices) for rule in field.validators if isinstance(rule, OneOf)]
    return choices


def camel_case(name: str) -> str:
    """The name of a value, from that of a setting."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def test_every_setting_is_a_value_with_the_services_own_default() -> None:
    """Every setting of the service is a value with the same default, and every setting of its
    server is a value.
    """
    settings = {
        camel_case(field.name): field.default
        for field in fields(Settings)
        if field.name not in NOT_VALUES
    }
    assert VALUES["settings"] == settings
    server = {camel_case(field.name): field.default for field in fields(ServerSettings)}
    in_a_pod = {"host": "0.0.0.0", "gracefulTimeout": None}
    assert VALUES["server"] == {
        name: value
        for name, value in (server | in_a_pod).items()
        # In front of the service somebody else ends TLS; the webhook has files of its own.
        if name not in ("port", "tlsCertFile", "tlsKeyFile")
    }


@every_variant
def test_what_the_values_say_is_what_the_service_reads(
    helm: Path, values: Path, tmp_path: Path
) -> None:
    """The rendered variables and files start an application with the settings of the values."""
    resources = objects(rendered(helm, "-f", str(values)))
    environment = environment_of(container_of(resources))
    tokens, catalogue = tmp_path / "tokens", tmp_path / "catalogue.yaml"
    tokens.write_text(SECRET)
    catalogue.write_text("[]")
    for resource in (item for item in resources if not part_of(item)):
        if resource["kind"] == "Secret":
            tokens.write_bytes(base64.b64decode(resource["data"]["tokens"]))
        if "catalogue.yaml" in resource.get("data", {}):
            catalogue.write_text(resource["data"]["catalogue.yaml"])
    for name, path in ((f"{PREFIX}TOKENS_FILE", tokens), (f"{PREFIX}CATALOGUE_FILE", catalogue)):
        if name in environment:
            environment[name] = str(path)
    variant_values = yaml.safe_load(values.read_text()) or {}

    settings = Settings.from_environment(environment)
    server = ServerSettings.from_environment(environment, settings)
    parts = create_app(settings).extensions[EXTENSION]

    for name, value in (VALUES["settings"] | variant_values.get("settings", {})).items():
        field = next(field.name for field in fields(Settings) if camel_case(field.name) == name)
        assert getattr(settings, field) == value, name
    of_server = VALUES["server"] | variant_values.get("server", {})
    usual = default_graceful_timeout(settings.request_timeout)
    assert server.graceful_timeout == (of_server["gracefulTimeout"] or usual)
    assert (server.workers, server.header_timeout) == (
        of_server["workers"],
        of_server["headerTimeout"],
    )
    callers = variant_values.get("auth", {})
    assert (parts.tokens is not None) == bool(callers.keys() - {"allowOpen"})
    assert all(parts.tokens.caller_of(token) for token in callers.get("tokens", []))
    assert parts.catalogue == catalogue_entries(
        variant_values.get("catalogue", {}).get("entries", [])
    )


def test_the_servers_variables_are_those_that_gunicorns_configuration_reads(helm: Path) -> None:
    """The rendered variables are those that the configuration of gunicorn reads."""
    environment = environment_of(
        container_of(objects(rendered(helm, "-f", str(CHART / "ci" / "settings-values.yaml"))))
    )
    assert {name: environment[name] for name in ("HOST", "PORT", "WORKERS")} == {
        "HOST": "[::]",
        "PORT": "8080",
        "WORKERS": "4",
    }
    assert {environment[name] for name in SERVER_VARIABLES if "_TLS_" not in name} == {"5", "90"}
    known = {PREFIX + field.name.upper() for field in fields(Settings)} | set(SERVER_VARIABLES)
    assert {name for name in environment if name.startswith(PREFIX)} <= known


def test_each_value_is_used_by_a_variant() -> None:
    """Every value is given by some variant in ci/, so that a golden shows what it does."""
    used = {key for path in CI for key in leaves(yaml.safe_load(path.read_text()) or {})}
    sections = {name for name, value in VALUES.items() if isinstance(value, dict) and value}
    wanted = set(VALUES) - sections | {f"{name}.{key}" for name in sections for key in VALUES[name]}
    contexts = {
        path for path in wanted if path.startswith(("podSecurityContext.", "securityContext."))
    }
    assert wanted - contexts - used == set()


def test_the_image_is_that_of_the_charts_release_unless_told(
    helm: Path, values_file: ValuesFile
) -> None:
    """The tag is appVersion by default; a digest is used rather than a tag."""
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    digest = "sha256:" + "ab" * 32
    for image, expected in (
        ({}, f"podsplit:{version}"),
        (
            {"repository": "registry.example.com:5000/a/podsplit"},
            f"registry.example.com:5000/a/podsplit:{version}",
        ),
        ({"tag": "edge"}, "podsplit:edge"),
        ({"tag": "edge", "digest": digest}, f"podsplit@{digest}"),
    ):
        resources = objects(rendered(helm, *values_file({"image": image})))
        assert container_of(resources)["image"] == expected
        assert only(resources, "Pod")["spec"]["containers"][0]["image"] == expected


def test_sections_may_be_taken_away(helm: Path, values_file: ValuesFile) -> None:
    """null removes a security context or all resources, for clusters that set them."""
    resources = objects(
        rendered(
            helm,
            *values_file({"podSecurityContext": None, "securityContext": None, "resources": None}),
        )
    )
    assert "securityContext" not in pod_of(resources)["spec"]
    assert container_of(resources).keys().isdisjoint({"securityContext", "resources"})


def test_long_names_stay_within_limits(helm: Path, values_file: ValuesFile) -> None:
    """Names have at most 63 characters, and keep their endings."""
    resources = objects(
        rendered(
            helm, *values_file({"fullnameOverride": "a" * 60 + "-bc", "auth": {"tokens": [SECRET]}})
        )
    )
    names = {resource["metadata"]["name"] for resource in resources}
    assert max(map(len, names)) == 63
    assert only(resources, "Secret")["metadata"]["name"].endswith("a-tokens")
    assert (
        pod_of(resources)["spec"]["volumes"][1]["secret"]["secretName"]
        == only(resources, "Secret")["metadata"]["name"]
    )
    assert only(resources, "Pod")["metadata"]["name"].endswith("a-test")

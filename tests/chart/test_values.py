"""Which values the chart takes, what they reach, and what it says of those that it doesn't take."""

from __future__ import annotations

import base64
import json
from dataclasses import fields
from typing import Any

import jsonschema
import pytest
import yaml

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
    container_of,
    environment_of,
    leaves,
    objects,
    only,
    pod_of,
    refused,
    rendered,
    variant,
)

VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
MADE_ELSEWHERE = {"tokens_file", "catalogue_file", "drain_file"}
"""Settings that aren't values: the first two by `auth` and `catalogue`; the last is gunicorn's
configuration's.
"""
SECRET = "a-token-that-nobody-may-see-4711"


@pytest.fixture
def given(tmp_path):
    """The arguments for some values, by a file as a person would write it."""

    def write(values: dict[str, Any]) -> tuple[str, str]:
        path = tmp_path / "values.yaml"
        path.write_text(yaml.safe_dump(values))
        return "-f", str(path)

    return write


TYPOS = [
    ({"replicas": 3}, "'replicas'"),
    ({"image": {"tags": "1"}}, "'tags'"),
    ({"settings": {"maxBodySize": 5}}, "'maxBodySize'"),
    ({"server": {"worker": 4}}, "'worker'"),
    ({"auth": {"token": [SECRET]}}, "'token'"),
    ({"ingress": {"host": "a.example.com"}}, "'host'"),
    ({"podSecurityContext": {"runAsNonroot": True}}, "'runAsNonroot'"),
    ({"securityContext": {"readonlyRootFilesystem": True}}, "'readonlyRootFilesystem'"),
    ({"resources": {"limit": {"memory": "1Gi"}}}, "'limit'"),
    ({"autoscaling": {"max": 3}}, "'max'"),
    ({"networkPolicy": {"from": [{"podSelektor": {}}]}}, "'podSelektor'"),
    (
        {
            "topologySpreadConstraints": [
                {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", "x": 1}
            ]
        },
        "'x'",
    ),
    (
        {"catalogue": {"entries": [{"image": "a/*", "roles": "helper", "role": "helper"}]}},
        "'roles'",
    ),
]


@pytest.mark.parametrize(
    ("values", "named"), TYPOS, ids=lambda value: value.strip("'") if isinstance(value, str) else ""
)
def test_a_typo_is_refused_by_its_name(helm, given, values, named):
    """Whatever the level: a key that nothing reads is never passed over."""
    said = refused(helm, *given(values))
    assert "additional properties" in said
    assert named in said


WRONG = [
    ({"settings": {"logLevel": "verbose"}}, "/settings/logLevel"),
    ({"settings": {"maxFiles": 0}}, "/settings/maxFiles"),
    ({"settings": {"drainSeconds": "5s"}}, "/settings/drainSeconds"),
    ({"image": {"digest": "0123"}}, "/image/digest"),
    ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
    ({"service": {"type": "ExternalName"}}, "/service/type"),
    ({"service": {"port": 0}}, "/service/port"),
    ({"podAnnotations": {"example.com/scrape": True}}, "/podAnnotations/example.com~1scrape"),
    ({"resources": {"limits": {"memory": "2 Gi"}}}, "/resources/limits/memory"),
    ({"podDisruptionBudget": {"minAvailable": "half"}}, "/podDisruptionBudget/minAvailable"),
    ({"ingress": {"hosts": ["https://a.example.com"]}}, "/ingress/hosts/0"),
    ({"ingress": {"paths": []}}, "/ingress/paths"),
    ({"catalogue": {"entries": [{"image": "a/*", "role": "main"}]}}, "/catalogue/entries/0/role"),
    ({"auth": {"tokens": ["short"]}}, "/auth/tokens/0"),
    ({"server": None}, "missing property 'server'"),
]


@pytest.mark.parametrize(
    ("values", "place"),
    WRONG,
    ids=lambda value: value.lstrip("/") if isinstance(value, str) else "",
)
def test_a_wrong_value_is_refused_by_its_place(helm, given, values, place):
    """The message says where it stands."""
    assert place in refused(helm, *given(values))


CONTRADICTIONS = [
    (
        {"auth": {"existingSecret": "a", "tokens": [SECRET]}},
        "auth: give existingSecret or tokens, not both",
    ),
    ({"auth": {"tokens": [SECRET + " "]}}, "auth.tokens: number 1 holds white space"),
    (
        {"auth": {"tokens": [SECRET, "#" + SECRET]}},
        "auth.tokens: number 2 holds white space or starts with #",
    ),
    (
        {"catalogue": {"existingConfigMap": "a", "entries": [{"image": "a/*", "role": "helper"}]}},
        "catalogue: give existingConfigMap or entries, not both",
    ),
    ({"service": {"nodePort": 30000}}, "service.nodePort: a ClusterIP Service has none"),
    (
        {"service": {"loadBalancerSourceRanges": ["10.0.0.0/8"]}},
        "only a LoadBalancer Service has them",
    ),
    ({"ingress": {"enabled": True}}, "ingress.hosts: name one at least"),
    (
        {
            "ingress": {
                "enabled": True,
                "hosts": ["a.example.com"],
                "tls": [{"secretName": "a", "hosts": ["b.example.com"]}],
            }
        },
        "ingress.tls: b.example.com is not among ingress.hosts",
    ),
    ({"httpRoute": {"enabled": True}}, "httpRoute.parentRefs: name the Gateway"),
    (
        {"autoscaling": {"enabled": True, "minReplicas": 11}},
        "autoscaling: minReplicas is above maxReplicas",
    ),
    (
        {"autoscaling": {"enabled": True}, "resources": {"requests": {"cpu": None}}},
        "set resources.requests.cpu",
    ),
    ({"autoscaling": {"enabled": True}, "resources": None}, "set resources.requests.cpu"),
    (
        {"podDisruptionBudget": {"minAvailable": 1, "maxUnavailable": 1}},
        "give minAvailable or maxUnavailable, not both",
    ),
    ({"podDisruptionBudget": {"minAvailable": 2}}, "of 2 Pods none could ever be evicted"),
    ({"podDisruptionBudget": {"minAvailable": "100%"}}, "none could ever be evicted"),
    ({"podDisruptionBudget": {"maxUnavailable": 0}}, "no Pod could ever be evicted"),
    ({"podDisruptionBudget": {"maxUnavailable": "0%"}}, "no Pod could ever be evicted"),
    ({"terminationGracePeriodSeconds": 49}, "terminationGracePeriodSeconds: a stop can take 50"),
    (
        {"terminationGracePeriodSeconds": 60, "settings": {"drainSeconds": 15.5}},
        "a stop can take 61",
    ),
    (
        {"server": {"gracefulTimeout": 20}},
        "server.gracefulTimeout: less than settings.requestTimeout",
    ),
    (
        {"extraEnv": [{"name": "PODSPLIT_MAX_FILES", "value": "3"}]},
        "extraEnv: PODSPLIT_MAX_FILES is set by the chart",
    ),
    (
        {"extraEnv": [{"name": "PODSPLIT_TOKENS_FILE", "value": "/a"}]},
        "extraEnv: PODSPLIT_TOKENS_FILE is set by the chart",
    ),
    (
        {"podLabels": {"app.kubernetes.io/name": "a"}},
        "podLabels: app.kubernetes.io/name is set by the chart",
    ),
]


@pytest.mark.parametrize(
    ("values", "message"), CONTRADICTIONS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_contradiction_is_refused_with_what_to_do(helm, given, values, message):
    """What no schema sees is said in words."""
    said = refused(helm, *given(values))
    assert "These values can't be used:" in said
    assert message in said


def test_all_contradictions_are_named_at_once(helm, given):
    """Nobody has to try again and again."""
    said = refused(
        helm,
        *given(
            {
                "ingress": {"enabled": True},
                "httpRoute": {"enabled": True},
                "service": {"nodePort": 30000},
            }
        ),
    )
    assert said.count("\n- ") == 3


@pytest.mark.parametrize(
    "values",
    [
        {"auth": {"tokens": [SECRET + "\t"]}},
        {"auth": {"tokens": [SECRET], "existingSecret": "a"}},
        {"auth": {"tokens": SECRET}},
        {"auth": {"tokens": [{SECRET: 1}]}},
        {"auth": {"tokens": [SECRET[:15]]}},
        {"auth": {"tokens": [SECRET]}, "replicas": 1},
    ],
    ids=["white space", "both", "no list", "no text", "short", "another mistake"],
)
def test_a_refusal_never_quotes_a_token(helm, given, values):
    """Not even the one that is wrong: such messages end in logs of builds."""
    said = refused(helm, *given(values))
    assert SECRET[:15] not in said


def test_the_tokens_are_nowhere_but_in_their_secret(helm, given):
    """Neither readable in another object nor as a digest of them, nor in what is said after an
    installation.
    """
    found = objects(rendered(helm, *given({"auth": {"tokens": [SECRET]}})))
    secret = only(found, "Secret")
    assert base64.b64decode(secret["data"]["tokens"]).decode() == SECRET + "\n"
    others = json.dumps([each for each in found if each is not secret])
    assert SECRET not in others
    assert base64.b64encode(SECRET.encode()).decode()[:20] not in others
    assert pod_of(found)["metadata"]["annotations"].keys() == {
        "kubectl.kubernetes.io/default-container"
    }


def test_a_changed_token_is_no_rollout_and_a_changed_catalogue_is_one(helm, tmp_path):
    """The service reads tokens again while it runs, and the catalogue only at its start."""

    def pod(name: str, values: dict[str, Any]) -> Any:
        path = tmp_path / name
        path.write_text(yaml.safe_dump(values))
        return pod_of(objects(rendered(helm, "-f", str(path))))

    assert pod("a", {"auth": {"tokens": [SECRET]}}) == pod(
        "b", {"auth": {"tokens": [SECRET + "x"]}}
    )
    entry = {"image": "a/*", "role": "helper"}
    assert pod("c", {"catalogue": {"entries": [entry]}}) != pod(
        "d", {"catalogue": {"entries": [entry | {"role": "either"}]}}
    )


def test_every_value_is_in_the_schema_and_every_key_of_the_schema_in_the_values():
    """But for what stands inside of free lists and mappings, and the two that only a parent
    chart gives.
    """

    def declared(schema: dict[str, Any]) -> set[str]:
        return set(schema.get("properties", {}))

    assert declared(SCHEMA) - {"global", "enabled"} == set(VALUES)
    whole = ("podSecurityContext", "securityContext", "resources")
    for name, value in VALUES.items():
        if isinstance(value, dict) and value and name not in whole:
            assert declared(SCHEMA["properties"][name]) == set(value), name


def test_the_schema_is_closed_wherever_it_declares_keys():
    """No object with declared keys takes others."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)

    def walk(schema: Any) -> None:
        if isinstance(schema, dict):
            if (
                "properties" in schema
                and isinstance(schema["properties"], dict)
                and "type" in schema
            ):
                assert schema["additionalProperties"] is False, schema
            for value in schema.values():
                walk(value)
        elif isinstance(schema, list):
            for value in schema:
                walk(value)

    walk(SCHEMA)


def test_the_schemas_words_for_the_catalogue_are_the_services():
    """The same globs, roles and patterns."""
    item = SCHEMA["properties"]["catalogue"]["properties"]["entries"]["items"]
    known = CatalogueEntrySchema().fields
    assert item["properties"].keys() == known.keys()
    assert item["properties"]["role"]["enum"] == list(known["role"].validate.choices)
    assert item["properties"]["pattern"]["enum"] == [*known["pattern"].validate.choices, None]


def camel(name: str) -> str:
    """A field's name as a value's."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def test_every_setting_is_a_value_with_the_services_own_default():
    """Settings of the service and of its server; none is forgotten when one is added."""
    settings = {
        camel(field.name): field.default
        for field in fields(Settings)
        if field.name not in MADE_ELSEWHERE
    }
    assert VALUES["settings"] == settings
    server = {camel(field.name): field.default for field in fields(ServerSettings)}
    in_a_pod = {"host": "0.0.0.0", "gracefulTimeout": None}
    assert VALUES["server"] == {
        name: value for name, value in (server | in_a_pod).items() if name != "port"
    }


@pytest.mark.parametrize("values", CI, ids=variant)
def test_what_the_values_say_is_what_the_service_reads(helm, values, tmp_path, monkeypatch):
    """The variables, with the mounted files beside, start a real application with just these
    settings.
    """
    found = objects(rendered(helm, "-f", str(values)))
    environment = environment_of(container_of(found))
    tokens, catalogue = tmp_path / "tokens", tmp_path / "catalogue.yaml"
    tokens.write_text(SECRET)
    catalogue.write_text("[]")
    for each in found:
        if each["kind"] == "Secret":
            tokens.write_bytes(base64.b64decode(each["data"]["tokens"]))
        if each["kind"] == "ConfigMap":
            catalogue.write_text(each["data"]["catalogue.yaml"])
    for name, path in ((f"{PREFIX}TOKENS_FILE", tokens), (f"{PREFIX}CATALOGUE_FILE", catalogue)):
        if name in environment:
            environment[name] = str(path)
    given = yaml.safe_load(values.read_text()) or {}

    settings = Settings.from_environment(environment)
    server = ServerSettings.from_environment(environment, settings)
    parts = create_app(settings).extensions[EXTENSION]

    for name, value in (VALUES["settings"] | given.get("settings", {})).items():
        field = next(field.name for field in fields(Settings) if camel(field.name) == name)
        assert getattr(settings, field) == value, name
    of_server = VALUES["server"] | given.get("server", {})
    usual = default_graceful_timeout(settings.request_timeout)
    assert server.graceful_timeout == (of_server["gracefulTimeout"] or usual)
    assert (server.workers, server.threads, server.header_timeout) == (
        of_server["workers"],
        of_server["threads"],
        of_server["headerTimeout"],
    )
    assert (parts.tokens is not None) == ("auth" in given)
    assert all(parts.tokens.accepts(token) for token in given.get("auth", {}).get("tokens", []))
    assert parts.catalogue == catalogue_entries(given.get("catalogue", {}).get("entries", []))


def test_the_servers_variables_are_those_that_gunicorns_configuration_reads(helm):
    """Each of them, with the values given."""
    environment = environment_of(
        container_of(objects(rendered(helm, "-f", str(CHART / "ci" / "settings-values.yaml"))))
    )
    assert {name: environment[name] for name in ("HOST", "PORT", "WORKERS")} == {
        "HOST": "[::]",
        "PORT": "8080",
        "WORKERS": "4",
    }
    assert {environment[name] for name in SERVER_VARIABLES} == {"16", "5", "90"}
    known = {PREFIX + field.name.upper() for field in fields(Settings)} | set(SERVER_VARIABLES)
    assert {name for name in environment if name.startswith(PREFIX)} <= known


def test_each_value_is_used_by_a_variant():
    """The variants in ci/ between them give every value, so that the goldens show what each
    does.
    """
    given: set[str] = set()
    for path in CI:
        given |= set(leaves(yaml.safe_load(path.read_text()) or {}))
    sections = {name for name, value in VALUES.items() if isinstance(value, dict) and value}
    wanted = set(VALUES) - sections | {f"{name}.{key}" for name in sections for key in VALUES[name]}
    contexts = {
        path for path in wanted if path.startswith(("podSecurityContext.", "securityContext."))
    }
    assert wanted - contexts - given == set()


def test_the_image_is_that_of_the_charts_release_unless_told(helm, given):
    """The tag is appVersion by default; a digest counts before a tag."""
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
        found = objects(
            rendered.__wrapped__(helm, *given({"image": image}))
        )  # the file is the same each time, what it holds isn't
        assert container_of(found)["image"] == expected
        assert only(found, "Pod")["spec"]["containers"][0]["image"] == expected


def test_sections_may_be_taken_away(helm, given):
    """null takes a security context or all resources out, where the cluster sets them."""
    found = objects(
        rendered(
            helm, *given({"podSecurityContext": None, "securityContext": None, "resources": None})
        )
    )
    assert "securityContext" not in pod_of(found)["spec"]
    assert container_of(found).keys().isdisjoint({"securityContext", "resources"})


def test_long_names_stay_within_limits(helm, given):
    """63 characters, endings kept."""
    found = objects(
        rendered(helm, *given({"fullnameOverride": "a" * 60 + "-bc", "auth": {"tokens": [SECRET]}}))
    )
    names = {each["metadata"]["name"] for each in found}
    assert max(map(len, names)) == 63
    assert only(found, "Secret")["metadata"]["name"].endswith("a-tokens")
    assert (
        pod_of(found)["spec"]["volumes"][1]["secret"]["secretName"]
        == only(found, "Secret")["metadata"]["name"]
    )
    assert only(found, "Pod")["metadata"]["name"].endswith("a-test")

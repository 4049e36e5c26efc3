"""Values that the chart refuses, and what it says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.chart import ValuesFile, refused

SECRET = "a-token-that-nobody-may-see-4711"

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
def test_a_typo_is_refused_by_its_name(
    helm: Path, values_file: ValuesFile, values: dict[str, Any], named: str
) -> None:
    """An unknown key is refused at every level, with its name."""
    message = refused(helm, *values_file(values))
    assert "additional properties" in message
    assert named in message


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
def test_a_wrong_value_is_refused_by_its_place(
    helm: Path, values_file: ValuesFile, values: dict[str, Any], place: str
) -> None:
    """The message holds the place of the wrong value."""
    assert place in refused(helm, *values_file(values))


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
        {"ingress": {"enabled": True, "hosts": ["a.example.com"]}},
        "auth: an Ingress, a route, or a Service that is no ClusterIP would open the API",
    ),
    (
        {"httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}]}},
        "set auth.existingSecret, or auth.allowOpen",
    ),
    ({"service": {"type": "LoadBalancer"}}, "set auth.existingSecret, or auth.allowOpen"),
    ({"service": {"type": "NodePort"}}, "set auth.existingSecret, or auth.allowOpen"),
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
def test_a_contradiction_is_refused_with_what_to_do(
    helm: Path, values_file: ValuesFile, values: dict[str, Any], message: str
) -> None:
    """Contradictions that no schema sees are refused with a sentence that says what to do."""
    output = refused(helm, *values_file(values))
    assert "These values can't be used:" in output
    assert message in output


def test_all_contradictions_are_named_at_once(helm: Path, values_file: ValuesFile) -> None:
    """One refusal names all contradictions."""
    output = refused(
        helm,
        *values_file(
            {
                "ingress": {"enabled": True},
                "httpRoute": {"enabled": True},
                "service": {"nodePort": 30000},
            }
        ),
    )
    assert output.count("\n- ") == 4


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
def test_a_refusal_never_quotes_a_token(
    helm: Path, values_file: ValuesFile, values: dict[str, Any]
) -> None:
    """No refusal quotes a token, not even a wrong one: such messages end in logs of builds."""
    assert SECRET[:15] not in refused(helm, *values_file(values))

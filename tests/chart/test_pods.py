"""How the chart's Pods run: without rights, probed, and stopped so that no request is lost."""

from __future__ import annotations

from typing import Any

import pytest

from service.web.route import needs_token
from service.web.routes import ROUTES
from tests.support.chart import (
    CI,
    container_of,
    environment_of,
    objects,
    only,
    pod_of,
    rendered,
    variant,
)

each_variant = pytest.mark.parametrize("values", CI, ids=variant)


def pod_specs(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """That of the Deployment, and that of the test."""
    return [pod_of(found)["spec"], only(found, "Pod")["spec"]]


@each_variant
def test_pods_pass_the_restricted_pod_security_standard(helm, values):
    """Every rule of it, and a read-only root besides."""
    for spec in pod_specs(objects(rendered(helm, "-f", str(values)))):
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        assert {kind for volume in spec.get("volumes", []) for kind in volume} <= {
            "name",
            "emptyDir",
            "secret",
            "configMap",
        }
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"].get("runAsUser", 1) != 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert not [port for port in container.get("ports", []) if "hostPort" in port]


@each_variant
def test_no_pod_gets_a_token_of_the_cluster(helm, values):
    """Neither by the Pod nor by its account."""
    found = objects(rendered(helm, "-f", str(values)))
    assert [spec["automountServiceAccountToken"] for spec in pod_specs(found)] == [False, False]
    assert [
        each["automountServiceAccountToken"] for each in found if each["kind"] == "ServiceAccount"
    ] in ([], [False])


@each_variant
def test_what_is_mounted_is_read_only_but_for_tmp(helm, values):
    """And tmp is a bounded volume in memory."""
    found = objects(rendered(helm, "-f", str(values)))
    writable = [mount for mount in container_of(found)["volumeMounts"] if not mount.get("readOnly")]
    assert [mount["mountPath"] for mount in writable] == ["/tmp"]
    (volume,) = [
        each for each in pod_of(found)["spec"]["volumes"] if each["name"] == writable[0]["name"]
    ]
    assert volume["emptyDir"] == {"medium": "Memory", "sizeLimit": "64Mi"}


@each_variant
def test_tokens_are_readable_by_the_pods_group_alone(helm, values):
    """Where there are any."""
    for spec in pod_specs(objects(rendered(helm, "-f", str(values)))):
        for volume in spec.get("volumes", []):
            if "secret" in volume:
                assert volume["secret"]["defaultMode"] == 0o440
                assert spec["securityContext"]["fsGroup"] == spec["securityContext"]["runAsGroup"]


@each_variant
def test_probes_ask_what_the_service_answers_without_a_token(helm, values):
    """Readiness at the start and later, life with more patience than readiness."""
    container = container_of(objects(rendered(helm, "-f", str(values))))
    paths = {
        route.path for route in ROUTES if route.method == "GET" and not needs_token(route.path)
    }
    probes = {name: container[f"{name}Probe"] for name in ("startup", "readiness", "liveness")}
    assert {name: probe["httpGet"]["path"] for name, probe in probes.items()} == {
        "startup": "/readyz",
        "readiness": "/readyz",
        "liveness": "/healthz",
    }
    assert {probe["httpGet"]["path"] for probe in probes.values()} <= paths
    assert {probe["httpGet"]["port"] for probe in probes.values()} == {
        container["ports"][0]["name"]
    }
    patience = {
        name: probe["periodSeconds"] * probe["failureThreshold"] for name, probe in probes.items()
    }
    assert patience["liveness"] > patience["readiness"]


@each_variant
def test_a_stop_is_given_the_time_that_it_can_take(helm, values):
    """The kubelet counts its own sleep too; what isn't done by then is cut off."""
    found = objects(rendered(helm, "-f", str(values)))
    container = container_of(found)
    environment = environment_of(container)
    sleep = (
        container.get("lifecycle", {}).get("preStop", {}).get("sleep", {"seconds": 0})["seconds"]
    )
    steps = [
        sleep,
        float(environment["PODSPLIT_DRAIN_SECONDS"]),
        float(environment["PODSPLIT_GRACEFUL_TIMEOUT"]),
    ]
    assert sum(steps) < pod_of(found)["spec"]["terminationGracePeriodSeconds"]
    assert float(environment["PODSPLIT_GRACEFUL_TIMEOUT"]) >= float(
        environment["PODSPLIT_REQUEST_TIMEOUT"]
    )


def test_without_a_wait_before_the_stop_there_is_no_hook(helm):
    """A sleep of zero seconds is refused by older clusters."""
    found = objects(rendered(helm, "--set", "preStopSeconds=0"))
    assert "lifecycle" not in container_of(found)
    assert pod_of(found)["spec"]["terminationGracePeriodSeconds"] == 45


def test_a_rollout_never_has_fewer_pods_than_before(helm):
    """A new Pod is ready before an old one goes."""
    strategy = only(objects(rendered(helm)), "Deployment")["spec"]["strategy"]
    assert strategy["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_pods_spread_over_zones_and_nodes_by_default(helm):
    """Counted within one rollout, unless an entry says what it counts."""
    for constraint in pod_of(objects(rendered(helm)))["spec"]["topologySpreadConstraints"]:
        assert constraint["labelSelector"]["matchLabels"].keys() == {
            "app.kubernetes.io/name",
            "app.kubernetes.io/instance",
        }
        assert constraint["matchLabelKeys"] == ["pod-template-hash"]
    (placement,) = [path for path in CI if variant(path) == "placement"]
    (own,) = pod_of(objects(rendered(helm, "-f", str(placement))))["spec"][
        "topologySpreadConstraints"
    ]
    assert own["labelSelector"] == {"matchLabels": {"team": "platform"}}
    assert "matchLabelKeys" not in own


def test_nothing_may_leave_the_pods_by_default(helm):
    """The policy is for both directions, lists no egress, and lets the one port in."""
    spec = only(objects(rendered(helm)), "NetworkPolicy")["spec"]
    assert sorted(spec["policyTypes"]) == ["Egress", "Ingress"]
    assert "egress" not in spec
    assert spec["ingress"] == [{"ports": [{"port": "http", "protocol": "TCP"}]}]

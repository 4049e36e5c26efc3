"""How the chart's Pods run: with few rights, probed, and stopped so that no request is lost."""

from __future__ import annotations

from pathlib import Path

from service.web.route import needs_token
from service.web.routes import ROUTES
from tests.support.chart import (
    CI,
    Object,
    container_of,
    environment_of,
    every_variant,
    objects,
    only,
    pod_of,
    rendered,
    variant,
)


def pod_specs(resources: list[Object]) -> list[Object]:
    """The pod specs of everything that the chart starts."""
    pods = [item["spec"] for item in resources if item["kind"] == "Pod"]
    pods += [item["spec"]["template"]["spec"] for item in resources if item["kind"] == "Deployment"]
    jobs = [item["spec"]["jobTemplate"] for item in resources if item["kind"] == "CronJob"]
    return pods + [job["spec"]["template"]["spec"] for job in jobs]


@every_variant
def test_pods_pass_the_restricted_pod_security_standard(helm: Path, values: Path) -> None:
    """The Pods keep every rule of the standard, and have a read-only root filesystem."""
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


@every_variant
def test_no_pod_gets_a_token_of_the_cluster(helm: Path, values: Path) -> None:
    """No Pod and no service account mounts one, but for the Pod of the audit."""
    resources = objects(rendered(helm, "-f", str(values)))
    for spec in pod_specs(resources):
        is_audit = spec["containers"][0]["name"] == "audit"
        assert spec["automountServiceAccountToken"] is is_audit
    for resource in resources:
        if resource["kind"] == "ServiceAccount":
            assert resource["automountServiceAccountToken"] is False


@every_variant
def test_what_is_mounted_is_read_only_but_for_tmp(helm: Path, values: Path) -> None:
    """All mounts but /tmp are read-only, and /tmp is a bounded volume in memory."""
    resources = objects(rendered(helm, "-f", str(values)))
    writable = [
        mount for mount in container_of(resources)["volumeMounts"] if not mount.get("readOnly")
    ]
    assert [mount["mountPath"] for mount in writable] == ["/tmp"]
    (volume,) = [
        candidate
        for candidate in pod_of(resources)["spec"]["volumes"]
        if candidate["name"] == writable[0]["name"]
    ]
    assert volume["emptyDir"] == {"medium": "Memory", "sizeLimit": "64Mi"}


@every_variant
def test_tokens_are_readable_by_the_pods_group_alone(helm: Path, values: Path) -> None:
    """Volumes with tokens can be read by the group of the Pods, and by nobody else."""
    for spec in pod_specs(objects(rendered(helm, "-f", str(values)))):
        for volume in spec.get("volumes", []):
            if "secret" in volume:
                assert volume["secret"]["defaultMode"] == 0o440
                assert spec["securityContext"]["fsGroup"] == spec["securityContext"]["runAsGroup"]


@every_variant
def test_probes_ask_what_the_service_answers_without_a_token(helm: Path, values: Path) -> None:
    """The probes use routes that need no token. A Pod is taken out of service sooner than it is
    restarted.
    """
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
    seconds = {
        name: probe["periodSeconds"] * probe["failureThreshold"] for name, probe in probes.items()
    }
    assert seconds["liveness"] > seconds["readiness"]


@every_variant
def test_a_stop_is_given_the_time_that_it_can_take(helm: Path, values: Path) -> None:
    """The grace period is longer than all that a stop waits for, the kubelet's own sleep included;
    after it the process is killed.
    """
    resources = objects(rendered(helm, "-f", str(values)))
    container = container_of(resources)
    environment = environment_of(container)
    sleep = (
        container.get("lifecycle", {}).get("preStop", {}).get("sleep", {"seconds": 0})["seconds"]
    )
    steps = [
        sleep,
        float(environment["PODSPLIT_DRAIN_SECONDS"]),
        float(environment["PODSPLIT_GRACEFUL_TIMEOUT"]),
    ]
    assert sum(steps) < pod_of(resources)["spec"]["terminationGracePeriodSeconds"]
    assert float(environment["PODSPLIT_GRACEFUL_TIMEOUT"]) >= float(
        environment["PODSPLIT_REQUEST_TIMEOUT"]
    )


def test_without_a_wait_before_the_stop_there_is_no_hook(helm: Path) -> None:
    """No preStop hook is rendered for a wait of zero seconds, which older clusters refuse."""
    resources = objects(rendered(helm, "--set", "preStopSeconds=0"))
    assert "lifecycle" not in container_of(resources)
    assert pod_of(resources)["spec"]["terminationGracePeriodSeconds"] == 45


def test_a_rollout_never_has_fewer_pods_than_before(helm: Path) -> None:
    """A new Pod is ready before an old one is stopped."""
    strategy = only(objects(rendered(helm)), "Deployment")["spec"]["strategy"]
    assert strategy["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_pods_spread_over_zones_and_nodes_by_default(helm: Path) -> None:
    """The default constraints count the Pods of one rollout; an entry with a selector of its own
    keeps it.
    """
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


def test_nothing_may_leave_the_pods_by_default(helm: Path) -> None:
    """The NetworkPolicy covers both directions, allows no egress, and lets the one port in."""
    spec = only(objects(rendered(helm)), "NetworkPolicy")["spec"]
    assert sorted(spec["policyTypes"]) == ["Egress", "Ingress"]
    assert "egress" not in spec
    assert spec["ingress"] == [{"ports": [{"port": "http", "protocol": "TCP"}]}]

"""What would break silently if two groups were parted."""

from __future__ import annotations

import base64

import pytest

from service.actions.split.addresses import rewire_addresses
from service.actions.split.groups import divide_containers
from service.actions.split.hazards import check_hazards
from service.kube.services import services_of
from service.refusals import Refusal
from tests.support.candidates import (
    bare_pod,
    candidate_of,
    manifest,
    plan_of,
    refusal_of,
    service,
    shop,
)


def hazard_of(
    files: str | dict[str, str], kind_and_name: str = "Deployment/shop"
) -> Refusal | None:
    """The first hazard of a workload, or else what is refused for an address on localhost."""
    candidate = candidate_of(files, kind_and_name)
    links = services_of(candidate.workload, candidate.manifests)
    group_of = divide_containers(candidate).group_of
    hazard = refusal_of(lambda: check_hazards(candidate, links, group_of))
    return hazard or refusal_of(lambda: rewire_addresses(plan_of(candidate)))


def test_two_applications_with_a_service_are_parted_without_hazard() -> None:
    """The usual case."""
    assert hazard_of(shop() + service()) is None


# Services

OTHER = shop(name="other", roles="front=main,api=sidecar")


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (shop() + service() + OTHER, Refusal.SHARED_SERVICE),
        (shop() + OTHER, None),
        (shop() + service() + OTHER.replace("labels: {app: shop}", "labels: {app: b}"), None),
        (
            shop(metadata="namespace: a")
            + service(metadata="namespace: a")
            + OTHER.replace("name: other,", "name: other, namespace: b,"),
            None,
        ),
        (shop() + service("one", selector="app: shop, a: b") + OTHER, None),
    ],
)
def test_a_service_is_of_one_workload(text: str, refusal: Refusal | None) -> None:
    """What its ports lead to in the other one would change too."""
    assert hazard_of(text) is refusal


def test_a_workload_of_another_environment_is_not_behind_the_service() -> None:
    """Its own folder has a nearer one of that name."""
    files = {
        "one/a.yaml": shop() + service() + OTHER.replace("labels: {app: shop}", "labels: {a: b}"),
        "two/a.yaml": OTHER,
    }
    assert hazard_of(files) is None


ROLES = "labels: {app: web}, annotations: {podsplit.dev/roles: 'web=main,api=unrelated'}"


@pytest.mark.parametrize(
    ("metadata", "refusal"), [(ROLES, None), (f"{ROLES}, finalizers: []", None)]
)
def test_copies_of_a_pod_share_their_service(metadata: str, refusal: Refusal | None) -> None:
    """They become one workload."""
    pods = [
        bare_pod(name=f"web-{number}", metadata=metadata, others=["name: api, image: acme/api"])
        for number in (0, 1)
    ]
    assert hazard_of("".join(pods) + service(selector="app: web"), "Pod/web-0") is refusal


@pytest.mark.parametrize(
    ("metadata", "refusal"),
    [("", Refusal.SERVICE_UNCLEAR), ("namespace: far", None)],
)
def test_a_service_of_several_folders_may_be_meant_or_not(
    metadata: str, refusal: Refusal | None
) -> None:
    """One environment at a time is clear, and so is another namespace."""
    files = {
        "base/a.yaml": shop(metadata="namespace: near"),
        "one/a.yaml": service(metadata=metadata),
        "two/a.yaml": service(metadata=metadata),
    }
    assert hazard_of(files) is refusal
    assert hazard_of({path: text for path, text in files.items() if path[:3] != "two"}) is None
    near = {**files, "base/b.yaml": service(metadata="namespace: near")}
    assert hazard_of(near) is None


POD_NAME = "statefulset.kubernetes.io/pod-name: shop-0"


@pytest.mark.parametrize(
    ("selector", "metadata", "refusal"),
    [
        (POD_NAME, "", Refusal.SERVICE_UNCLEAR),
        (f"app: shop, {POD_NAME}", "", Refusal.SERVICE_UNCLEAR),
        (f"app: other, {POD_NAME}", "", None),
        (POD_NAME, "namespace: far", None),
        ("apps.kubernetes.io/pod-index: '0'", "", Refusal.SERVICE_UNCLEAR),
        ("pod-template-hash: abc", "", Refusal.SERVICE_UNCLEAR),
        ("controller-revision-hash: abc", "", Refusal.SERVICE_UNCLEAR),
        ("pod-name: shop-0", "", None),
    ],
)
def test_a_service_that_selects_by_a_label_of_the_cluster_is_unclear(
    selector: str, metadata: str, refusal: Refusal | None
) -> None:
    """Nobody writes those labels, so that it can't be seen whom it selects."""
    text = shop(metadata="namespace: near", kind="StatefulSet")
    other = service("first", selector=selector, metadata=metadata)
    assert hazard_of(text + other, "StatefulSet/shop") is refusal


# Probes


@pytest.mark.parametrize(
    ("front", "api", "refusal"),
    [
        ("readinessProbe: {httpGet: {port: 3000}}", "", Refusal.LOCALHOST_IN_PROBE),
        ("readinessProbe: {httpGet: {port: 80}}", "", None),
        ("readinessProbe: {httpGet: {port: 9999}}", "", None),
        ("livenessProbe: {tcpSocket: {port: 3000}}", "", Refusal.LOCALHOST_IN_PROBE),
        ("lifecycle: {preStop: {httpGet: {port: 3000}}}", "", Refusal.LOCALHOST_IN_PROBE),
        ("readinessProbe: {exec: {command: [a]}}", "", None),
        ("readinessProbe: {httpGet: {port: 3000, host: example.org}}", "", None),
        ("", "readinessProbe: {httpGet: {port: 80}}", Refusal.LOCALHOST_IN_PROBE),
        (
            "readinessProbe: {httpGet: {port: web}}",
            "ports: [{containerPort: 3000, name: web}]",
            Refusal.LOCALHOST_IN_PROBE,
        ),
        (
            "readinessProbe: {httpGet: {port: web}}, ports: [{containerPort: 80, name: web}]",
            "ports: [{containerPort: 3000, name: web}]",
            None,
        ),
    ],
)
def test_a_probe_calls_a_port_of_its_own_group(
    front: str, api: str, refusal: Refusal | None
) -> None:
    """The kubelet calls the Pod that the probe is in."""
    assert hazard_of(shop(front, api)) is refusal


def test_a_probe_may_call_a_companion() -> None:
    """It goes the same way."""
    helper = "name: helper, image: acme/helper, readinessProbe: {httpGet: {port: 80}}"
    text = shop(others=[helper], roles="front=main,api=unrelated,helper=sidecar")
    assert hazard_of(text) is None


# Resources

FIELD = "env: [{name: A, valueFrom: {resourceFieldRef: {containerName: %s, resource: limits.cpu}}}]"


@pytest.mark.parametrize(
    ("front", "pod", "refusal"),
    [
        (FIELD % "api", "", Refusal.CROSSING_REFERENCE),
        (FIELD % "front", "", None),
        (FIELD % "nobody", "", None),
        (
            "",
            f"initContainers: [{{name: first, image: a, {FIELD % 'api'}}}]",
            Refusal.CROSSING_REFERENCE,
        ),
        (
            "",
            (
                "volumes: [{name: v, downwardAPI: {items: [{path: a, resourceFieldRef:"
                " {containerName: front, resource: limits.cpu}}]}}]"
            ),
            Refusal.CROSSING_REFERENCE,
        ),
        (
            "",
            "volumes: [{name: v, downwardAPI: {items: [{path: a, fieldRef: {fieldPath: b}}]}}]",
            None,
        ),
    ],
)
def test_a_container_reads_resources_of_its_own_group(
    front: str, pod: str, refusal: Refusal | None
) -> None:
    """Those of another Pod can't be named."""
    assert hazard_of(shop(front, pod=pod)) is refusal


# Addresses


@pytest.mark.parametrize(
    ("api", "refusal"),
    [
        ("args: [--listen=127.0.0.1:3000]", Refusal.LOOPBACK_SERVER),
        ("args: [--listen, '127.0.0.1:3000']", Refusal.LOOPBACK_SERVER),
        ("args: [--bind=127.0.0.1]", Refusal.LOOPBACK_SERVER),
        ("args: [--bind, 127.0.0.1]", Refusal.LOOPBACK_SERVER),
        ("args: [--listen=0.0.0.0:3000]", None),
        ("args: [--listen=127.0.0.1:3001]", Refusal.LOOPBACK_SERVER),
        ("env: [{name: BIND_ADDR, value: '127.0.0.1:3000'}]", Refusal.LOOPBACK_SERVER),
        ("env: [{name: BIND_ADDR, value: '127.0.0.1:9999'}]", Refusal.LOOPBACK_SERVER),
        ("command: ['serve, listen 127.0.0.1:9999']", Refusal.LOOPBACK_SERVER),
        ("args: ['serve, listen 127.0.0.1:9999']", Refusal.LOOPBACK_SERVER),
        ("args: [--upstream=localhost]", Refusal.LOCALHOST_UNRESOLVED),
        ("args: [--upstream, localhost]", Refusal.LOCALHOST_UNRESOLVED),
        ("args: ['--upstream=http://localhost']", None),
        ("args: ['--upstream=localhost:80']", None),
        ("args: ['--listen=http://0.0.0.0:3000']", None),
        ("env: [{name: HOSTS, value: 'a, localhost, b'}]", None),
        ("env: [{name: BACKENDS, value: 'a, localhost, b'}]", Refusal.LOCALHOST_UNRESOLVED),
        ("env: [{name: NO_PROXY, value: 'a, localhost, b'}]", None),
        ("env: [{name: BACKENDS, value: 'allow localhost'}]", None),
        ("env: [{name: BACKENDS, value: 'a, http://localhost, b'}]", None),
    ],
)
def test_every_loopback_address_is_one_whose_port_can_be_seen(
    api: str, refusal: Refusal | None
) -> None:
    """Others can't be led to a Service, and a server on loopback can't be reached by one."""
    assert hazard_of(shop(api=api)) is refusal


CONFIG = "envFrom: [{configMapRef: {name: conf}}]"
MOUNTED = (
    "volumeMounts: [{name: conf, mountPath: /c}]",
    "volumes: [{name: conf, configMap: {name: conf, items: [{key: %s, path: a}]}}]",
)


def config(*lines: str, key: str = "a.conf", name: str = "conf") -> str:
    text = "\\n".join(lines)
    return manifest("v1 ConfigMap", name, f'data: {{{key}: "{text}", level: info}}')


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        (["level = info"], None),
        (["bind 127.0.0.1"], Refusal.LOOPBACK_SERVER),
        (["a = b", "bind-address = localhost"], Refusal.LOOPBACK_SERVER),
        (["listen_addr: '127.0.0.1:3000'"], Refusal.LOOPBACK_SERVER),
        (["listen localhost:3000"], Refusal.LOOPBACK_SERVER),
        (["listen localhost:9999"], None),
        (["bind 0.0.0.0"], None),
        (["# bind 127.0.0.1"], None),
        (["upstream localhost"], Refusal.LOCALHOST_IN_CONFIGMAP),
        (["; upstream localhost"], None),
        (["// upstream localhost"], None),
        (["server_name localhost"], None),
        (["upstream http://localhost"], None),
        (["upstream localhost:80"], None),
        (["upstream localhost:80", "other localhost"], Refusal.LOCALHOST_IN_CONFIGMAP),
    ],
)
def test_a_config_map_tells_no_host_without_port(lines: list[str], refusal: Refusal | None) -> None:
    """Nor to listen on loopback."""
    assert hazard_of(shop(api=CONFIG) + config(*lines)) is refusal


def test_an_init_container_serves_nobody_on_loopback() -> None:
    """It has ended by then."""
    pod = f"initContainers: [{{name: first, image: a, {CONFIG}}}]"
    assert hazard_of(shop(pod=pod) + config("listen localhost:3000")) is None


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("bind 127.0.0.1", Refusal.LOOPBACK_SERVER),
        ("upstream localhost", Refusal.LOCALHOST_IN_CONFIGMAP),
    ],
)
def test_only_keys_that_a_container_reads_count(line: str, refusal: Refusal) -> None:
    """Others are somebody else's."""
    mounts, volumes = MOUNTED
    text = shop(api=mounts, pod=volumes % "a.conf")
    assert hazard_of(text + config(line)) is refusal
    assert hazard_of(text + config(line, key="b.conf")) is None
    assert hazard_of(text + config(line, name="other")) is None


def test_scripts_of_a_store_call_the_store() -> None:
    """Its own entry point runs them."""
    text = shop(api=f"image: 'postgres:17', {CONFIG}") + config("psql -h localhost")
    assert hazard_of(text) is None


def test_a_host_with_its_port_in_another_variable_is_no_host_without_port() -> None:
    """Two keys of a ConfigMap are two variables."""
    both = manifest("v1 ConfigMap", "conf", "data: {API_HOST: localhost, API_PORT: '3000'}")
    assert hazard_of(shop(CONFIG) + both) is None


ENCODED = base64.b64encode(b"http://localhost:3000").decode()
BINARY = base64.b64encode(b"\xff\xfe localhost").decode()


@pytest.mark.parametrize(
    ("content", "name", "refusal"),
    [
        ("stringData: {a: 'http://localhost:3000'}", "secret", Refusal.LOCALHOST_IN_CONFIGMAP),
        (f"data: {{a: {ENCODED}}}", "secret", Refusal.LOCALHOST_IN_CONFIGMAP),
        ("data: {a: localhost}", "secret", None),
        (f"data: {{a: {BINARY}}}", "secret", None),
        (f"data: {{b: {BINARY}, a: {ENCODED}}}", "secret", Refusal.LOCALHOST_IN_CONFIGMAP),
        ("stringData: {a: 'http://example.org'}", "secret", None),
        ("stringData: {a: 'http://localhost:3000'}", "unused", None),
    ],
)
def test_a_secret_holds_no_loopback_address(
    content: str, name: str, refusal: Refusal | None
) -> None:
    """It isn't changed here."""
    text = shop("envFrom: [{secretRef: {name: secret}}]") + manifest("v1 Secret", name, content)
    assert hazard_of(text) is refusal


def test_a_secret_of_another_environment_does_not_count() -> None:
    """The one in the workload's own folder is meant."""
    content = "stringData: {a: '%s'}"
    files = {
        "one/a.yaml": shop("envFrom: [{secretRef: {name: secret}}]")
        + manifest("v1 Secret", "secret", content % "b"),
        "two/a.yaml": manifest("v1 Secret", "secret", content % "http://localhost:3000"),
    }
    assert hazard_of(files) is None


@pytest.mark.parametrize(
    ("ip", "refusal"),
    [
        ("127.0.0.1", Refusal.LOCALHOST_UNRESOLVED),
        ("'::1'", Refusal.LOCALHOST_UNRESOLVED),
        ("10.0.0.1", None),
    ],
)
def test_localhost_has_no_other_name(ip: str, refusal: Refusal | None) -> None:
    """Containers may call each other by it."""
    pod = f"hostAliases: [{{ip: {ip}, hostnames: [db.local]}}]"
    assert hazard_of(shop(pod=pod)) is refusal


# Annotations and triggers


@pytest.mark.parametrize(
    ("annotation", "refusal"),
    [
        ("acme.com/container: api", Refusal.ANNOTATION),
        ("acme.com/container: front", None),
        ("acme.com/api: a", Refusal.ANNOTATION),
        ("acme.com/front: a", None),
        ("acme.com/gateway-api: a", None),
        ("acme.com/port: '3000'", Refusal.ANNOTATION),
        ("acme.com/port: rest", Refusal.ANNOTATION),
        ("acme.com/port: '80'", None),
        ("acme.com/number: '3000'", None),
        ("podsplit.dev/main: api", None),
        ("checksum/api: abc", None),
        ("kubectl.kubernetes.io/last-applied-configuration: api", None),
        ("kubectl.kubernetes.io/default-container: api", Refusal.ANNOTATION),
    ],
)
@pytest.mark.parametrize("where", ["metadata", "template"])
def test_an_annotation_does_not_speak_of_what_moves(
    where: str, annotation: str, refusal: Refusal | None
) -> None:
    """It would be left with a workload that doesn't have the container."""
    api = "ports: [{containerPort: 3000, name: rest}]"
    if where == "metadata":
        text = shop(api=api, metadata=f"annotations: {{{annotation}}}")
    else:
        text = shop(api=api).replace("annotations: {", f"annotations: {{{annotation}, ")
    assert hazard_of(text) is refusal


def test_an_init_container_that_nobody_moves_may_be_spoken_of() -> None:
    """By annotations and triggers."""
    pod = "initContainers: [{name: first, image: a}]"
    text = shop(metadata="annotations: {acme.com/container: first}", pod=pod)
    assert hazard_of(text) is None
    trigger = "triggers: [{imageChangeParams: {containerNames: [first]}}]"
    text = shop(kind="DeploymentConfig", spec=trigger, pod=pod)
    assert hazard_of(text, "DeploymentConfig/shop") is None


@pytest.mark.parametrize(
    ("names", "refusal"),
    [("api", Refusal.ANNOTATION), ("front, api", Refusal.ANNOTATION), ("front", None), ("", None)],
)
def test_an_image_trigger_is_not_for_what_moves(names: str, refusal: Refusal | None) -> None:
    """OpenShift would look for the container in the old workload."""
    trigger = f"triggers: [{{type: ImageChange, imageChangeParams: {{containerNames: [{names}]}}}}]"
    assert (
        hazard_of(shop(kind="DeploymentConfig", spec=trigger), "DeploymentConfig/shop") is refusal
    )

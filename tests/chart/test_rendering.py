"""The chart's templates, rendered for each variant in helm/ci."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest

from service.web.version import __version__
from tests.support.chart import (
    CHART,
    CI,
    ValuesFile,
    container_of,
    every_variant,
    objects,
    only,
    part_of,
    pod_of,
    refused,
    rendered,
    variant,
    without_certificates,
)
from tests.support.crds import CUSTOM_RESOURCES

OF_THE_CLUSTER = {"ClusterRole", "ClusterRoleBinding", "ValidatingWebhookConfiguration"}
GOLDEN = Path(__file__).parent / "golden"
OLDEST = "1.30"
LABELS = {
    "helm.sh/chart",
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/version",
    "app.kubernetes.io/managed-by",
}


@every_variant
def test_lint_passes(helm: Path, values: Path) -> None:
    """`helm lint --strict` passes with the values of each variant."""
    done = subprocess.run(
        [helm, "lint", "--strict", CHART, "-f", values],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WARNING]" not in done.stdout


@every_variant
def test_the_rendering_is_the_committed_one(helm: Path, values: Path, golden: bool) -> None:
    """Each variant renders to its committed file, but for the version, which each release changes;
    `make golden` rewrites these files.
    """
    text = without_certificates(rendered(helm, "-f", str(values))).replace(__version__, "VERSION")
    path = GOLDEN / f"{variant(values)}.yaml"
    if golden:
        path.write_text(text)
    assert path.read_text() == text


def test_no_golden_is_left_over() -> None:
    """Each committed rendering belongs to a variant."""
    assert {path.stem for path in GOLDEN.glob("*")} == {variant(path) for path in CI}


@pytest.mark.parametrize("version", [OLDEST, kubernetes_validate.latest_version()])
@every_variant
def test_kubernetes_own_schemas_accept_it(helm: Path, values: Path, version: str) -> None:
    """The strict schemas of the oldest release that the chart allows and of the newest that is
    known accept every object. Custom resources are checked with schemas of our own.
    """
    for resource in objects(rendered(helm, "-f", str(values))):
        schema = CUSTOM_RESOURCES.get((resource["apiVersion"], resource["kind"]))
        if schema is None:
            kubernetes_validate.validate(resource, version, strict=True)
        else:
            with pytest.raises(kubernetes_validate.SchemaNotFoundError):
                kubernetes_validate.validate(resource, version, strict=True)
            jsonschema.validate(resource, schema)


def test_the_oldest_release_is_the_one_that_the_chart_asks_for() -> None:
    """The schemas above are those of `kubeVersion`."""
    assert f'kubeVersion: ">={OLDEST}.0-0"' in (CHART / "Chart.yaml").read_text()


def test_an_older_cluster_is_refused(helm: Path) -> None:
    """A cluster without the preStop sleep is refused."""
    assert "requires kubeVersion: >=1.30.0-0" in refused(helm, "--kube-version", "1.29.9")


@every_variant
def test_kubectl_reads_it(helm: Path, kubectl: Path, values: Path) -> None:
    """The real kubectl reads every object, and finds what a YAML parser finds."""
    text = rendered(helm, "-f", str(values))
    command = [str(kubectl), "label", "--local", "-f", "-", "read=true", "-o", "json"]
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    decoder, rest, read = json.JSONDecoder(), done.stdout.strip(), []
    while rest:
        value, end = decoder.raw_decode(rest)
        read.append(value)
        rest = rest[end:].strip()
    for resource in read:
        del resource["metadata"]["labels"]["read"]
    assert read == objects(text)


@every_variant
def test_every_object_is_named_and_labelled_by_helms_conventions(helm: Path, values: Path) -> None:
    """Every object has the five labels, the release's namespace, and a name short enough for every
    kind.
    """
    for resource in objects(rendered(helm, "-f", str(values))):
        assert resource["metadata"]["labels"].keys() >= LABELS, resource["kind"]
        if resource["kind"] in OF_THE_CLUSTER:
            # So that two releases don't share one.
            assert resource["metadata"]["name"].startswith("tools-")
        else:
            assert resource["metadata"]["namespace"] == "tools"
        assert len(resource["metadata"]["name"]) <= 63
    assert pod_of(objects(rendered(helm, "-f", str(values))))["metadata"]["labels"].keys() >= LABELS


@every_variant
def test_what_selects_pods_selects_the_services_own_and_no_others(helm: Path, values: Path) -> None:
    """Service, budget, policy and Deployment select the Deployment's Pods, and not the Pod of
    `helm test`.
    """
    resources = objects(rendered(helm, "-f", str(values)))
    own = pod_of(resources)["metadata"]["labels"]
    test = only(resources, "Pod")["metadata"]["labels"]
    selectors = [
        selector.get("matchLabels", selector)
        for resource in resources
        if not part_of(resource)
        for key, selector in resource.get("spec", {}).items()
        if key in ("selector", "podSelector") and resource["kind"] != "ServiceMonitor"
    ]
    assert len(selectors) >= 2
    for selector in selectors:
        assert selector.items() <= own.items()
        assert not selector.items() <= test.items()


@every_variant
def test_references_of_the_pod_resolve(helm: Path, values: Path) -> None:
    """Ports, volumes, service accounts, Secrets and ConfigMaps that a Pod names are in the release,
    unless the values name their own.
    """
    resources = objects(rendered(helm, "-f", str(values)))
    pod = pod_of(resources)["spec"]
    (container,) = pod["containers"]
    service = only(resources, "Service")
    (port,) = service["spec"]["ports"]
    assert port["targetPort"] in {port["name"] for port in container["ports"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        volume["name"] for volume in pod["volumes"]
    }
    keys = {(resource["kind"], resource["metadata"]["name"]) for resource in resources}
    text = values.read_text()
    for volume in pod["volumes"]:
        if "secret" in volume and "existingSecret:" not in text:
            assert ("Secret", volume["secret"]["secretName"]) in keys
        if "configMap" in volume and "existingConfigMap:" not in text:
            assert ("ConfigMap", volume["configMap"]["name"]) in keys
    if "serviceAccount:" not in text:
        assert ("ServiceAccount", pod["serviceAccountName"]) in keys


@every_variant
def test_what_points_at_the_service_names_it_and_its_port(helm: Path, values: Path) -> None:
    """An Ingress, an HTTPRoute and a ServiceMonitor name the rendered Service and its port."""
    resources = objects(rendered(helm, "-f", str(values)))
    for resource in resources:
        if resource["kind"] not in ("Ingress", "HTTPRoute", "ServiceMonitor"):
            continue
        service = only(resources, "Service", part_of(resource))
        (port,) = service["spec"]["ports"]
        if resource["kind"] == "Ingress":
            backends = [
                path["backend"]["service"]
                for rule in resource["spec"]["rules"]
                for path in rule["http"]["paths"]
            ]
            assert {(backend["name"], backend["port"]["name"]) for backend in backends} == {
                (service["metadata"]["name"], port["name"])
            }
        if resource["kind"] == "HTTPRoute":
            backends = [
                backend for rule in resource["spec"]["rules"] for backend in rule["backendRefs"]
            ]
            assert {(backend["name"], backend["port"]) for backend in backends} == {
                (service["metadata"]["name"], port["port"])
            }
        if resource["kind"] == "ServiceMonitor":
            assert (
                resource["spec"]["selector"]["matchLabels"].items()
                <= service["metadata"]["labels"].items()
            )
            assert [endpoint["port"] for endpoint in resource["spec"]["endpoints"]] == [
                port["name"]
            ]


@every_variant
def test_an_autoscaler_scales_the_deployment(helm: Path, values: Path) -> None:
    """It names the rendered Deployment and its container, and the Deployment has no replicas of its
    own.
    """
    resources = objects(rendered(helm, "-f", str(values)))
    deployment = only(resources, "Deployment")
    for autoscaler in (data for data in resources if data["kind"] == "HorizontalPodAutoscaler"):
        assert autoscaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
        assert [
            metric["containerResource"]["container"] for metric in autoscaler["spec"]["metrics"]
        ] == [container_of(resources)["name"]]
        assert "replicas" not in deployment["spec"]


def test_metrics_and_probes_are_not_published(helm: Path) -> None:
    """Neither an Ingress nor an HTTPRoute leads to metrics or probes; to the page and to what it is
    made of.
    """
    for name in ("ingress", "http-route"):
        text = rendered(helm, "-f", str(CHART / "ci" / f"{name}-values.yaml"))
        published = [
            resource for resource in objects(text) if resource["kind"] in ("Ingress", "HTTPRoute")
        ]
        assert "/v1" in json.dumps(published)
        for path in ("/metrics", "/healthz", "/readyz"):
            assert path not in json.dumps(published)


@pytest.mark.parametrize("kind", ["ingress", "httpRoute"])
def test_the_page_is_published_by_default_and_nothing_below_it(
    helm: Path, values_file: ValuesFile, kind: str
) -> None:
    """With the files that it is made of; `/` as a prefix would lead to the metrics."""
    own = {"hosts": ["a.example"]} if kind == "ingress" else {"parentRefs": [{"name": "gateway"}]}
    values = values_file({kind: {"enabled": True, **own}, "auth": {"existingSecret": "tokens"}})
    resources = objects(rendered(helm, *values))
    if kind == "ingress":
        rules = only(resources, "Ingress")["spec"]["rules"][0]["http"]["paths"]
        types = {rule["path"]: rule["pathType"] for rule in rules}
    else:
        matches = only(resources, "HTTPRoute")["spec"]["rules"][0]["matches"]
        types = {match["path"]["value"]: match["path"]["type"] for match in matches}

    assert types.pop("/") == "Exact"
    assert {"/assets", "/docs", "/v1"} <= types.keys()
    assert {word.removeprefix("Path") for word in types.values()} == {"Prefix"}

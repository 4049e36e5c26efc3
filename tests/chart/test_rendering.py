"""What the chart renders, for each variant in helm/ci."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest

from service.web.version import __version__
from tests.support.chart import CHART, CI, objects, only, pod_of, refused, rendered, variant
from tests.support.crds import CUSTOM

GOLDEN = Path(__file__).parent / "golden"
OLDEST = "1.30"
LABELS = {
    "helm.sh/chart",
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/version",
    "app.kubernetes.io/managed-by",
}
each_variant = pytest.mark.parametrize("values", CI, ids=variant)


@each_variant
def test_lint_has_nothing_to_say(helm, values):
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


@each_variant
def test_what_is_rendered_is_what_was_reviewed(helm, values, golden):
    """Each variant is committed as it renders, but for the version, which each release changes;
    `make golden` writes it anew.
    """
    text = rendered(helm, "-f", str(values)).replace(__version__, "VERSION")
    path = GOLDEN / f"{variant(values)}.yaml"
    if golden:
        path.write_text(text)
    assert path.read_text() == text


def test_no_golden_is_left_over():
    """Each committed rendering belongs to a variant."""
    assert {path.stem for path in GOLDEN.glob("*")} == {variant(path) for path in CI}


@pytest.mark.parametrize("version", [OLDEST, kubernetes_validate.latest_version()])
@each_variant
def test_kubernetes_own_schemas_accept_it(helm, values, version):
    """Strictly, in the oldest release that the chart allows and in the newest that is known;
    custom resources by schemas of ours.
    """
    for each in objects(rendered(helm, "-f", str(values))):
        schema = CUSTOM.get((each["apiVersion"], each["kind"]))
        if schema is None:
            kubernetes_validate.validate(each, version, strict=True)
        else:
            with pytest.raises(kubernetes_validate.SchemaNotFoundError):
                kubernetes_validate.validate(each, version, strict=True)
            jsonschema.validate(each, schema)


def test_the_oldest_release_is_the_one_that_the_chart_asks_for():
    """The schemas above are those of `kubeVersion`."""
    assert f'kubeVersion: ">={OLDEST}.0-0"' in (CHART / "Chart.yaml").read_text()


def test_an_older_cluster_is_refused(helm):
    """The sleep before a stop isn't there."""
    assert "requires kubeVersion: >=1.30.0-0" in refused(helm, "--kube-version", "1.29.9")


@each_variant
def test_kubectl_reads_it(helm, kubectl, values):
    """The real kubectl reads every object, and finds what a YAML parser finds."""
    text = rendered(helm, "-f", str(values))
    command = [kubectl, "label", "--local", "-f", "-", "read=true", "-o", "json"]
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    decoder, rest, read = json.JSONDecoder(), done.stdout.strip(), []
    while rest:
        value, end = decoder.raw_decode(rest)
        read.append(value)
        rest = rest[end:].strip()
    for each in read:
        del each["metadata"]["labels"]["read"]
    assert read == objects(text)


@each_variant
def test_every_object_is_named_and_labelled_by_helms_conventions(helm, values):
    """With the five labels, in the release's namespace, under a name that fits every kind."""
    for each in objects(rendered(helm, "-f", str(values))):
        assert each["metadata"]["labels"].keys() >= LABELS, each["kind"]
        assert each["metadata"]["namespace"] == "tools"
        assert len(each["metadata"]["name"]) <= 63
    assert pod_of(objects(rendered(helm, "-f", str(values))))["metadata"]["labels"].keys() >= LABELS


@each_variant
def test_what_selects_pods_selects_the_services_own_and_no_others(helm, values):
    """Service, budget, policy and Deployment match the Deployment's Pods; the Pod of `helm test`
    gets no requests.
    """
    found = objects(rendered(helm, "-f", str(values)))
    own = pod_of(found)["metadata"]["labels"]
    test = only(found, "Pod")["metadata"]["labels"]
    selectors = [
        selector.get("matchLabels", selector)
        for each in found
        for key, selector in each.get("spec", {}).items()
        if key in ("selector", "podSelector") and each["kind"] != "ServiceMonitor"
    ]
    assert len(selectors) >= 2
    for selector in selectors:
        assert selector.items() <= own.items()
        assert not selector.items() <= test.items()


@each_variant
def test_references_lead_to_what_is_there(helm, values):
    """Names of Services, ports, accounts, Secrets and ConfigMaps resolve within the release, but
    for those that the values name.
    """
    found = objects(rendered(helm, "-f", str(values)))
    pod = pod_of(found)["spec"]
    (container,) = pod["containers"]
    service = only(found, "Service")
    (port,) = service["spec"]["ports"]
    assert port["targetPort"] in {each["name"] for each in container["ports"]}
    assert {each["name"] for each in container["volumeMounts"]} == {
        each["name"] for each in pod["volumes"]
    }
    made = {(each["kind"], each["metadata"]["name"]) for each in found}
    text = values.read_text()
    for volume in pod["volumes"]:
        if "secret" in volume and "existingSecret:" not in text:
            assert ("Secret", volume["secret"]["secretName"]) in made
        if "configMap" in volume and "existingConfigMap:" not in text:
            assert ("ConfigMap", volume["configMap"]["name"]) in made
    if "serviceAccount:" not in text:
        assert ("ServiceAccount", pod["serviceAccountName"]) in made
    for each in found:
        if each["kind"] == "Ingress":
            backends = [
                path["backend"]["service"]
                for rule in each["spec"]["rules"]
                for path in rule["http"]["paths"]
            ]
            assert {(backend["name"], backend["port"]["name"]) for backend in backends} == {
                (service["metadata"]["name"], port["name"])
            }
        if each["kind"] == "HTTPRoute":
            backends = [
                backend for rule in each["spec"]["rules"] for backend in rule["backendRefs"]
            ]
            assert {(backend["name"], backend["port"]) for backend in backends} == {
                (service["metadata"]["name"], port["port"])
            }
        if each["kind"] == "ServiceMonitor":
            assert (
                each["spec"]["selector"]["matchLabels"].items()
                <= service["metadata"]["labels"].items()
            )
            assert [endpoint["port"] for endpoint in each["spec"]["endpoints"]] == [port["name"]]
        if each["kind"] == "HorizontalPodAutoscaler":
            assert (
                each["spec"]["scaleTargetRef"]["name"]
                == only(found, "Deployment")["metadata"]["name"]
            )
            assert [
                metric["containerResource"]["container"] for metric in each["spec"]["metrics"]
            ] == [container["name"]]
            assert "replicas" not in only(found, "Deployment")["spec"]


def test_metrics_and_probes_are_not_published(helm):
    """Neither an Ingress nor an HTTPRoute leads to them."""
    for name in ("ingress", "http-route"):
        text = rendered(helm, "-f", str(CHART / "ci" / f"{name}-values.yaml"))
        published = [each for each in objects(text) if each["kind"] in ("Ingress", "HTTPRoute")]
        assert "/v1" in json.dumps(published)
        for path in ("/metrics", "/healthz", "/readyz", '"/"'):
            assert path not in json.dumps(published)

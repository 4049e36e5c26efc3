"""Short manifests for the tests of classification and rules, and what is seen in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import dedent, indent

from service.classification.classify import classify
from service.classification.context import PodContext
from service.classification.knowledge import Catalogue, Entry, entry_from
from service.classification.knowledge.weights import load_weights
from service.classification.observation import Claim, Observation
from service.findings import Finding, Location
from service.kube.containers import Container
from service.kube.objects import LazyLocation
from service.options import Options
from service.reading import read_inputs
from service.rules.rule import RuleInput


def _entry(name: str, role: str, ports: tuple[int, ...] = (), **more: object) -> Entry:
    return entry_from(
        {"id": name, "images": [name], "role": role, "ports": ports, "source": "a test", **more},
        "a test",
    )


KNOWN_IMAGES = Catalogue(
    [
        _entry("mysql", "application", (3306, 33060), category="datastore"),
        _entry("rabbitmq", "application", (5672,), category="broker", metrics_ports=[15692]),
        _entry("redis", "either", (6379,), category="cache"),
        _entry("nginx", "either", (80, 443), category="web-server", pattern="proxy"),
        _entry("haproxy", "either", category="infrastructure", metrics_ports=[8404]),
        _entry("grafana", "application", (3000,), category="monitoring"),
        _entry("reaper", "either", (8080,), category="app-server", metrics_ports=[8081]),
        _entry("fluentd", "either", category="service", pattern="logging"),
        _entry("fluent-bit", "helper", (24224,), pattern="logging", metrics_ports=[2020]),
        _entry("mysqld-exporter", "helper", pattern="metrics", metrics_ports=[9104]),
        _entry("restic", "helper", pattern="backup"),
        _entry("istio-proxyv2", "helper", pattern="mesh"),
        _entry("kube-rbac-proxy", "helper", (8443,), pattern="proxy"),
        _entry("pause", "helper"),
        _entry("busybox", "tool"),
        _entry("python", "runtime"),
    ]
)
"""One image of each kind, so that tests don't hang on the catalogue that comes with Podsplit."""

Seen = tuple[str, Claim, str, str | None]
"""The case of an observation, its claim, its subject and the other container."""

_WORKLOAD = """\
apiVersion: {api_version}
kind: {kind}
metadata:
  name: {name}
  annotations: {annotations}
spec:
  selector: {{matchLabels: {{app: shop}}}}
  template:
    metadata:
      labels: {{app: shop}}
      annotations: {pod_annotations}
    spec:
{spec}"""
_POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  labels: {{app: shop}}
  annotations: {annotations}
spec:
{spec}"""
_SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {selector}, ports: {ports}}}
"""
_CRON_JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata: {{name: {name}}}
spec:
  jobTemplate:
    spec:
      template:
        spec:
{spec}"""


def workload(
    spec: str,
    *,
    kind: str = "Deployment",
    name: str = "shop",
    annotations: str = "{}",
    pod_annotations: str = "{}",
) -> str:
    """The text of a workload with a pod spec, whose Pods have the label `app: shop`.

    Args:
        spec: the pod spec, as YAML, indented as it likes.
        kind: a Pod, or a kind of the group `apps` or `batch`.
        name: its name.
        annotations: its own annotations, as YAML.
        pod_annotations: those of its pod template, as YAML; a Pod has none.
    """
    form, depth = _WORKLOAD, 6
    if kind == "Pod":
        form, depth = _POD, 2
    elif kind == "CronJob":
        form, depth = _CRON_JOB, 10
    return form.format(
        api_version="batch/v1" if kind == "Job" else "apps/v1",
        kind=kind,
        name=name,
        annotations=annotations,
        pod_annotations=pod_annotations,
        spec=indent(dedent(spec).strip("\n") + "\n", " " * depth),
    )


def service(name: str = "shop", ports: str = "[{port: 80}]", selector: str = "{app: shop}") -> str:
    """The text of a Service, which selects the Pods of `workload` unless told otherwise."""
    return _SERVICE.format(name=name, ports=ports, selector=selector)


def context_of(*texts: str, catalogue: Catalogue = KNOWN_IMAGES) -> PodContext:
    """The context of the first workload of some documents.

    Args:
        texts: the documents of the set.
        catalogue: the known images.
    """
    inputs = read_inputs([("set.yaml", "---\n".join(texts).encode())], Options())
    assert inputs.rejected == ()
    return PodContext(inputs.workloads[0], inputs.manifests, catalogue)


def container_of(context: PodContext, name: str) -> Container:
    """The container of a name, of whatever type."""
    return next(item for item in context.workload.containers if item.name == name)


def seen(observe: Callable[[PodContext], Iterator[Observation]], context: PodContext) -> list[Seen]:
    """What a signal sees, in its order."""
    return [
        (item.case, item.claim, item.subject.name, item.other.name if item.other else None)
        for item in observe(context)
    ]


def text_at(place: LazyLocation) -> str:
    """The text at a place in the input."""
    span = place.location().span
    return place.resource.document.source.text[span.start : span.end]


def rule_input(*texts: str, options: Options | None = None, path: str = "set.yaml") -> RuleInput:
    """What a rule is given on some documents, classified with `KNOWN_IMAGES`."""
    chosen = options or Options()
    inputs = read_inputs([(path, "---\n".join(texts).encode())], chosen)
    classifications = tuple(
        classify(PodContext(item, inputs.manifests, KNOWN_IMAGES), load_weights())
        for item in inputs.workloads
    )
    return RuleInput(inputs.manifests, inputs.documents, classifications, chosen)


def text_of(location: Location, run: RuleInput) -> str:
    """The text at a place of a run of one file."""
    return run.documents[0].source.text[location.span.start : location.span.end]


def line_of(location: Location, run: RuleInput) -> int:
    """The 1-based line of a place of a run of one file."""
    return run.documents[0].source.position(location.span.start)[0]


def workloads_found(findings: Iterator[Finding]) -> list[str]:
    """The workloads that findings are about, by kind and name."""
    return [finding.workload for finding in findings]

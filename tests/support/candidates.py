"""Candidates for tests of the actions, built from YAML; what is decided of them, and what they
become.

Fragments are entries of a flow mapping, as in `shop(front="env: [{name: A, value: b}]")`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from service.actions.context import Candidate, Names, Refused
from service.actions.split.decide import propose as propose_split
from service.actions.split.follow_up import Division
from service.actions.split.groups import divide_containers
from service.actions.split.labels import choose_labels
from service.actions.split.plan import SplitPlan
from service.actions.wrap.decide import propose as propose_wrap
from service.assumptions import Assumption, AssumptionCode
from service.change import Proposal, Step, TrafficFlow
from service.findings import Stage
from service.kube.objects import Resource
from service.kube.services import services_of
from service.options import Options
from service.reading import read_inputs
from service.refusals import Refusal
from service.text import SourceFile, apply_edits
from service.yamldoc.compose import Limits
from service.yamldoc.editing import compile_operations, emit_documents
from service.yamldoc.formatting import Formatting, formatting_of
from service.yamldoc.operations import Tree
from service.yamldoc.stream import Document, parse
from tests.support.planning import classified

# Texts


def shop(
    front: str = "",
    api: str = "",
    *,
    others: Iterable[str] = (),
    kind: str = "Deployment",
    metadata: str = "labels: {app: shop}",
    spec: str = "",
    template: str = "labels: {app: shop}",
    pod: str = "",
    roles: str = "front=main,api=unrelated",
    name: str = "shop",
) -> str:
    """A workload with the applications `front`, which stays, and `api`, which moves.

    Args:
        front: more entries of the container `front`; its port is 80 where they have no `ports`.
        api: the same for `api`, whose port is 3000.
        others: whole containers besides.
        kind: a kind of apps/v1, or CronJob, ReplicationController, Rollout, DeploymentConfig.
        metadata: more entries of the object's metadata.
        spec: more entries of the spec; a selector is written where the kind wants one.
        template: more entries of the template's metadata, `annotations` left out.
        pod: more entries of the pod spec.
        roles: the annotation that settles who is who.
        name: the object's name.
    """
    containers = ", ".join(
        f"{{{text}}}" for text in (_container("front", 80, front), _container("api", 3000, api))
    )
    containers = ", ".join([containers, *(f"{{{text}}}" for text in others)])
    template = (
        f"{{metadata: {{{template}, annotations: {{podsplit.dev/roles: '{roles}'}}}},"
        f" spec: {{containers: [{containers}], {pod}}}}}"
    )
    if kind == "CronJob":
        inside = f"schedule: '@daily', jobTemplate: {{spec: {{template: {template}}}}}"
    else:
        is_map = kind in ("ReplicationController", "DeploymentConfig")
        selector = "{app: shop}" if is_map else "{matchLabels: {app: shop}}"
        inside = f"template: {template}"
        if "selector:" not in spec:
            inside = f"selector: {selector}, {inside}"
    return (
        f"---\napiVersion: {_API_VERSIONS.get(kind, 'apps/v1')}\nkind: {kind}\n"
        f"metadata: {{name: {name}, {metadata}}}\nspec: {{{spec + ', ' if spec else ''}{inside}}}\n"
    )


_API_VERSIONS = {
    "CronJob": "batch/v1",
    "ReplicationController": "v1",
    "Rollout": "argoproj.io/v1alpha1",
    "DeploymentConfig": "apps.openshift.io/v1",
}


def _container(name: str, port: int, entries: str) -> str:
    image = "" if "image:" in entries else f"image: acme/{name}, "
    ports = "" if "ports:" in entries else f"ports: [{{containerPort: {port}}}], "
    return f"name: {name}, {image}{ports}{entries}"


def bare_pod(
    container: str = "",
    *,
    name: str = "web",
    metadata: str = "labels: {app: web}",
    pod: str = "",
    others: Iterable[str] = (),
) -> str:
    """A bare Pod with a container `web`.

    Args:
        container: more entries of the container.
        name: the Pod's name.
        metadata: more entries of its metadata.
        pod: more entries of its spec.
        others: whole containers besides.
    """
    image = "" if "image:" in container else "image: acme/web, "
    containers = ", ".join(
        [f"{{name: web, {image}{container}}}", *(f"{{{other}}}" for other in others)]
    )
    return (
        f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, {metadata}}}\n"
        f"spec: {{containers: [{containers}], {pod}}}\n"
    )


def service(
    name: str = "shop",
    ports: str = "{port: 80}",
    *,
    selector: str = "app: shop",
    spec: str = "",
    metadata: str = "",
) -> str:
    """A Service; `ports` and `selector` are what stands between the brackets."""
    listed = f"ports: [{ports}], " if ports else ""
    return (
        f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, {metadata}}}\n"
        f"spec: {{selector: {{{selector}}}, {listed}{spec}}}\n"
    )


def manifest(kind: str, name: str, content: str = "", *, metadata: str = "") -> str:
    """Another object.

    Args:
        kind: API version and kind, as in `v1 ConfigMap`.
        name: its name.
        content: more entries of the object, as in `spec: {...}`.
        metadata: more entries of its metadata.
    """
    api_version, _, kind = kind.rpartition(" ")
    entries = f"apiVersion: {api_version}, kind: {kind}"
    return f"---\n{{{entries}, metadata: {{name: {name}, {metadata}}}, {content}}}\n"


# Candidates


def candidate_of(
    texts: str | Mapping[str, str],
    kind_and_name: str | None = None,
    *,
    min_confidence: float = 0.8,
) -> Candidate:
    """A workload of a set.

    Args:
        texts: the set, as one text or as files by path.
        kind_and_name: which workload, as in `Deployment/shop`; None for the first one.
        min_confidence: in [0, 1].
    """
    files = {"0.yaml": texts} if isinstance(texts, str) else texts
    inputs = read_inputs([(path, text.encode()) for path, text in files.items()], Options())
    assert not inputs.rejected, inputs.rejected
    classification = next(
        known for known in classified(inputs) if kind_and_name in (None, known.workload.title)
    )
    return Candidate(classification, inputs.manifests, Names.of(inputs.manifests), min_confidence)


def resource_of(candidate: Candidate, kind_and_name: str) -> Resource:
    """An object of the candidate's set."""
    return next(
        resource for resource in candidate.manifests.resources if resource.title == kind_and_name
    )


def plan_of(candidate: Candidate) -> SplitPlan:
    """What is decided of a split before its consequences are worked out; hazards are not looked
    for.
    """
    controller = None
    if candidate.workload.bare:
        wrap = propose_wrap(candidate, ())
        assert isinstance(wrap, Proposal), wrap
        controller = wrap.controller
    resource, partition = candidate.resource, divide_containers(candidate)
    own = (resource.api_version, resource.kind)
    if controller is not None:
        own = (controller.api_version, controller.kind)
    new = own if own[1] in ("DaemonSet", "CronJob") else ("apps/v1", "Deployment")
    return SplitPlan(
        candidate=candidate,
        controller=controller,
        links=services_of(candidate.workload, candidate.manifests),
        partition=partition,
        labels=choose_labels(candidate, partition, controller, new[1]),
        kinds=(own, *(new for _ in partition.moved)),
    )


def division_of(
    candidate: Candidate,
    *,
    stage: Stage = Stage.SWITCH,
    keeps_state: bool = False,
    traffic: Iterable[TrafficFlow] = (),
) -> Division:
    """A split as other objects see it.

    Args:
        candidate: the workload.
        stage: from which stage on the moved groups have their Pods.
        keeps_state: whether the moved groups keep state.
        traffic: what was localhost.
    """
    plan = plan_of(candidate)
    moved = plan.partition.moved
    return Division(
        plan=plan,
        stages=(Stage.EXPAND, *(stage for _ in moved)),
        keeps_state=(False, *(keeps_state for _ in moved)),
        traffic=frozenset(traffic),
    )


def split_of(candidate: Candidate) -> Proposal:
    """The split of a workload; a bare Pod is wrapped first."""
    wrap = propose_wrap(candidate, ()) if candidate.workload.bare else None
    outcome = propose_split(candidate, (wrap,) if isinstance(wrap, Proposal) else ())
    assert isinstance(outcome, Proposal), outcome
    return outcome


# Outcomes


def refusal_of(act: Callable[[], object]) -> Refusal | None:
    """With what an act is refused; None where it is not."""
    try:
        act()
    except Refused as refused:
        return refused.declined.refusal
    return None


def codes_of(assumptions: Iterable[Assumption]) -> list[AssumptionCode]:
    """The codes of assumptions, in their order."""
    return [assumption.code for assumption in assumptions]


def written(tree: Tree) -> dict[str, Any]:
    """A tree as it reads once it is text."""
    return _data(emit_documents([tree], Formatting())[0], 0)


def data_after(
    resource: Resource, steps: Iterable[Step], stage: Stage = Stage.CONTRACT
) -> dict[str, Any]:
    """An object as it reads after the steps on it up to a stage."""
    document = resource.document
    operations = [step.operation for step in steps if step.resource is resource]
    edits = compile_operations(document, operations, formatting_of([document]))
    text = apply_edits(document.source.text, edits, int(stage))
    return _data(text, document.index, *resource.route)


def _data(text: str, index: int, *route: str | int) -> dict[str, Any]:
    """What stands at a route of a document, which must have no key twice."""
    document = list(parse(SourceFile("after.yaml", text), Limits()))[index]
    assert isinstance(document, Document), document
    assert not document.duplicates, text
    data = document.read(route)
    assert isinstance(data, dict), text
    return data

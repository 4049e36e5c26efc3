"""Wrap a bare Pod.

Looks for: Pods without a controller that should have one (see the rule `bare-pod`).

Matters because: nobody makes a bare Pod again when its node dies, and every change means deleting
it first.

Example:
    apiVersion: v1
    kind: Pod
    metadata:
      name: web
    spec:
      containers:
        - name: web
          image: shop/web:2

Comes out: the same text as the template of a Deployment; of a Job where the Pod ends by itself; of
a StatefulSet for a database with a claim of its own. The name stays; the selector is the smallest
stable part of the labels. Copies of one Pod become one Deployment with replicas; numbered ones with
claims of their own a StatefulSet, those on nodes of their own a DaemonSet (see `copies`).
"""

from __future__ import annotations

from posixpath import normpath

from service.actions.cleaning import cleaning, is_machine_written
from service.actions.controllers import Wrapping
from service.actions.proposing import Proposal, Situation, Step
from service.findings import Stage
from service.kube.kustomize import KINDS
from service.kube.objects import items
from service.yamldoc.operations import (
    HOLE,
    AddEntry,
    Nest,
    Operation,
    Remove,
    SetValue,
    Tree,
    Verbatim,
)

_OBJECT_ANNOTATIONS = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "argocd.argoproj.io/",
    "fluxcd.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.sh/",
    "meta.helm.sh/",
    "config.kubernetes.io/",
    "config.k8s.io/",
    "internal.config.kubernetes.io/",
    "kustomize.config.k8s.io/",
    "podsplit.dev/ignore",
    "reloader.stakater.com/",
    "keel.sh/",
    "kubed.appscode.com/",
    "app.kubernetes.io/",
    "description",
    "note",
)
"""What tools and people read on the object itself; all else is read on the Pod."""


def is_for_pods(annotation: str) -> bool:
    """Whether an annotation is read on the Pod, rather than on the object that people and tools
    apply.
    """
    return not annotation.startswith(_OBJECT_ANNOTATIONS)


def operations(
    situation: Situation, wrapping: Wrapping, shared_labels: dict[str, str]
) -> list[Operation]:
    """The operations that put a Pod's text into its controller.

    Args:
        situation: the Pod.
        wrapping: what was decided.
        shared_labels: labels that the template gets for Services (see `split`).
    """
    resource = situation.resource
    at = situation.absolute
    stage = int(Stage.EXPAND)
    result: list[Operation] = [
        SetValue(at("apiVersion"), wrapping.api_version, stage),
        SetValue(at("kind"), wrapping.kind, stage),
    ]
    if wrapping.name not in (None, resource.name):
        result.append(SetValue(at("metadata", "name"), wrapping.name, stage))
    result += [*cleaning(situation), *wrapping.inside]
    metadata: dict[str, Tree] = {}
    result += _annotated(situation, metadata)
    added = {**wrapping.labels, **shared_labels}
    if resource.labels:
        extra = tuple(
            AddEntry(at("metadata", "labels"), key, value) for key, value in added.items()
        )
        metadata["labels"] = Verbatim(resource.document, at("metadata", "labels"), extra)
    elif added:
        metadata["labels"] = added
    if wrapping.labels:
        result += _labelled(situation, wrapping.labels)
    template: dict[str, Tree] = {"metadata": metadata} if metadata else {}
    result.append(
        Nest(at("spec"), {**wrapping.fields, "template": {**template, "spec": HOLE}}, stage)
    )
    if wrapping.restart_policy:
        result.append(SetValue(at("spec", "restartPolicy"), wrapping.restart_policy, stage))
    return result


def _annotated(situation: Situation, metadata: dict[str, Tree]) -> list[Operation]:
    """Take the annotations of the Pods into the template's metadata, and away from the object."""
    resource, stage = situation.resource, int(Stage.EXPAND)
    route = situation.absolute("metadata", "annotations")
    gone = [key for key in resource.annotations if is_machine_written(resource, key)]
    moved = [key for key in resource.annotations if key not in gone and is_for_pods(key)]
    if moved and len(moved) == len(resource.annotations):
        metadata["annotations"] = Verbatim(resource.document, route)
    elif moved:
        metadata["annotations"] = {key: Verbatim(resource.document, (*route, key)) for key in moved}
    if resource.annotations and len(gone) + len(moved) == len(resource.annotations):
        return [Remove(route, stage)]
    return [Remove((*route, key), stage) for key in (*gone, *moved)]


def _labelled(situation: Situation, labels: dict[str, str]) -> list[Operation]:
    at, stage = situation.absolute, int(Stage.EXPAND)
    if (
        situation.resource.metadata.get("labels") is not None
        or "labels" in situation.resource.metadata
    ):
        return [
            AddEntry(at("metadata", "labels"), key, value, stage) for key, value in labels.items()
        ]
    behind = "namespace" if "namespace" in situation.resource.metadata else "name"
    return [AddEntry(at("metadata"), "labels", labels, stage, after=behind)]


def propose(situation: Situation, wrapping: Wrapping, shared_labels: dict[str, str]) -> Proposal:
    """The change that wraps a Pod."""
    resource = situation.resource
    names = [resource.name, *(each.name for each in wrapping.copies)]
    title = f"give the bare Pod {resource.name} a {wrapping.kind}"
    if wrapping.copies:
        title = (
            f"give the bare Pods {', '.join(names[:5])}{', ...' if len(names) > 5 else ''} one"
            f" {wrapping.kind}"
        )
    steps = tuple(
        Step(resource, operation) for operation in operations(situation, wrapping, shared_labels)
    )
    return Proposal(
        "wrap",
        situation.workload,
        title,
        wrapping.applicability,
        wrapping.assumptions,
        (*steps, *_unlisted(situation, wrapping)),
        becomes=(wrapping.kind, wrapping.name or resource.name),
        copies=wrapping.copies,
    )


def _unlisted(situation: Situation, wrapping: Wrapping) -> list[Step]:
    """Kustomizations don't list files any more in which there was nothing but copies."""
    removed = {id(each.resource) for each in wrapping.copies}
    kept = (
        {each.path for each in situation.manifests.resources if id(each) not in removed}
        if removed
        else set()
    )
    gone = {each.resource.path for each in wrapping.copies} - kept
    return [
        Step(kustomization, Remove((*kustomization.route, field, index), int(Stage.EXPAND)))
        for kustomization in (situation.manifests.of_kind(*KINDS) if gone else ())
        for field in ("resources", "bases")
        for index, entry in enumerate(items(kustomization.data.get(field)))
        if normpath(f"{kustomization.folder}/{entry}") in gone
    ]

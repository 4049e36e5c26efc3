"""Who reads an annotation: tools and people on the object, or somebody on its Pods."""

from __future__ import annotations

from collections.abc import Collection

from service.actions.context import Candidate
from service.findings import Stage
from service.kube.container_engines import is_engine_annotation
from service.kube.splits import AFTER_SPLIT, SpecFields, after_split_mark
from service.kube.workloads import Workload
from service.yamldoc.operations import AddEntry, Operation

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


def note_spec_after_split(
    candidate: Candidate, kept: Collection[str], fields: SpecFields, start: Stage, end: Stage
) -> Operation:
    """Say in the texts of some stages what the last one makes of a workload's spec: planned anew
    from them, it would stay as it is there.

    Args:
        candidate: the workload.
        kept: the annotations that its object has in those stages.
        fields: what the last stage makes of the spec.
        start: the first stage that says so.
        end: the first one that doesn't any more.
    """
    value, stage, until = after_split_mark(fields), int(start), int(end)
    annotations = candidate.resource.annotations
    is_there = "annotations" in candidate.resource.metadata and bool(kept) == bool(annotations)
    if is_there:
        route = candidate.route_to("metadata", "annotations")
        return AddEntry(route, AFTER_SPLIT, value, stage, until=until)
    route = candidate.route_to("metadata")
    return AddEntry(route, "annotations", {AFTER_SPLIT: value}, stage, until=until)


def is_for_pods(annotation: str) -> bool:
    """Whether an annotation is read on the Pod, rather than on the object that people and tools
    apply.
    """
    return not annotation.startswith(_OBJECT_ANNOTATIONS)


def is_excluded_from_new_pods(workload: Workload, key: str, value: str) -> bool:
    """Whether an annotation of a workload's Pods isn't for those of a moved group: it names a
    container or port, or is machine-written.
    """
    names = {container.name for container in workload.containers}
    is_of_port = key.startswith("prometheus.io/") and "prometheus.io/port" in workload.annotations
    is_of_container = value in names or key.rpartition("/")[2] in names
    is_own_note = key.startswith(("podsplit.dev/", "kubectl.kubernetes.io/"))
    return is_of_container or is_of_port or is_own_note or is_engine_annotation(key)

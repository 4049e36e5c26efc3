"""Who reads an annotation: tools and people on the object, or somebody on its Pods."""

from __future__ import annotations

from service.kube.container_engines import is_engine_annotation
from service.kube.workloads import Workload

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


def is_excluded_from_new_pods(workload: Workload, key: str, value: str) -> bool:
    """Whether an annotation of a workload's Pods isn't for those of a moved group: it names a
    container or port, or is machine-written.
    """
    names = {container.name for container in workload.containers}
    is_of_port = key.startswith("prometheus.io/") and "prometheus.io/port" in workload.annotations
    is_of_container = value in names or key.rpartition("/")[2] in names
    is_own_note = key.startswith(("podsplit.dev/", "kubectl.kubernetes.io/"))
    return is_of_container or is_of_port or is_own_note or is_engine_annotation(key)

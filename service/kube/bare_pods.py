"""Pods that have no controller for a reason."""

from __future__ import annotations

import re

from service.kube.objects import as_list
from service.kube.workloads import Workload
from service.refusals import Refusal

_HOOKS = ("helm.sh/hook", "argocd.argoproj.io/hook")
_STATIC_COMPONENTS = re.compile(
    r"^(?:kube-(?:apiserver|controller-manager|scheduler|proxy)|etcd)(?:-|$)"
)


def reason_to_stay_bare(workload: Workload) -> tuple[Refusal, str] | None:
    """Why a Pod is not given a controller, with a sentence; None if it should have one."""
    resource = workload.resource
    annotations = resource.annotations
    if as_list(resource.metadata.get("ownerReferences")):
        message = "it has an owner already: change the template that its owner makes it from"
        return Refusal.OWNED, message
    if "kubernetes.io/config.mirror" in annotations or "kubernetes.io/config.source" in annotations:
        message = "it is the mirror of a static Pod: change the file on the node"
        return Refusal.STATIC_POD, message
    if _is_in_kubelet_folder(resource.path):
        message = (
            "it lies in a folder from which a kubelet starts static Pods: those have no controller"
        )
        return Refusal.STATIC_POD, message
    if _is_control_plane(workload):
        message = "it is a component of the control plane, which kubelets start as static Pods"
        return Refusal.STATIC_POD, message
    for hook in _HOOKS:
        if hook in annotations:
            message = (
                f"it is a hook ({hook}), which its tool starts and waits for: make it a Job if it"
                " should be tried again"
            )
            return Refusal.HOOK, message
    if resource.name.endswith("*"):
        message = (
            "it has only a generateName, so each create makes another one: no controller could"
            " keep that"
        )
        return Refusal.GENERATE_NAME, message
    return None


def _is_in_kubelet_folder(path: str) -> bool:
    """Whether a path has a folder `manifests` somewhere below a folder `kubernetes`."""
    folders = path.split("/")
    return (
        "kubernetes" in folders
        and "manifests" in folders
        and folders.index("manifests") > folders.index("kubernetes")
    )


def _is_control_plane(workload: Workload) -> bool:
    resource = workload.resource
    return (
        workload.pod.get("hostNetwork") is True
        and _STATIC_COMPONENTS.match(resource.name) is not None
        and resource.namespace == "kube-system"
    )

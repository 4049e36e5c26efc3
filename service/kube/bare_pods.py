"""Pods that have no controller for a reason."""

from __future__ import annotations

import re

from service.kube.objects import as_list
from service.kube.workloads import Workload

_HOOKS = ("helm.sh/hook", "argocd.argoproj.io/hook")
_STATIC_COMPONENTS = re.compile(
    r"^(?:kube-(?:apiserver|controller-manager|scheduler|proxy)|etcd)(?:-|$)"
)


def reason_to_stay_bare(workload: Workload) -> tuple[str, str] | None:
    """Why a Pod is not given a controller: a reason code and a sentence; None if it should have
    one.
    """
    resource = workload.resource
    annotations = resource.annotations
    if as_list(resource.metadata.get("ownerReferences")):
        return "owned", "it has an owner already: change the template that its owner makes it from"
    if "kubernetes.io/config.mirror" in annotations or "kubernetes.io/config.source" in annotations:
        return "static-pod", "it is the mirror of a static Pod: change the file on the node"
    parts = resource.path.split("/")
    if (
        "kubernetes" in parts
        and "manifests" in parts
        and parts.index("manifests") > parts.index("kubernetes")
    ):
        return (
            "static-pod",
            "it lies in a folder from which a kubelet starts static Pods: those have no controller",
        )
    if (
        workload.pod.get("hostNetwork") is True
        and _STATIC_COMPONENTS.match(resource.name)
        and resource.namespace == "kube-system"
    ):
        return (
            "static-pod",
            "it is a component of the control plane, which kubelets start as static Pods",
        )
    for hook in _HOOKS:
        if hook in annotations:
            return (
                "hook",
                (
                    f"it is a hook ({hook}), which its tool starts and waits for: make it a Job if"
                    " it should be tried again"
                ),
            )
    if resource.name.endswith("*"):
        return (
            "generate-name",
            (
                "it has only a generateName, so each create makes another one: no controller could"
                " keep that"
            ),
        )
    return None

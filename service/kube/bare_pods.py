"""Pods that have no controller for a reason."""

from __future__ import annotations

from service.kube.objects import as_list, as_mapping, as_text
from service.kube.workloads import Workload
from service.refusals import Refusal

_HOOKS = ("helm.sh/hook", "argocd.argoproj.io/hook")
_KUBELET_FILES = "/etc/kubernetes"
"""Where kubeadm keeps what the control plane's static Pods use."""


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
    if not resource.name:
        return Refusal.NO_NAME, "it has no name: a tool gives it one, or it is a part of something"
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
    """Whether a Pod is one that kubelets of the control plane start from files, as kubeadm writes
    them: by its label, the files that it mounts, or the host's network in kube-system.
    """
    volumes = (as_mapping(volume.get("hostPath")) for volume in workload.volumes_by_name.values())
    paths = [as_text(path.get("path")) for path in volumes]
    is_on_host = workload.pod.get("hostNetwork") is True
    return (
        workload.labels.get("tier") == "control-plane"
        or any(path == _KUBELET_FILES or path.startswith(f"{_KUBELET_FILES}/") for path in paths)
        or (is_on_host and workload.resource.namespace == "kube-system")
    )


def is_fragment(workload: Workload) -> bool:
    """Whether a workload is a patch or a part of something: a container of it has no image, which
    no API server accepts.
    """
    return any(not container.image for container in workload.containers)

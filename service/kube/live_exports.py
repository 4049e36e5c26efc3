"""What tells a live export (`kubectl get -o yaml`) from a manifest that somebody wrote.

Facts: the API conventions (metadata, status), and the documentation of the admission and network
plugins named below.
"""

from __future__ import annotations

from service.kube.objects import Resource

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_NODES_OWN = (
    "cni.projectcalico.org/",
    "k8s.v1.cni.cncf.io/network-status",
    "k8s.v1.cni.cncf.io/networks-status",
    "k8s.ovn.org/",
    "kubernetes.io/limit-ranger",
    "kubernetes.io/psp",
    "openshift.io/scc",
    "kubernetes.io/config.",
    "container.seccomp.security.alpha.kubernetes.io/",
)
"""Annotations that admission and network plugins write on the Pods that run."""


def is_live(resource: Resource) -> bool:
    """Whether an object comes from a cluster rather than from somebody's hand."""
    return "status" in resource.data or "uid" in resource.metadata


def is_machine_written(resource: Resource, annotation: str) -> bool:
    """Whether an annotation is of the Pod that ran, and not of what somebody wrote."""
    return annotation == _LAST_APPLIED or (is_live(resource) and annotation.startswith(_NODES_OWN))


def is_token(volume: str) -> bool:
    """Whether a volume is the service account's token, which the API server adds to every Pod."""
    return volume.startswith("kube-api-access-")

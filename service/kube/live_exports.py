"""Tells live exports (`kubectl get -o yaml`) from manifests that somebody wrote.

Facts: the API conventions (metadata, status), and the documentation of the admission and network
plugins named below.
"""

from __future__ import annotations

from service.kube.objects import Resource

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which `kubectl apply` keeps what somebody wrote."""
SERVER_FIELDS = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "selfLink",
    "managedFields",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
"""Fields of `metadata` that only the API server writes."""
_PLUGIN_PREFIXES = (
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
"""Prefixes of annotations that admission and network plugins write on running Pods."""


def is_live(resource: Resource) -> bool:
    """Whether an object was exported from a cluster: it has a status or a uid."""
    return "status" in resource.data or "uid" in resource.metadata


def is_machine_written(resource: Resource, annotation: str) -> bool:
    """Whether kubectl or the cluster wrote an annotation of an object, rather than a person."""
    return annotation == LAST_APPLIED or (
        is_live(resource) and annotation.startswith(_PLUGIN_PREFIXES)
    )


def is_token(volume: str) -> bool:
    """Whether a volume, by its name, holds the service account's token, which the API server adds
    to every Pod.
    """
    return volume.startswith("kube-api-access-")

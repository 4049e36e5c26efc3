"""Tells live exports (`kubectl get -o yaml`) from manifests that somebody wrote.

Facts: the API conventions (metadata, status), and the documentation of the admission and network
plugins named below.
"""

from __future__ import annotations

from service.kube.objects import Resource

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which `kubectl apply` keeps what somebody wrote."""
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


def is_made_by_podman(resource: Resource) -> bool:
    """Whether `podman kube generate` wrote an object: by its header or its annotations
    (podman-kube-generate(1)).
    """
    if any(key.startswith("io.podman.annotations.") for key in resource.annotations):
        return True
    head = resource.document.text[:_HEADER]
    return any(line.startswith("#") and "podman" in line.lower() for line in head.splitlines())


_HEADER = 1000
"""Characters in which podman says that it made a file."""


def is_bookkeeping(annotation: str) -> bool:
    """Whether an annotation is a container engine's own note, which means nothing to Kubernetes."""
    return annotation.startswith(("io.podman.annotations.", "io.kubernetes.cri-o.", "io.buildah."))

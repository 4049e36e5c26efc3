"""Tells what container engines wrote: `podman kube generate`, and engines' own annotations."""

from __future__ import annotations

from service.kube.objects import Resource

_PODMAN_HEADER_LENGTH = 1000
"""Characters in which podman says that it made a file."""
_PODMAN_PREFIX = "io.podman.annotations."


def is_made_by_podman(resource: Resource) -> bool:
    """Whether `podman kube generate` wrote an object: by its header or its annotations
    (podman-kube-generate(1)).
    """
    if any(key.startswith(_PODMAN_PREFIX) for key in resource.annotations):
        return True
    head = resource.document.text[:_PODMAN_HEADER_LENGTH]
    return any(line.startswith("#") and "podman" in line.lower() for line in head.splitlines())


def is_engine_annotation(key: str) -> bool:
    """Whether an annotation is a container engine's own note, which means nothing to Kubernetes."""
    return key.startswith((_PODMAN_PREFIX, "io.kubernetes.cri-o.", "io.buildah."))

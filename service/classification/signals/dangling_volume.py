"""Dangling volume.

Looks for: a data volume of the Pod (an emptyDir) that a single container mounts, where that
container is a helper that has nothing to read unless another one writes.

Matters because: a log shipper that mounts `shared-logs` was meant for a neighbour that writes
there. That the neighbour doesn't mount it is a mistake in the manifest, not a sign that the two
have nothing in common.

Example:
    containers:
      - name: web
        image: myapp:1.0
      - name: log-shipper
        image: fluentd:latest
        volumeMounts: [{name: shared-logs, mountPath: /var/log/app}]
    volumes:
      - name: shared-logs
        emptyDir: {}

Comes out: a little evidence for a sidecar, and the finding `dangling-shared-volume`.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.knowledge import ImageRole
from service.classification.name_words import words_of
from service.classification.observation import Claim, Observation
from service.findings import Pattern
from service.kube.containers import Container, Mount
from service.kube.objects import LazyLocation, as_mapping

_SHARED_WORDS = frozenset({"shared", "common", "share"})
"""Words in the name of a volume that is meant for several containers."""
_READING_PATTERNS = frozenset({Pattern.LOGGING, Pattern.BACKUP, Pattern.METRICS})
"""Patterns of helpers that read what others write."""


def dangling_mounts(context: PodContext) -> Iterator[tuple[Container, Mount]]:
    """Yields each mount of an emptyDir that was meant to be shared and that no other container
    mounts, with its container.
    """
    if len(context.classified_containers) < 2:
        return
    for container in context.classified_containers:
        for mount in container.mounts:
            if (
                "emptyDir" in as_mapping(context.workload.volumes_by_name.get(mount.volume))
                and context.mounting[mount.volume] < 2
                and _is_meant_to_be_shared(context, container, mount)
            ):
                yield container, mount


def _is_meant_to_be_shared(context: PodContext, container: Container, mount: Mount) -> bool:
    """Whether a volume is called shared and no server mounts it, or a helper reads logs there."""
    entry = context.catalogue_entry(container)
    if _SHARED_WORDS & set(words_of(mount.volume)) and not (entry and entry.stands_alone):
        return True
    return (
        entry is not None
        and entry.role is ImageRole.HELPER
        and entry.pattern in _READING_PATTERNS
        and ("log" in mount.path or "log" in mount.volume)
    )


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields HELPER for each container that mounts a volume which was meant to be shared and isn't,
    once for each such mount.
    """
    for container, mount in dangling_mounts(context):
        yield Observation(
            case="dangling-volume.meant",
            claim=Claim.HELPER,
            subject=container,
            message=f"mounts {mount.volume!r}, which by name or use was meant to be shared, and"
            " nobody else does",
            place=LazyLocation(context.workload.resource, mount.route),
        )

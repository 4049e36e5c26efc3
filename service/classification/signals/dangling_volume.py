"""Dangling volume.

Looks for: a data volume of the Pod (an emptyDir) that a single container mounts, where that
container is a helper that has nothing to read unless another one writes.

Matters because: a log shipper that mounts `shared-logs` was meant for a neighbour that writes
there; that the neighbour doesn't mount it is a mistake in the manifest, not a sign that the two are
strangers.

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
from service.classification.observation import Claim, Observation
from service.classification.signals.container_name import words_of
from service.findings import Pattern
from service.kube.containers import Container, Mount
from service.kube.objects import LazyLocation, as_mapping

_SHARED = frozenset({"shared", "common", "share"})
_READERS = frozenset({Pattern.LOGGING, Pattern.BACKUP, Pattern.METRICS})


def dangling(context: PodContext) -> Iterator[tuple[Container, Mount]]:
    """Helpers that mount an emptyDir which nobody else mounts, with the mount."""
    workload = context.workload
    if len(context.classified_containers) < 2:
        return
    for container in context.classified_containers:
        entry = context.catalogue_entry(container)
        reads = entry is not None and entry.role is ImageRole.HELPER and entry.pattern in _READERS
        for mount in container.mounts:
            shared = bool(_SHARED & set(words_of(mount.volume)))
            alone = not any(
                each.volume == mount.volume
                for other in workload.containers
                if other is not container
                for each in other.mounts
            )
            logs = reads and ("log" in mount.path or "log" in mount.volume)
            if (
                alone
                and "emptyDir" in as_mapping(workload.volumes.get(mount.volume))
                and (logs or (shared and not (entry and entry.stands_alone)))
            ):
                yield container, mount


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    for container, mount in dangling(context):
        message = (
            f"mounts {mount.volume!r}, which by name or use was meant to be shared, and nobody else"
            " does"
        )
        yield Observation(
            "dangling-volume.meant",
            Claim.HELPER,
            container,
            message,
            LazyLocation(context.workload.resource, mount.route),
        )

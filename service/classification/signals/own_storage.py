"""Own storage.

Looks for: a claim (or a host path made for data) that only this container mounts, and writes to.

Matters because: what keeps data of its own is a service of its own.

Example:
    containers:
      - name: api
        image: shop/api:2
      - name: db
        image: shop/db:2
        volumeMounts: [{name: data, mountPath: /var/lib/data}]
    volumes:
      - name: data
        persistentVolumeClaim: {claimName: db}

Comes out: the container is an application.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.knowledge import ImageRole
from service.classification.observation import Claim, Observation
from service.kube.containers import Container, Mount
from service.kube.objects import LazyLocation, as_mapping


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields APPLICATION for each container that writes to a claim which it alone mounts, with the
    first of them; known helpers and tools aside.
    """
    for container in context.classified_containers:
        if context.image_role(container) in (ImageRole.HELPER, ImageRole.TOOL):
            continue
        mount = next(
            (mount for mount in container.mounts if _is_own_claim(context, container, mount)), None
        )
        if mount is not None:
            yield Observation(
                case="own-storage.claim",
                claim=Claim.APPLICATION,
                subject=container,
                message=f"the claim behind its volume {mount.volume!r} is its own",
                place=LazyLocation(context.workload.resource, mount.route),
            )


def _is_own_claim(context: PodContext, container: Container, mount: Mount) -> bool:
    """Whether a container may write to a claim by a mount, and no other container mounts it."""
    volume = as_mapping(context.workload.volumes_by_name.get(mount.volume))
    return (
        not mount.read_only
        and ("persistentVolumeClaim" in volume or "volumeClaimTemplate" in volume)
        and not any(
            other_mount.volume == mount.volume
            for other in context.classified_containers
            if other is not container
            for other_mount in other.mounts
        )
    )

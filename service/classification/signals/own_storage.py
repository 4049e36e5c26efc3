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
from service.kube.objects import LazyLocation, as_mapping


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    workload = context.workload
    for container in context.classified_containers:
        if context.image_role(container) in (ImageRole.HELPER, ImageRole.TOOL):
            continue
        for mount in container.mounts:
            volume = as_mapping(workload.volumes.get(mount.volume))
            if mount.read_only or not (
                "persistentVolumeClaim" in volume or "volumeClaimTemplate" in volume
            ):
                continue
            if not any(
                each.volume == mount.volume
                for other in context.classified_containers
                if other is not container
                for each in other.mounts
            ):
                message = f"the claim behind its volume {mount.volume!r} is its own"
                yield Observation(
                    "own-storage.claim",
                    Claim.APPLICATION,
                    container,
                    message,
                    LazyLocation(workload.resource, mount.route),
                )
                break

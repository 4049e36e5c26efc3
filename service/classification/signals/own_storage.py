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
from service.classification.observation import Observation, Says
from service.kube.objects import Place, mapping


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    workload = context.workload
    for container in context.members:
        if context.role(container) in (ImageRole.HELPER, ImageRole.TOOL):
            continue
        for mount in container.mounts:
            volume = mapping(workload.volumes.get(mount.volume))
            if mount.read_only or not (
                "persistentVolumeClaim" in volume or "volumeClaimTemplate" in volume
            ):
                continue
            if not any(
                each.volume == mount.volume
                for other in context.members
                if other is not container
                for each in other.mounts
            ):
                message = f"the claim behind its volume {mount.volume!r} is its own"
                yield Observation(
                    "own-storage.claim",
                    Says.APPLICATION,
                    container,
                    message,
                    Place(workload.resource, mount.route),
                )
                break

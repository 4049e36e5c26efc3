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
from service.kube.objects import LazyLocation


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields APPLICATION for each container that writes to a claim which it alone mounts, with the
    first of them; known helpers and tools aside.
    """
    for container in context.classified_containers:
        if context.image_role(container) in (ImageRole.HELPER, ImageRole.TOOL):
            continue
        mount = context.own_claim(container)
        if mount is not None:
            yield Observation(
                case="own-storage.claim",
                claim=Claim.APPLICATION,
                subject=container,
                message=f"what is behind its volume {mount.volume!r} is its own",
                place=LazyLocation(context.workload.resource, mount.route),
            )

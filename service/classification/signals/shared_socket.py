"""Shared socket.

Looks for: the path of a unix socket, in the command, args, environment, probes or hooks of one of
two containers, that lies on a volume which both mount.

Matters because: a unix socket doesn't leave the node, so its two ends can't be apart.

Example:
    containers:
      - name: php
        args: ["--listen=/run/php/fpm.sock"]
        volumeMounts: [{name: run, mountPath: /run/php}]
      - name: nginx
        env: [{name: BACKEND, value: "unix:/run/php/fpm.sock"}]
        volumeMounts: [{name: run, mountPath: /run/php}]

Comes out: the two belong together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.kube.containers import Container, Word
from service.kube.objects import LazyLocation

# A socket's path has 107 characters at most (unix(7)); without a bound a long path is read again
# from each of its slashes.
_SOCKET = re.compile(r"(?:unix:(?://)?)?(/[\w./-]{1,100}\.(?:sock|socket))\b")


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields TOGETHER for each two containers of which one is told of a unix socket on a volume
    that both mount; once, whichever of the two is told.
    """
    seen: set[tuple[Container, Container]] = set()
    for one, other in permutations(context.classified_containers, 2):
        if (other, one) in seen:
            continue
        told = _told_of_socket(one, other)
        if told is not None:
            seen.add((one, other))
            word, volume = told
            yield Observation(
                case="shared-socket.path",
                claim=Claim.TOGETHER,
                subject=one,
                message=f"is told of a unix socket on the volume {volume!r}, which {other.name}"
                " mounts too",
                place=LazyLocation(context.workload.resource, word.route),
                other=other,
            )


def _told_of_socket(one: Container, other: Container) -> tuple[Word, str] | None:
    """The first word by which a container is told of a socket on a volume that another one mounts
    too, and that volume; None without one.
    """
    other_volumes = {mount.volume for mount in other.mounts}
    shared = {
        mount.path.rstrip("/"): mount.volume
        for mount in one.mounts
        if mount.volume in other_volumes
    }
    for word in one.words:
        socket = _SOCKET.search(word.text) if ".sock" in word.text else None
        for folder, volume in shared.items():
            if socket is not None and socket[1].startswith(f"{folder}/"):
                return word, volume
    return None

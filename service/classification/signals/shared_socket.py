"""Shared socket.

Looks for: the path of a unix socket, in both containers' words or in one's, that lies on a volume
which both mount.

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
from service.kube.objects import LazyLocation

# A socket's path has 107 characters at most (unix(7)); without a bound a long path is read again
# from each of its slashes.
_SOCKET = re.compile(r"(?:unix:(?://)?)?(/[\w./-]{1,100}\.(?:sock|socket))\b")


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    seen: set[tuple[int, int]] = set()
    for one, other in permutations(context.classified_containers, 2):
        if (other.index, one.index) in seen:
            continue
        volumes = {mount.volume for mount in other.mounts}
        paths = {
            mount.path.rstrip("/"): mount.volume for mount in one.mounts if mount.volume in volumes
        }
        for word in one.words:
            match = _SOCKET.search(word.text) if ".sock" in word.text else None
            folder = next(
                (path for path in paths if match and match[1].startswith(path + "/")), None
            )
            if folder is not None:
                seen.add((one.index, other.index))
                message = (
                    f"is told of a unix socket on the volume {paths[folder]!r}, which {other.name}"
                    " mounts too"
                )
                yield Observation(
                    "shared-socket.path",
                    Claim.TOGETHER,
                    one,
                    message,
                    LazyLocation(context.workload.resource, word.route),
                    about=other,
                )
                break

"""Checks of what a container leaves behind when it moves: whoever it called on its own Pod's
address, in whatever spelling, and the node that its data is on.

Unlike `check_addresses` they look at every word that a container is given, probes and hooks
included, with a looser eye: a host and a port that stand apart are an address as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.support.checks.lookup import container_in, identities
from tests.support.checks.texts import texts
from tests.support.cluster import Cluster
from tests.support.pods import Container, Pods

_OWN_POD = re.compile(
    r"(?<![\w.-])(?:localhost(?:\.localdomain)?\.?|ip6-localhost|ip6-loopback|127(?:\.\d+){1,3}|\[?::1\]?)(?![\w-])"
    r"(?P<port>(?::|%3A|[\s=\"',/]+)(?:-*[a-z_-]*port[\s=\"':]*)?(?P<number>\d{2,5}))?(?!\d)",
    re.IGNORECASE,
)
"""An address of the own Pod, with the port that it is called at where one stands beside it."""
_READ_BY_OTHERS = re.compile(
    r"(?i)react_app|next_public|nuxt_public|vite|vue_app|gatsby|expo_public|public|origin|cors|csrf"
    r"|redirect|callback|external|no_?proxy|allowed|trusted|hosts?_allow|issuer|browser|root_?url"
    r"|site_?url|base_?url|frontend|listen|bind|advertise|domain|server_?name|virtual_?host|cert|san"
)
"""Words of settings that somebody else reads, or that say where one listens."""


def check_loopbacks(before: Cluster, after: Cluster) -> Iterator[str]:
    """No container is told of its own Pod's address, and a port there, where the container that
    listened on it is elsewhere now.
    """
    for identity in identities(before):
        for pods in after.pods_with(identity):
            origin = before.origin_of(pods, identity)
            container = container_in(pods, identity)
            for place, text in {**texts(container, pods, after), **_hooks(container)}.items():
                for number in _numbers_at_own_pod(place, text):
                    was = before.localhost_listener(origin, number)
                    if was in (None, identity) or pods.has_container(str(was)):
                        continue
                    yield f"{place} of {identity} in {pods.owner} still calls {was} at {number}"


def _numbers_at_own_pod(place: str, text: str) -> Iterator[int]:
    if _READ_BY_OTHERS.search(place):
        return
    for match in _OWN_POD.finditer(text):
        words_before = text[: match.start()].split()[-2:]
        if match["number"] and not _READ_BY_OTHERS.search(" ".join(words_before)):
            yield int(match["number"])


def _hooks(container: Container) -> dict[str, str]:
    """The commands of probes and hooks; a probe by HTTP or TCP is made by the kubelet, from
    outside.
    """
    found = {}
    data = container.data
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        found[probe] = _command(data.get(probe))
    for hook in ("postStart", "preStop"):
        found[hook] = _command((data.get("lifecycle") or {}).get(hook))
    return {place: text for place, text in found.items() if text}


def _command(handler: Any) -> str:
    command = ((handler or {}).get("exec") or {}).get("command") or ()
    return " ".join(map(str, command))


def check_node_data(before: Cluster, after: Cluster) -> Iterator[str]:
    """What writes to a folder of a node that its Pod is pinned to is pinned to that node still."""
    for identity in identities(before):
        for pods in after.pods_with(identity):
            origin = before.origin_of(pods, identity)
            nodes = _nodes(origin)
            if nodes and _writes_to_node(origin, identity) and not nodes <= _nodes(pods):
                yield f"{identity} in {pods.owner} leaves {sorted(nodes)}, where its data is"


def _writes_to_node(pods: Pods, identity: str) -> bool:
    on_node = {
        volume.get("name") for volume in pods.spec.get("volumes") or () if volume.get("hostPath")
    }
    mounts = container_in(pods, identity).data.get("volumeMounts") or ()
    return any(mount.get("name") in on_node and not mount.get("readOnly") for mount in mounts)


def _nodes(pods: Pods) -> set[str]:
    """The nodes that Pods are pinned to by name, in whatever words."""
    named = [
        pods.spec.get("nodeName"),
        (pods.spec.get("nodeSelector") or {}).get("kubernetes.io/hostname"),
    ]
    affinity = (pods.spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or ():
        for expression in (*(term.get("matchFields") or ()), *(term.get("matchExpressions") or ())):
            if expression.get("key") in ("metadata.name", "kubernetes.io/hostname"):
                named += expression.get("values") or []
    return {json.dumps(name) for name in named if name}

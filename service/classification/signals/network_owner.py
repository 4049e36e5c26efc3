"""Network owner.

Looks for: a container that may change the network of its Pod (NET_ADMIN, privileged, a tunnel
device) and is a VPN, a tunnel or an exit node by its name or image.

Matters because: all containers of a Pod share one network, and such a Pod is made so that the
others use the tunnel: apart from it they would reach the world by another way, or not at all.

Example:
    containers:
      - name: gluetun
        image: qmcgaw/gluetun:v3
        securityContext: {capabilities: {add: [NET_ADMIN]}}
      - name: torrents
        image: acme/torrents:5

Comes out: every two containers of the Pod belong together.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from service.classification.context import PodContext
from service.classification.name_words import words_of
from service.classification.observation import Claim, Observation
from service.kube.containers import Container, base_name
from service.kube.objects import as_list, value_at

NETWORK_WORDS = frozenset(
    {
        "vpn", "gluetun", "wireguard", "wg", "openvpn", "tailscale", "tailnet", "headscale",
        "tunnel", "zerotier", "netbird", "nebula", "mullvad", "nordvpn", "protonvpn", "warp",
        "exit", "tun", "ipsec", "strongswan",
    }
)  # fmt: skip
"""Words in the names and images of what owns the network of its Pod."""


def owns_network(container: Container) -> bool:
    """Whether a container may change the network of its Pod, and is a VPN, tunnel or exit node."""
    context = container.data.get("securityContext")
    added = as_list(value_at(context, "capabilities", "add"))
    may_change = (
        value_at(context, "privileged") is True
        or any(str(name).removeprefix("CAP_") in ("NET_ADMIN", "ALL") for name in added)
        or any("/dev/net/tun" in mount.path for mount in container.mounts)
    )
    words = {*words_of(container.name), *words_of(base_name(container.image))}
    return may_change and bool(words & NETWORK_WORDS)


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields TOGETHER for each two containers of a Pod in which one owns the network."""
    owner = next(
        (container for container in context.classified_containers if owns_network(container)), None
    )
    if owner is None:
        return
    for one, other in combinations(context.classified_containers, 2):
        yield Observation(
            case="network-owner.shared",
            claim=Claim.TOGETHER,
            subject=one,
            message=f"shares with {other.name} the network that {owner.name} has made"
            if owner not in (one, other)
            else f"the two share a network that {owner.name} has made",
            place=context.lazy_location_of(owner, "securityContext"),
            other=other,
        )

"""The signal that sees a container which makes the network of its Pod."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.network_owner import observe
from tests.support.classifying import context_of, seen, workload

RIGHT = "securityContext: {capabilities: {add: [NET_ADMIN]}}"


def pod(owner: str) -> str:
    """A workload with a tunnel, or something like it, and two more containers."""
    return workload(f"""
    containers:
    - {{{owner}}}
    - {{name: a, image: x/a}}
    - {{name: b, image: x/b}}
    """)


@pytest.mark.parametrize(
    "owner",
    [
        f"name: t, image: qmcgaw/gluetun, {RIGHT}",
        f"name: vpn, image: x/t, {RIGHT}",
        "name: wireguard, image: x/t, securityContext: {privileged: true}",
    ],
)
def test_all_that_share_a_tunnel_belong_together(owner: str) -> None:
    """Those that don't make it as well."""
    context = context_of(pod(owner))
    name = context.classified_containers[0].name
    assert seen(observe, context) == [
        ("network-owner.shared", Claim.TOGETHER, one, other)
        for one, other in ((name, "a"), (name, "b"), ("a", "b"))
    ]


@pytest.mark.parametrize(
    "owner",
    ["name: vpn, image: x/vpn", f"name: firewall, image: x/t, {RIGHT}", "name: t, image: x/t"],
)
def test_a_name_or_a_right_alone_says_nothing(owner: str) -> None:
    """A VPN's user interface needs no right; a mesh's init has it and is no tunnel."""
    assert seen(observe, context_of(pod(owner))) == []

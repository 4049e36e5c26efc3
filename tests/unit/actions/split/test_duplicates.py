"""What would run more than once afterwards."""

from __future__ import annotations

import pytest

from service.actions.context import Candidate
from service.actions.split.duplicates import check_duplicates, state_duplicates
from service.actions.split.groups import divide_containers
from service.classification.signals.network_owner import owns_network
from service.refusals import Refusal
from tests.support.candidates import bare_pod, candidate_of, refusal_of, shop


def with_helper(entries: str = "", *, pod: str = "") -> Candidate:
    """A workload of two groups, with a native sidecar that nothing ties to one of them."""
    image = "" if "image:" in entries else "image: acme/helper, "
    helper = f"{{name: helper, restartPolicy: Always, {image}{entries}}}"
    return candidate_of(shop(pod=f"initContainers: [{helper}], {pod}"))


CLAIM = "volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]"


@pytest.mark.parametrize(
    ("entries", "pod", "refusal"),
    [
        ("", "", None),
        ("args: [--tail, /var/log]", "", None),
        ("image: acme/tailscale", "", Refusal.RUNS_TWICE),
        ("ports: [{containerPort: 1, hostPort: 1}]", "", Refusal.RUNS_TWICE),
        ("ports: [{containerPort: 1}]", "", None),
        ("ports: [{containerPort: 1}]", "hostNetwork: true", Refusal.RUNS_TWICE),
        ("args: [--leader-elect=true]", "", Refusal.RUNS_TWICE),
        ("args: [--lease-name, a]", "", Refusal.RUNS_TWICE),
        ("image: acme/backup", "", Refusal.RUNS_TWICE),
        ("image: acme/backups-viewer", "", Refusal.RUNS_TWICE),
        ("image: acme/backupper", "", None),
        ("volumeMounts: [{name: v, mountPath: /d}]", CLAIM, Refusal.RUNS_TWICE),
        ("volumeMounts: [{name: v, mountPath: /d, readOnly: true}]", CLAIM, None),
    ],
)
def test_some_helpers_of_several_groups_must_not_run_twice(
    entries: str, pod: str, refusal: Refusal | None
) -> None:
    """An identity, a port of the node, a lock, or data."""
    candidate = with_helper(entries, pod=pod)
    partition = divide_containers(candidate)
    assert refusal_of(lambda: check_duplicates(candidate, partition)) is refusal


def test_a_helper_that_runs_twice_is_named() -> None:
    """And what is in one group is not."""
    candidate = with_helper()
    (assumption,) = state_duplicates(candidate, divide_containers(candidate))
    assert assumption.message.startswith("helper helps several groups")
    alone = candidate_of(shop())
    assert list(state_duplicates(alone, divide_containers(alone))) == []


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ("image: acme/vpn, securityContext: {capabilities: {add: [NET_ADMIN]}}", True),
        ("image: acme/vpn, securityContext: {capabilities: {add: [CAP_NET_ADMIN]}}", True),
        ("image: acme/vpn, securityContext: {privileged: true}", True),
        ("image: acme/web, securityContext: {privileged: true}", False),
        ("image: acme/vpn", False),
        ("image: acme/vpn, securityContext: {capabilities: {add: [SYS_TIME]}}", False),
    ],
)
def test_an_owner_of_the_network_may_change_it_and_is_named_so(
    container: str, expected: bool
) -> None:
    """Neither alone is enough."""
    (own,) = candidate_of(bare_pod(container)).workload.containers
    assert owns_network(own) is expected

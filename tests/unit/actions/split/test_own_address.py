"""The Pod's own address or name, used to call a neighbour."""

from __future__ import annotations

import pytest

from service.actions.split.own_address import find_own_address_calls
from service.refusals import Refusal
from tests.support.candidates import candidate_of, plan_of, shop


def hazard_of(text: str) -> Refusal | None:
    """With what a split is refused for it; None where it is not."""
    plan = plan_of(candidate_of(text))
    found = find_own_address_calls(plan.candidate, plan.partition.group_of)
    return next((declined.refusal for declined in found), None)


IP = "{name: POD_IP, valueFrom: {fieldRef: {fieldPath: %s}}}"


@pytest.mark.parametrize(
    ("front", "refusal"),
    [
        (
            f"env: [{IP % 'status.podIP'}], args: ['http://$(POD_IP):3000']",
            Refusal.LOCALHOST_UNRESOLVED,
        ),
        (
            f"env: [{IP % 'status.podIPs'}], args: ['http://$(POD_IP):3000']",
            Refusal.LOCALHOST_UNRESOLVED,
        ),
        (f"env: [{IP % 'status.hostIP'}], args: ['http://$(POD_IP):3000']", None),
        (f"env: [{IP % 'status.podIP'}], args: ['--listen=$(POD_IP):3000']", None),
        (f"env: [{IP % 'status.podIP'}], args: ['$(POD_IP)']", None),
        (f"env: [{IP % 'status.podIP'}], args: ['http://$(OTHER):3000']", None),
    ],
)
def test_nobody_calls_the_address_of_the_own_pod(front: str, refusal: Refusal | None) -> None:
    """It is localhost by another name."""
    assert hazard_of(shop(front)) is refusal


OWN = f"env: [{IP % 'status.podIP'}], "
POD_NAME = "valueFrom: {fieldRef: {fieldPath: metadata.name}}"


@pytest.mark.parametrize(
    ("front", "is_called"),
    [
        (OWN + "args: ['--api-host', $(POD_IP)]", True),
        (OWN + "args: ['--db-host', $(POD_IP)]", True),
        (OWN + "args: ['--db', $(POD_IP)]", True),
        (OWN + "args: ['--addr=$(POD_IP):3000']", True),
        (OWN + "args: ['--addr=$(POD_IP):80']", False),
        (OWN + "args: ['-x', '$(POD_IP)', '-y', '3000']", True),
        (OWN + "args: ['host=$(POD_IP) port=3000']", True),
        (OWN + "command: [sh, -c, 'app --to $POD_IP:3000']", True),
        (OWN + "command: [sh, -c, 'app --to $POD_IPS:3000']", False),
        ("command: [sh, -c, 'app --to $(hostname -i):3000']", True),
        ("command: [sh, -c, 'app --to ${HOSTNAME}:3000']", True),
        ("command: [sh, -c, 'app --id $HOSTNAME']", False),
        (OWN + "args: ['--advertise-address=$(POD_IP)']", False),
        (OWN + "args: ['--node-ip=$(POD_IP)']", False),
        (f"env: [{{name: API_HOST, {POD_NAME}}}]", True),
        (f"env: [{{name: API_POD, {POD_NAME}}}]", False),
        (f"env: [{{name: X_HOST, {POD_NAME}}}, {{name: X_PORT, value: '3000'}}]", True),
        (f"env: [{{name: X_HOST, {POD_NAME}}}, {{name: X_PORT, value: '80'}}]", False),
    ],
)
def test_every_way_to_call_the_own_pod_is_seen(front: str, is_called: bool) -> None:
    """By its address or its name, beside a port of another group or as somebody's host."""
    expected = Refusal.LOCALHOST_UNRESOLVED if is_called else None
    assert hazard_of(shop(front)) is expected

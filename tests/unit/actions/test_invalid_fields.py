"""What a rewrite fixes of what the API server refuses."""

from __future__ import annotations

import pytest

from service.actions.context import Candidate
from service.actions.invalid_fields import fixes_of, unfixable_violation
from service.refusals import Refusal
from service.yamldoc.operations import AddEntry, SetValue
from tests.support.candidates import bare_pod, candidate_of, shop


def fixes(candidate: Candidate, container: int = 0) -> list[object]:
    return list(fixes_of(candidate, candidate.workload.containers[container]).values())


def test_a_number_is_quoted_as_it_is_written() -> None:
    """0755 is that, and not 493; of each container its own."""
    candidate = candidate_of(
        shop("env: [{name: MODE, value: 0755}]", "env: [{name: A, value: 1.50}]")
    )
    pod = ("spec", "template", "spec", "containers")
    assert fixes(candidate) == [SetValue((*pod, 0, "env", 0, "value"), "0755")]
    assert fixes(candidate, 1) == [SetValue((*pod, 1, "env", 0, "value"), "1.50")]
    assert unfixable_violation(candidate) is None


def test_a_port_is_that_of_the_node() -> None:
    """podman takes a port without `containerPort`."""
    candidate = candidate_of(bare_pod("ports: [{hostPort: 8080}]"))
    place = ("spec", "containers", 0, "ports", 0)
    assert fixes(candidate) == [AddEntry(place, "containerPort", 8080)]


@pytest.mark.parametrize(
    "text",
    [
        bare_pod("args: 'a'"),
        bare_pod("ports: [{name: a}]"),
        bare_pod(metadata="labels: {app: web, version: 1}"),
        bare_pod("env: [{name: A, value: 1}], args: 'a'"),
    ],
)
def test_what_only_a_person_can_mend_holds_the_workload_back(text: str) -> None:
    """And so does what is in no container."""
    declined = unfixable_violation(candidate_of(text))
    assert declined is not None
    assert declined.refusal is Refusal.INVALID_FIELD
    assert declined.message.startswith("the API server refuses it as it stands: ")


def test_what_a_rewrite_takes_out_may_be_wrong() -> None:
    """What the API server writes itself is taken out of an export."""
    assert unfixable_violation(candidate_of(bare_pod(metadata="generation: a"))) is None
    assert unfixable_violation(candidate_of(bare_pod(metadata="finalizers: a"))) is not None

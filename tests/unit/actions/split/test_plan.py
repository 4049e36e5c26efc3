"""What is decided of a split before its consequences are worked out."""

from __future__ import annotations

import pytest

from tests.support.candidates import candidate_of, plan_of, shop


def test_a_container_is_of_the_group_that_it_goes_to() -> None:
    """The first one stays here."""
    plan = plan_of(candidate_of(shop()))
    front, api = plan.candidate.workload.containers
    assert (plan.group_of(front), plan.group_of(api)) == (0, 1)


@pytest.mark.parametrize(
    ("text", "runs_once"),
    [
        (shop(), False),
        (shop(spec="strategy: {type: RollingUpdate}"), False),
        (shop(spec="strategy: {type: Recreate}"), True),
        (shop(kind="CronJob", pod="restartPolicy: Never"), True),
        (shop(kind="StatefulSet", spec="updateStrategy: {type: OnDelete}"), False),
    ],
)
def test_what_must_not_run_beside_its_copy_runs_once(text: str, runs_once: bool) -> None:
    """A job would be done twice; Recreate says so of any program."""
    assert plan_of(candidate_of(text)).runs_once is runs_once

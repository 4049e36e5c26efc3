"""The signal that reads the owner's own words."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.role_annotation import declared_roles, observe
from service.findings import Role
from tests.support.classifying import context_of, seen, text_at, workload

SPEC = """
containers:
- {name: web, image: shop/web}
- {name: log, image: shop/log}
- {name: report, image: shop/report}
"""


def annotated(roles: str) -> str:
    """A workload whose template says who is what."""
    return workload(SPEC, pod_annotations=f'{{podsplit.dev/roles: "{roles}"}}')


def test_each_declared_role_is_a_claim_of_its_own() -> None:
    """A sidecar helps, a main container is the head, and an unrelated one is apart from all but
    sidecars.
    """
    context = context_of(annotated("web=main,log=sidecar,report=unrelated"))
    assert seen(observe, context) == [
        ("role-annotation.main", Claim.HEAD, "web", None),
        ("role-annotation.sidecar", Claim.HELPER, "log", None),
        ("role-annotation.unrelated", Claim.APART, "report", "web"),
    ]


def test_an_unrelated_container_is_apart_from_those_without_a_role_too() -> None:
    """Only a declared sidecar may be its own."""
    assert seen(observe, context_of(annotated("report=unrelated"))) == [
        ("role-annotation.unrelated", Claim.APART, "report", "web"),
        ("role-annotation.unrelated", Claim.APART, "report", "log"),
    ]


def test_the_message_names_the_annotation_and_the_role() -> None:
    """And the place is the annotation on the template."""
    [observation] = observe(context_of(annotated("log=sidecar")))
    assert observation.message == "the annotation podsplit.dev/roles says that it is sidecar"
    assert text_at(observation.place) == '"log=sidecar"'
    assert observation.scale == 1.0


def test_the_workloads_own_annotation_counts_where_the_template_has_none() -> None:
    """And the place is there."""
    context = context_of(workload(SPEC, annotations="{podsplit.dev/roles: log=sidecar}"))
    [observation] = observe(context)
    assert observation.case == "role-annotation.sidecar"
    assert text_at(observation.place) == "log=sidecar"


def test_the_template_wins_over_the_workload() -> None:
    """What is nearer to the Pod is meant."""
    context = context_of(
        workload(
            SPEC,
            annotations="{podsplit.dev/roles: log=main}",
            pod_annotations="{podsplit.dev/roles: log=sidecar}",
        )
    )
    assert declared_roles(context) == {"log": Role.SIDECAR}


@pytest.mark.parametrize(
    ("value", "roles"),
    [
        ("web=main", {"web": Role.MAIN}),
        (" web = main , log = unrelated ", {"web": Role.MAIN, "log": Role.UNRELATED}),
        ("web=init", {}),
        ("web=helper,log=sidecar", {"log": Role.SIDECAR}),
        ("web", {}),
        ("web=main=sidecar", {}),
        ("", {}),
    ],
)
def test_what_is_no_role_is_left_out(value: str, roles: dict[str, Role]) -> None:
    """Spaces don't matter; words that are no roles, and `init`, are nothing."""
    assert declared_roles(context_of(annotated(value))) == roles


def test_a_role_of_a_container_that_is_not_there_says_nothing() -> None:
    """The annotation may be left over from an older manifest."""
    assert seen(observe, context_of(annotated("old=unrelated"))) == []


def test_without_the_annotation_nothing_is_said() -> None:
    """Other annotations say nothing of roles."""
    context = context_of(workload(SPEC, pod_annotations="{example.com/roles: log=sidecar}"))
    assert seen(observe, context) == []

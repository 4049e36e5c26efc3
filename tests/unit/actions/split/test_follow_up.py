"""What a split asks of other objects, and how such an object is copied."""

from __future__ import annotations

from typing import Any

import pytest

from service.actions.split.follow_up import (
    FollowUp,
    check_namespace,
    combine,
    copied_annotations,
    copy_for_group,
    divided_by_hand,
)
from service.assumptions import Assumption, AssumptionCode
from service.findings import Stage
from service.refusals import Refusal
from service.yamldoc.operations import SetValue
from tests.support.candidates import (
    candidate_of,
    division_of,
    manifest,
    refusal_of,
    resource_of,
    shop,
    written,
)

DNS = Assumption(AssumptionCode.DNS_ALLOWED, "a")
TARGETS = Assumption(AssumptionCode.TARGETS_STILL_FIT, "b")


def test_parts_are_put_together_in_their_order() -> None:
    """Nothing gets lost, and nothing is said in another order."""
    both = combine([FollowUp(assumptions=(DNS,)), FollowUp(), FollowUp(assumptions=(TARGETS,))])
    assert both == FollowUp(assumptions=(DNS, TARGETS))
    assert combine([]) == FollowUp()


@pytest.mark.parametrize("numbers", [(2, 5), (5, 2), (5, 5)])
def test_of_replicas_the_most_count(numbers: tuple[int, int]) -> None:
    """Two autoscalers of one workload may both have made its Pods."""
    parts = [FollowUp(replicas={1: number}) for number in numbers]
    assert combine([*parts, FollowUp(replicas={2: 1})]).replicas == {1: 5, 2: 1}


def test_an_object_that_is_not_divided_holds_back() -> None:
    """By one code, whatever its kind."""
    refused = divided_by_hand(candidate_of(shop()).resource)
    assert refused.declined.refusal is Refusal.SELECTED_BY
    assert "Deployment/shop" in refused.declined.message


@pytest.mark.parametrize(
    ("own", "other", "refusal"),
    [
        ("", "", None),
        ("namespace: a", "namespace: a", None),
        ("namespace: a", "", Refusal.NAMESPACE_UNCLEAR),
        ("", "namespace: a", Refusal.NAMESPACE_UNCLEAR),
    ],
)
def test_what_is_edited_is_in_the_namespace_for_sure(
    own: str, other: str, refusal: Refusal | None
) -> None:
    """A missing namespace may be any."""
    candidate = candidate_of(shop(metadata=own) + manifest("v1 ConfigMap", "a", metadata=other))
    config = resource_of(candidate, "ConfigMap/a")
    assert refusal_of(lambda: check_namespace(candidate, config)) is refusal


# Copies


def copied(name: str = "shop", metadata: str = "", *, workload: str = "") -> dict[str, Any]:
    """The copy of a budget for the group that moves."""
    budget = manifest(
        "policy/v1 PodDisruptionBudget", name, "spec: {minAvailable: 1}", metadata=metadata
    )
    candidate = candidate_of((workload or shop()) + budget)
    resource = resource_of(candidate, f"PodDisruptionBudget/{name}")
    operation = SetValue((*resource.route, "spec", "minAvailable"), 2)
    new = copy_for_group(division_of(candidate), resource, 1, [operation], Stage.SWITCH)
    tree = written(new.tree)
    assert (new.kind, new.after, new.stage) == (resource.kind, resource, Stage.SWITCH)
    assert tree["metadata"]["name"] == new.name
    assert tree["spec"] == {"minAvailable": 2}
    assert (tree["apiVersion"], tree["kind"]) == ("policy/v1", "PodDisruptionBudget")
    metadata_of_copy: dict[str, Any] = tree["metadata"]
    return metadata_of_copy


def test_a_copy_of_an_item_of_a_list_is_one_of_the_item() -> None:
    """Routes start at its document."""
    metadata = "namespace: a, labels: {app: shop}, annotations: {b: c}"
    budget = manifest(
        "policy/v1 PodDisruptionBudget", "shop", "spec: {minAvailable: 1}", metadata=metadata
    )
    listed = f"---\napiVersion: v1\nkind: List\nitems: [{budget[4:].strip()}]\n"
    candidate = candidate_of(shop(metadata="namespace: a") + listed)
    resource = resource_of(candidate, "PodDisruptionBudget/shop")
    new = copy_for_group(division_of(candidate), resource, 1, [], Stage.SWITCH)
    assert written(new.tree) == {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {
            "name": "shop-api",
            "namespace": "a",
            "labels": {"app": "shop-api"},
            "annotations": {"b": "c"},
        },
        "spec": {"minAvailable": 1},
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shop", "shop-api"),
        ("shop-pdb", "shop-api-pdb"),
        ("shopping", "shopping-api"),
        ("budget", "budget-api"),
    ],
)
def test_a_copy_is_named_for_the_group(name: str, expected: str) -> None:
    """In place of the workload's name, or behind its own."""
    assert copied(name)["name"] == expected


@pytest.mark.parametrize("excess", [0, 1])
def test_the_name_of_a_copy_has_at_most_253_characters(excess: int) -> None:
    """A DNS subdomain's limit."""
    name = "b" * (253 - 4 + excess)
    copy = copied(name)["name"]
    assert len(copy) == 253
    assert (copy == f"{name}-api") is (excess == 0)


def test_a_copy_carries_what_is_written_and_no_more() -> None:
    """A namespace, labels and annotations that the object doesn't have are none of it."""
    assert set(copied()) == {"name"}


def test_a_copy_is_in_the_same_namespace_with_the_labels_of_its_group() -> None:
    """Other labels stay what they are; so do values that only look alike."""
    metadata = "namespace: a, labels: {app: shop, other: shop, team: b}"
    copy = copied("pdb", metadata, workload=shop(metadata="namespace: a"))
    assert copy["namespace"] == "a"
    assert copy["labels"] == {"app": "shop-api", "other": "shop", "team": "b"}
    other = copied("pdb", "labels: {app: pdb}")
    assert other["labels"] == {"app": "pdb"}


@pytest.mark.parametrize(
    ("annotation", "is_copied"),
    [
        ("acme.com/team: a", True),
        ("argocd.argoproj.io/sync-wave: '1'", True),
        ("argocd.argoproj.io/tracking-id: a", False),
        ("kubectl.kubernetes.io/last-applied-configuration: a", False),
        ("deployment.kubernetes.io/revision: '3'", False),
        ("podsplit.dev/roles: a=main", False),
        ("meta.helm.sh/release-name: a", False),
        ("acme.com/container: api", False),
        ("acme.com/container: api-gateway", True),
        ("acme.com/front: a", False),
        ("front.acme.com/log: a", False),
        ("front-end.acme.com/log: a", True),
    ],
)
def test_annotations_that_name_a_container_or_are_a_tools_notes_are_not_copied(
    annotation: str, is_copied: bool
) -> None:
    """They hold for one object alone."""
    candidate = candidate_of(shop(metadata=f"annotations: {{{annotation}}}"))
    annotations = copied_annotations(candidate.resource, candidate.workload)
    assert bool(annotations) is is_copied
    assert ("annotations" in copied(metadata=f"annotations: {{{annotation}}}")) is is_copied

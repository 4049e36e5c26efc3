"""What would select Pods anew if they got other labels."""

from __future__ import annotations

import pytest

from service.actions.label_overlaps import find_new_selecting
from tests.support.candidates import candidate_of, manifest, service, shop

NEW = {"app": "shop", "tier": "api"}
POLICY = "spec: {podSelector: {matchLabels: {tier: api}}}"


@pytest.mark.parametrize(
    ("other", "title"),
    [
        ("", None),
        (service("new", selector="tier: api"), "Service/new"),
        (service("old", selector="app: shop"), None),
        (service("both", selector="app: shop, tier: api"), "Service/both"),
        (service("neither", selector="tier: web"), None),
        (
            shop(
                name="new", spec="selector: {matchLabels: {tier: api}}", template="labels: {a: b}"
            ),
            "Deployment/new",
        ),
        (manifest("networking.k8s.io/v1 NetworkPolicy", "new", POLICY), "NetworkPolicy/new"),
        (service("new", selector="tier: api", metadata="namespace: far"), None),
        (manifest("networking.k8s.io/v1 NetworkPolicy", "all", "spec: {podSelector: {}}"), None),
    ],
)
def test_only_what_selects_new_labels_and_not_the_old_ones_is_found(
    other: str, title: str | None
) -> None:
    """What selects the Pods already goes on doing so; other namespaces don't count."""
    candidate = candidate_of(shop(metadata="namespace: near") + other, "Deployment/shop")
    found = find_new_selecting(candidate, NEW)
    assert (found and found.title) == title


def test_a_missing_namespace_may_be_the_same() -> None:
    """It is whichever the manifest is applied to."""
    candidate = candidate_of(
        shop() + service("new", selector="tier: api", metadata="namespace: far")
    )
    found = find_new_selecting(candidate, NEW)
    assert found is not None
    assert found.title == "Service/new"


def test_a_workload_is_not_in_its_own_way() -> None:
    """Its own selector may match what its Pods get."""
    candidate = candidate_of(shop(template="labels: {}"))
    assert find_new_selecting(candidate, {"app": "shop"}) is None

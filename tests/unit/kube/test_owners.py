"""Objects that controllers made from other objects of the set."""

from __future__ import annotations

import pytest

from service.kube.owners import owned_objects
from tests.support.candidates import bare_pod, shop
from tests.support.planning import read


def owned(owner: str, *, pod: str = "", parent: str = "") -> dict[str, str]:
    """Who is made from whom, by their titles.

    Args:
        owner: the Pod's owner reference, without brackets.
        pod: more metadata of the Pod.
        parent: more metadata of the Deployment `shop`.
    """
    usual = {"apiVersion": "apps/v1", "controller": "true"}
    defaults = (f"{key}: {value}, " for key, value in usual.items() if f"{key}:" not in owner)
    reference = "".join(defaults) + owner
    metadata = f"labels: {{app: shop}}, {pod} ownerReferences: [{{{reference}}}]"
    texts = (
        bare_pod(name="shop-1", metadata=metadata),
        shop(metadata=f"labels: {{app: shop}}, {parent}"),
    )
    # A set that holds both is read without what is owned.
    workloads = [workload for text in texts for workload in read(text).workloads]
    return {own.title: other.title for own, other in owned_objects(workloads).items()}


SHOP = {"Pod/shop-1": "Deployment/shop"}


@pytest.mark.parametrize(
    ("owner", "pod", "parent", "expected"),
    [
        ("kind: Deployment, name: shop", "", "", SHOP),
        ("kind: Deployment, name: shop, uid: a", "", "uid: a", SHOP),
        ("kind: Deployment, name: shop, uid: a", "", "uid: b", {}),
        ("kind: Deployment, name: other", "", "", {}),
        ("kind: Deployment, name: shop, controller: false", "", "", {}),
        ("kind: Deployment, name: shop, apiVersion: example.org/v1", "", "", {}),
        ("kind: ReplicaSet, name: shop", "", "", {}),
        ("kind: Deployment, name: shop", "namespace: a,", "namespace: a", SHOP),
        ("kind: Deployment, name: shop", "namespace: a,", "namespace: b", {}),
        ("kind: Pod, name: shop-1", "", "", {}),
    ],
)
def test_an_object_is_made_from_the_owner_that_is_in_the_set(
    owner: str, pod: str, parent: str, expected: dict[str, str]
) -> None:
    """By kind, name and namespace, and by the uid where both say it."""
    assert owned(owner, pod=pod, parent=parent) == expected


def test_two_that_own_each_other_are_owned_by_nobody() -> None:
    """No cluster has such."""
    owner = "ownerReferences: [{{apiVersion: v1, kind: Pod, controller: true, name: {}}}]"
    texts = (
        bare_pod(name="a", metadata=owner.format("b")),
        bare_pod(name="b", metadata=owner.format("a")),
    )
    assert owned_objects(workload for text in texts for workload in read(text).workloads) == {}
    assert len(read("".join(texts)).workloads) == 2

"""Texts between the stages of a split."""

from __future__ import annotations

import pytest

from service.kube.splits import is_being_split, objects_split_from, unmarked
from service.kube.workloads import Workload
from service.reading import Inputs
from tests.support.candidates import bare_pod, manifest, shop
from tests.support.planning import read

MARK = "annotations: {podsplit.dev/split-from: shop}"
NEW = bare_pod("", name="shop-api", metadata=MARK).replace("{name: web,", "{name: api,")
SERVICE = manifest("v1 Service", "shop-api", "spec: {}", metadata=MARK)


def workload(inputs: Inputs, name: str = "shop") -> Workload:
    return next(one for one in inputs.workloads if one.name == name)


@pytest.mark.parametrize(
    ("others", "made"),
    [
        ("", []),
        (NEW, ["Pod/shop-api"]),
        (NEW + SERVICE, ["Pod/shop-api", "Service/shop-api"]),
        (SERVICE, ["Service/shop-api"]),
        (NEW.replace("from: shop", "from: mall"), []),
        (NEW.replace("name: api,", "name: other,"), []),
        (NEW.replace("metadata: {", "metadata: {namespace: a, "), ["Pod/shop-api"]),
    ],
)
def test_what_a_split_made_says_what_it_came_from(others: str, made: list[str]) -> None:
    """As long as the workload has the containers still; a namespace that isn't named may be any."""
    inputs = read(shop() + others)
    found = objects_split_from(workload(inputs), inputs.manifests)
    assert [resource.title for resource in found] == made
    assert is_being_split(workload(inputs), inputs.manifests) is bool(made)


def test_a_split_has_ended_when_the_containers_are_gone() -> None:
    """Of another workload of that name nothing came."""
    text = bare_pod(name="shop") + NEW
    inputs = read(text)
    assert objects_split_from(workload(inputs), inputs.manifests) == ()
    assert not is_being_split(workload(inputs, "shop-api"), inputs.manifests)


def test_what_is_stopped_is_being_split() -> None:
    """Though nothing came of it yet."""
    inputs = read(shop(metadata="annotations: {podsplit.dev/stopped-by-split: x}"))
    assert is_being_split(workload(inputs), inputs.manifests)


def test_the_marks_are_no_part_of_an_object() -> None:
    """They are gone in the end."""
    marked, plain = (
        read(manifest("v1 ConfigMap", "a", metadata=metadata)).manifests.resources[0]
        for metadata in (MARK, "")
    )
    assert unmarked(marked) == plain.data == unmarked(plain)
    both = "annotations: {podsplit.dev/split-from: shop, team: a}"
    other = read(manifest("v1 ConfigMap", "a", metadata=both)).manifests.resources[0]
    assert unmarked(other)["metadata"] == {"name": "a", "annotations": {"team": "a"}}

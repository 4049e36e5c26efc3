"""Texts between the stages of a split."""

from __future__ import annotations

import pytest

from service.kube.objects import Resource
from service.kube.splits import (
    after_split_mark,
    fields_after_split,
    is_being_split,
    objects_split_from,
    spec_outside_split,
    unmarked,
)
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
    inputs = read(shop(metadata="annotations: {podsplit.dev/after-split: x}"))
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


def stopped(mark: str, spec: str = "spec: {replicas: 0}") -> Resource:
    metadata = f"annotations: {{podsplit.dev/after-split: '{mark}'}}"
    return read(manifest("apps/v1 Deployment", "a", spec, metadata=metadata)).manifests.resources[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"replicas": 3},
        {"replicas": 0},
        {"replicas": None},
        {"suspend": False},
        {"suspend": None},
        {"replicas": 1, "strategy": None},
        {"strategy": "Recreate"},
    ],
)
def test_what_was_stopped_says_what_it_was(fields: dict[str, int | bool | None]) -> None:
    """Read back, it is what was written."""
    assert fields_after_split(stopped(after_split_mark(fields))) == fields


@pytest.mark.parametrize(
    "mark",
    [
        "",
        "replicas",
        "replicas=",
        "replicas=-1",
        "replicas=many",
        "replicas=1,",
        "replicas=1,replicas=2",
        "suspend=true",
        "strategy=RollingUpdate",
        "paused=false",
        "apply the stage contract",
    ],
)
def test_what_somebody_wrote_says_nothing(mark: str) -> None:
    """Nothing is guessed about how many Pods there were."""
    assert fields_after_split(stopped(mark)) == {}
    assert spec_outside_split(stopped(mark)) == {"replicas": 0}


def test_the_spec_before_has_what_the_mark_says() -> None:
    """And nothing that it says was not there."""
    spec = "spec: {replicas: 0, strategy: {type: Recreate}, paused: false}"
    assert spec_outside_split(stopped("replicas=2,strategy=none", spec)) == {
        "paused": False,
        "replicas": 2,
    }
    assert spec_outside_split(stopped("replicas=none")) == {}

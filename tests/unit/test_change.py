"""What a change is, and what is told from it without looking at text."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from service.change import (
    Controller,
    Move,
    Step,
    TrafficFlow,
    WorkloadPlan,
    plans_by_workload,
)
from service.findings import Stage
from service.kube.workloads import Workload
from service.yamldoc.operations import Remove, SetValue
from tests.support.verifying import (
    bare_pod,
    containers,
    controller,
    find,
    manifest,
    new_object,
    proposal_for,
    read_objects,
    workload_of,
)

POD = workload_of(bare_pod("shop", containers("web")))
CONTROLLER = Controller("apps/v1", "Deployment", "mall", {}, {}, {})


# New objects


def test_a_new_object_is_called_by_kind_and_name() -> None:
    """As objects of the set are."""
    assert new_object(POD.resource, "Service", "queue").title == "Service/queue"


def test_a_new_object_is_in_the_file_of_its_origin_or_in_its_own() -> None:
    """The origin's, unless it has one."""
    assert new_object(POD.resource, "Service", "queue").file == "0.yaml"
    assert new_object(POD.resource, "Service", "queue", path="a/b.yaml").file == "a/b.yaml"


# Proposals


@pytest.mark.parametrize(
    ("metadata", "action", "expected"),
    [
        ({}, "split", "split:0.yaml:Pod/shop"),
        ({}, "wrap", "wrap:0.yaml:Pod/shop"),
        ({"namespace": "a"}, "split", "split:0.yaml:a/Pod/shop"),
    ],
)
def test_the_id_of_a_change_tells_what_it_is_about(
    metadata: dict[str, Any], action: str, expected: str
) -> None:
    """Action, file, namespace where one is written, kind and name."""
    workload = workload_of(bare_pod("shop", containers("web"), **metadata))
    assert proposal_for(workload, action=action).id == expected


def test_a_change_touches_what_it_edits_removes_and_adds_behind() -> None:
    """Each document once; what gets a file of its own touches none."""
    inputs = read_objects(
        bare_pod("a", containers("a")),
        bare_pod("b", containers("a")),
        manifest("Service", "c"),
        manifest("Service", "d"),
    )
    first, second, third, fourth = inputs.manifests.resources
    own, copy = inputs.workloads
    steps = (Step(first, Remove(("spec",))), Step(first, Remove(("metadata",))))

    def touched(**fields: Any) -> frozenset[Any]:
        return proposal_for(own, **fields).touched_documents

    assert touched() == frozenset()
    assert touched(steps=steps) == {first.document}
    assert touched(copies=(copy,)) == {second.document}
    assert touched(objects=(new_object(third, "A", "a"),)) == {third.document}
    assert touched(objects=(new_object(fourth, "A", "a", path="x.yaml"),)) == frozenset()


# Plans


def plan(*changes: dict[str, Any], workload: Workload = POD) -> WorkloadPlan:
    """A plan of some changes."""
    return WorkloadPlan(workload, tuple(proposal_for(workload, **fields) for fields in changes))


def test_a_plan_has_the_parts_of_all_its_changes() -> None:
    """In the order of the changes."""
    steps = [Step(POD.resource, Remove((name,))) for name in "abc"]
    objects = [new_object(POD.resource, "A", name) for name in "abc"]
    moves = [Move((name,), "A", name, Stage.SWITCH) for name in "abc"]
    copies = [workload_of(bare_pod(name, containers(name))) for name in "abc"]
    whole = plan(
        {
            "action": "wrap",
            "steps": tuple(steps[:2]),
            "objects": tuple(objects[:2]),
            "moves": tuple(moves[:2]),
            "copies": tuple(copies[:2]),
        },
        {
            "steps": tuple(steps[2:]),
            "objects": tuple(objects[2:]),
            "moves": tuple(moves[2:]),
            "copies": tuple(copies[2:]),
        },
    )
    assert whole.actions == {"wrap", "split"}
    assert whole.steps == tuple(steps)
    assert whole.objects == tuple(objects)
    assert whole.moves == tuple(moves)
    assert whole.copies == tuple(copies)


def test_a_workload_becomes_its_controller_where_it_gets_one() -> None:
    """Whichever of its changes says so; else it stays what it is."""
    assert plan({}).becomes == ("Pod", "shop")
    assert plan({}, {"controller": CONTROLLER}).becomes == ("Deployment", "mall")
    assert plan({"controller": CONTROLLER}, {}).becomes == ("Deployment", "mall")


def test_traffic_is_that_of_all_changes_sorted() -> None:
    """Each flow once."""
    one, two, three = TrafficFlow(0, 1, 80), TrafficFlow(0, 1, 81), TrafficFlow(1, 0, 80)
    whole = plan({"traffic": frozenset({three, one})}, {"traffic": frozenset({two, one})})
    assert whole.traffic == (one, two, three)
    assert plan({}).traffic == ()


def test_values_of_config_maps_are_set_up_to_a_stage() -> None:
    """Other operations, and those on other objects, set none."""
    inputs = read_objects(
        controller("Deployment", "shop", containers("web")),
        {**manifest("ConfigMap", "web"), "data": {"a": "b"}},
    )
    config, own = find(inputs, "ConfigMap/web"), inputs.workloads[0]
    values = [
        SetValue(("data", name), name, int(stage))
        for name, stage in zip("abcd", Stage, strict=True)
    ]
    other = SetValue(("spec", "paused"), value=True)
    steps = (
        *(Step(config, value) for value in values),
        Step(config, Remove(("data", "e"))),
        Step(own.resource, other),
    )
    whole = plan({"steps": steps}, workload=own)
    for count, stage in enumerate(Stage, start=1):
        assert list(whole.config_map_values(stage)) == [(config, value) for value in values[:count]]


def test_proposals_are_gathered_by_workload() -> None:
    """In the order in which they first come, whatever the workloads are called."""
    first, second = read_objects(*[bare_pod("shop", containers("web"))] * 2).workloads
    wrap, other, split = (
        proposal_for(first, action="wrap"),
        proposal_for(second, action="wrap"),
        proposal_for(first),
    )
    plans = plans_by_workload([wrap, other, split])
    assert [(whole.workload, whole.proposals) for whole in plans] == [
        (first, (wrap, split)),
        (second, (other,)),
    ]
    assert plans_by_workload([]) == ()


def test_a_change_can_not_be_changed() -> None:
    """What was planned is what is proved."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        proposal_for(POD).title = "another"  # type: ignore[misc]

"""One workload in one stage of a rewrite, held against what it was.

One file, as the module is one: each section has the tables of one of its functions.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

import pytest

from service.change import Controller, Move
from service.findings import Stage
from service.reading import Inputs
from service.verification.workloads import find_successors
from service.yamldoc.operations import AddEntry, Remove, SetValue
from tests.support.planning import read
from tests.support.staged import MOVE, MOVED, OLD, STAYS, problems, problems_of, sets_of
from tests.support.verifying import (
    Manifest,
    bare_pod,
    container,
    containers,
    controller,
    find,
    manifest,
    new_object,
    plan_for,
    read_objects,
    step,
)


def test_a_right_division_has_no_problems_in_any_stage() -> None:
    """First everything is where it was, then in both workloads, then apart."""
    assert problems(OLD, stage=Stage.EXPAND) == []
    assert problems(OLD, MOVED, stage=Stage.SWITCH) == []
    assert problems(STAYS, MOVED, stage=Stage.CONTRACT) == []


# Successors


def successors(now: Inputs, stage: Stage = Stage.CONTRACT, **plan: Any) -> list[str] | None:
    """The titles of the workloads that a shop becomes."""
    sent = read_objects(OLD)
    planned = plan_for(sent.workloads[0], **{"moves": (MOVE,), **plan})
    found = find_successors(planned, sets_of(sent, now, stage))
    return None if found is None else [workload.title for workload in found]


def test_successors_are_the_own_workload_and_those_of_the_moves() -> None:
    """From the stage of each move on."""
    own, moved = "Deployment/shop", "Deployment/shop-queue"
    both = read_objects(MOVED, STAYS)
    assert successors(both) == [own, moved]
    assert successors(both, Stage.SWITCH) == [own, moved]
    assert successors(both, Stage.EXPAND) == [own]
    late = (Move(("queue",), "Deployment", "shop-queue", Stage.CONTRACT),)
    assert successors(both, Stage.SWITCH, moves=late) == [own]


@pytest.mark.parametrize(
    "now",
    [
        pytest.param([STAYS], id="the new one"),
        pytest.param([MOVED], id="its own"),
        pytest.param([STAYS, {**MOVED, "kind": "StatefulSet"}], id="a kind"),
        pytest.param(
            [STAYS, {**MOVED, "metadata": {"name": "shop-queue", "namespace": "a"}}], id="namespace"
        ),
        pytest.param([STAYS, {**MOVED, "metadata": {"name": "queue"}}], id="a name"),
    ],
)
def test_a_successor_that_is_missing_is_said(now: list[Manifest]) -> None:
    """None stands for all of them."""
    assert successors(read_objects(*now)) is None


def test_a_pod_becomes_its_controller() -> None:
    """Whatever its name was."""
    sent = read_objects(bare_pod("shop", containers("web")))
    becomes = Controller("apps/v1", "Deployment", "mall", {}, {}, {})
    planned = plan_for(sent.workloads[0], action="wrap", controller=becomes)
    now = read_objects(controller("Deployment", "mall", containers("web")))
    assert find_successors(planned, sets_of(sent, now, Stage.EXPAND)) == now.workloads


def test_a_successor_may_have_a_file_of_its_own() -> None:
    """The one that is planned, no other."""
    sent, text = read_objects(OLD), json.dumps(MOVED)
    after = sent.workloads[0].resource
    planned = [new_object(after, "Deployment", "shop-queue", path="1.yaml")]
    beside = [new_object(after, "Deployment", "shop-queue")]
    other = [new_object(after, "Service", "shop-queue", path="1.yaml")]
    both = read(json.dumps(STAYS), text)
    assert successors(both, objects=planned) == ["Deployment/shop", "Deployment/shop-queue"]
    assert successors(both, objects=beside) is None
    assert successors(both, objects=other) is None
    assert successors(read_objects(STAYS, MOVED), objects=planned) is None


# The object


@pytest.mark.parametrize(
    ("kind", "spec", "is_wrong"),
    [
        ("Deployment", {}, False),
        ("Deployment", {"minReadySeconds": 9}, True),
        ("Deployment", {"progressDeadlineSeconds": 9}, True),
        ("StatefulSet", {"serviceName": "other"}, True),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, True),
        ("StatefulSet", {"podManagementPolicy": "Parallel"}, True),
        ("DaemonSet", {"updateStrategy": {"type": "OnDelete"}}, True),
        ("Job", {"parallelism": 2}, True),
        ("Job", {"completions": 2}, True),
        ("Job", {"backoffLimit": 2}, True),
    ],
)
def test_a_controller_is_what_it_was_in_all_but_its_pods(
    kind: str, spec: dict[str, Any], is_wrong: bool
) -> None:
    """How it names, replaces and counts them is its owner's to decide."""
    before = controller(kind, "shop", containers("web"))
    after = controller(kind, "shop", containers("web"), **spec)
    message = ("references", f"{kind}/shop has changed in more than its Pods")
    assert (message in problems_of(read_objects(before), read_objects(after), moves=())) is is_wrong


def test_an_object_keeps_its_own_labels() -> None:
    """Those of a controller, and those of a Pod that becomes one."""
    shop = controller("Deployment", "shop", containers("web"))
    other = copy.deepcopy(shop)
    other["metadata"]["labels"] = {"app": "mall"}
    assert problems_of(read_objects(shop), read_objects(other), moves=()) == [
        ("references", "Deployment/shop has changed in more than its Pods")
    ]


# Containers


def lacking(name: str, there: int, wanted: int, stage: str) -> tuple[str, str]:
    """The message that a container is not where it was to be."""
    message = f"{name} is in {there} workloads, not in {wanted}, in stage {stage}"
    return "containers", message


@pytest.mark.parametrize(
    ("now", "stage", "problem"),
    [
        pytest.param([STAYS, MOVED], Stage.SWITCH, lacking("queue", 1, 2, "switch"), id="early"),
        pytest.param([OLD, MOVED], Stage.CONTRACT, lacking("queue", 2, 1, "contract"), id="both"),
        pytest.param(
            [STAYS, controller("Deployment", "shop-queue", containers())],
            Stage.CONTRACT,
            lacking("queue", 0, 1, "contract"),
            id="nowhere",
        ),
        pytest.param([STAYS], Stage.EXPAND, lacking("queue", 0, 1, "expand"), id="too early"),
        pytest.param(
            [OLD, controller("Deployment", "shop-queue", containers())],
            Stage.CONTRACT,
            lacking("queue", 1, 1, "contract"),
            id="still in the old one",
        ),
        pytest.param(
            [STAYS, controller("Deployment", "shop-queue", containers("web", "queue"))],
            Stage.CONTRACT,
            lacking("web", 2, 1, "contract"),
            id="another one too",
        ),
    ],
)
def test_a_container_that_is_not_where_it_was_to_be(
    now: list[Manifest], stage: Stage, problem: tuple[str, str]
) -> None:
    """In the old workload until the last stage, and in the new one from its stage on."""
    assert problem in problems(*now, stage=stage)


def test_a_container_that_is_not_what_it_was() -> None:
    """In any of the workloads that it is in."""
    other = controller("Deployment", "shop-queue", {"containers": [container("queue", "x")]})
    changed = ("containers", "queue has changed in Deployment/shop-queue")
    assert problems(STAYS, other) == [changed]
    assert problems(OLD, other, stage=Stage.SWITCH) == [changed]


def test_ephemeral_containers_need_not_be_there() -> None:
    """They were made for one Pod that ran."""
    pod = {**containers("web", "queue"), "ephemeralContainers": [container("debug")]}
    assert problems(STAYS, MOVED, before=[controller("Deployment", "shop", pod)]) == []


PREPARED = {**containers("web", "queue"), "initContainers": [container("setup")]}
PREPARING = Move(("queue", "setup"), "Deployment", "shop-queue", Stage.SWITCH)
INIT = ("spec", "template", "spec", "initContainers")


@pytest.mark.parametrize(
    ("removed", "stays"), [((), True), ((*INIT, 0), False), (INIT, False)], ids=["", "it", "all"]
)
def test_a_container_that_is_copied_stays_where_nothing_removes_it(
    removed: tuple[str | int, ...], *, stays: bool
) -> None:
    """An init container may prepare both groups; its list may be removed as a whole."""
    sent = read_objects(controller("Deployment", "shop", PREPARED))
    steps = (step(sent.workloads[0].resource, Remove(removed)),) if removed else ()
    moved = controller(
        "Deployment", "shop-queue", {**containers("queue"), "initContainers": [container("setup")]}
    )
    with_it = controller(
        "Deployment", "shop", {**containers("web"), "initContainers": [container("setup")]}
    )
    right, wrong = (with_it, STAYS) if stays else (STAYS, with_it)
    parts: dict[str, Any] = {"moves": (PREPARING,), "steps": steps}
    assert problems_of(sent, read_objects(right, moved), **parts) == []
    assert problems_of(sent, read_objects(wrong, moved), **parts) != []


def test_a_container_that_is_changed_is_not_removed() -> None:
    """An operation inside a container has its route too."""
    sent = read_objects(controller("Deployment", "shop", PREPARED))
    change = step(sent.workloads[0].resource, AddEntry((*INIT, 0), "stdin", value=False))
    setup = {"initContainers": [container("setup")]}
    stays = controller("Deployment", "shop", {**containers("web"), **setup})
    moved = controller("Deployment", "shop-queue", {**containers("queue"), **setup})
    now = read_objects(stays, moved)
    assert problems_of(sent, now, moves=(PREPARING,), steps=(change,)) == []


def test_a_container_that_is_removed_and_does_not_move_is_lost() -> None:
    """No plan may leave one out."""
    sent = read_objects(OLD)
    resource = sent.workloads[0].resource
    removal = step(resource, Remove((*sent.workloads[0].pod_route, "containers", 1)))
    found = problems_of(sent, read_objects(STAYS), moves=(), steps=(removal,))
    assert found == [lacking("queue", 0, 1, "contract")]


def test_a_container_of_a_list_is_removed_by_its_place_in_the_document() -> None:
    """The route of a step starts at the document, so with the item."""
    sent = read_objects({"apiVersion": "v1", "kind": "List", "items": [OLD]})
    now = read_objects({"apiVersion": "v1", "kind": "List", "items": [STAYS, MOVED]})
    assert problems_of(sent, now, moves=(MOVE,)) == []


# Pods


def test_pods_that_start_otherwise_are_wrong() -> None:
    """A container may not stand in a workload twice, whatever else is right."""
    twice = controller("Deployment", "shop", containers("web", "web"))
    message = "Deployment/shop doesn't start the containers of Deployment/shop as it did"
    assert problems(twice, MOVED) == [("containers", message)]


def test_workloads_that_make_another_number_of_pods_are_wrong() -> None:
    """What moved from an autoscaler may have a number of its own."""
    message = "doesn't make the Pods that Deployment/shop made, in number or in time"
    three = {**MOVED, "spec": {**MOVED["spec"], "replicas": 3}}
    assert problems(STAYS, three) == []
    own = {**STAYS, "spec": {**STAYS["spec"], "replicas": 3}}
    assert problems(own, MOVED) == [("containers", f"Deployment/shop {message}")]
    old = {**OLD, "spec": {**OLD["spec"], "replicas": 3}}
    assert problems(own, MOVED, before=[old]) == [
        ("containers", f"Deployment/shop-queue {message}")
    ]


def test_workloads_that_replace_their_pods_otherwise_are_wrong() -> None:
    """A new one may do without the strategy that is the default."""
    message = (
        "doesn't replace its Pods as Deployment/shop did, or starts a second one on the same data"
    )
    rolling, recreate = {"strategy": {"type": "RollingUpdate"}}, {"strategy": {"type": "Recreate"}}
    own = {**STAYS, "spec": {**STAYS["spec"], **recreate}}
    assert problems(own, MOVED) == [("containers", f"Deployment/shop {message}")]
    old = {**OLD, "spec": {**OLD["spec"], **rolling}}
    kept = {**STAYS, "spec": {**STAYS["spec"], **rolling}}
    assert problems(kept, MOVED, before=[old]) == []
    old = {**OLD, "spec": {**OLD["spec"], **recreate}}
    assert problems(own, MOVED, before=[old]) == [
        ("containers", f"Deployment/shop-queue {message}")
    ]


def test_pods_with_other_labels_or_annotations_are_wrong() -> None:
    """A new workload's differ in one label, the old one's in none."""
    message = "don't have the labels and annotations of those of Deployment/shop"
    for wrong in (
        controller("Deployment", "shop", containers("web"), labels={"app": "mall"}),
        controller("Deployment", "shop", containers("web"), annotations={"team": "a"}),
    ):
        wrong["spec"]["selector"] = OLD["spec"]["selector"]
        assert ("references", f"the Pods of Deployment/shop {message}") in problems(wrong, MOVED)
    annotated = controller("Deployment", "shop-queue", containers("queue"), annotations={"a": "b"})
    assert problems(STAYS, annotated) == [
        ("references", f"the Pods of Deployment/shop-queue {message}")
    ]


# Copies of a Pod

POD = bare_pod("web-0", containers("web"), labels={"app": "web"})
COPY = bare_pod("web-1", containers("web"), labels={"app": "web"})
MERGED = controller("Deployment", "web", containers("web"), replicas=2)
BECOMES = Controller("apps/v1", "Deployment", "web", {"app": "web"}, {}, {})


def merged(
    *now: Manifest, before: Sequence[Manifest] = (POD, COPY), **plan: Any
) -> list[tuple[str, str]]:
    """What is wrong with copies of a Pod that become one controller."""
    sent = read_objects(*before)
    _, *copies = sent.workloads
    return problems_of(
        sent,
        read_objects(*now),
        action="wrap",
        moves=(),
        controller=BECOMES,
        copies=tuple(copies),
        **plan,
    )


def test_copies_that_become_a_controller_of_as_many_are_right() -> None:
    """In every stage."""
    for stage in Stage:
        assert merged(MERGED, stage=stage) == []


def test_a_copy_that_stays_is_wrong() -> None:
    """It would run beside the new ones."""
    found = merged(MERGED, COPY)
    assert ("containers", "Pod/web-1 is still there beside Deployment/web") in found


def test_another_number_of_copies_is_wrong() -> None:
    """The controller stands for the first Pod and its copies."""
    for replicas in (1, 3):
        other = controller("Deployment", "web", containers("web"), replicas=replicas)
        message = "Deployment/web doesn't make the Pods that Pod/web-0 made, in number or in time"
        assert merged(other) == [("containers", message)]


@pytest.mark.parametrize(
    "pod",
    [
        {"containers": [container("web", "acme/other:1")]},
        containers("web", "more"),
    ],
    ids=["another image", "a container more"],
)
def test_a_copy_whose_containers_are_lost_is_wrong(pod: dict[str, Any]) -> None:
    """The controller has those of each of them."""
    found = merged(MERGED, before=[POD, bare_pod("web-1", pod, labels={"app": "web"})])
    assert found == [("containers", "Deployment/web doesn't have the containers of Pod/web-1")]


def test_containers_of_copies_may_have_moved() -> None:
    """A wrap and a split may come together: all of a copy's containers are in some workload."""
    before = [
        bare_pod(f"shop-{number}", containers("web", "queue"), labels={"app": "shop"})
        for number in range(2)
    ]
    sent = read_objects(*before)
    own, second = sent.workloads
    now = [
        controller("Deployment", "shop", containers("web"), replicas=2),
        controller("Deployment", "shop-queue", containers("queue"), replicas=2),
    ]
    becomes = Controller("apps/v1", "Deployment", "shop", {"app": "shop"}, {}, {})
    removal = step(own.resource, Remove(("spec", "containers", 1)))
    found = problems_of(
        sent, read_objects(*now), controller=becomes, copies=(second,), steps=(removal,)
    )
    assert found == []


def on_node(name: str, node: str) -> Manifest:
    """A Pod that is pinned to a node."""
    return bare_pod(name, {**containers("web"), "nodeName": node}, labels={"app": "web"})


def on_nodes(*nodes: str) -> Manifest:
    """A DaemonSet that runs on some nodes."""
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": list(nodes)}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    return controller(
        "DaemonSet", "web", {**containers("web"), "affinity": {"nodeAffinity": required}}
    )


@pytest.mark.parametrize(
    ("nodes", "is_right"),
    [(["b", "a"], True), (["a"], False), (["a", "c"], False), (["a", "b", "c"], False)],
)
def test_copies_stay_on_their_nodes(nodes: list[str], *, is_right: bool) -> None:
    """One Pod on each node that had one, and on no other."""
    sent = read_objects(on_node("web-0", "a"), on_node("web-1", "b"))
    found = problems_of(
        sent,
        read_objects(on_nodes(*nodes)),
        action="wrap",
        moves=(),
        controller=Controller("apps/v1", "DaemonSet", "web", {"app": "web"}, {}, {}),
        copies=sent.workloads[1:],
    )
    message = "DaemonSet/web doesn't run on the nodes that its Pods were on"
    assert found == ([] if is_right else [("containers", message)])


def test_a_pod_alone_may_leave_its_node() -> None:
    """That of a live export was chosen by the scheduler."""
    live = {**on_node("web", "a"), "status": {}}
    one = controller("Deployment", "web", containers("web"), replicas=1)
    assert merged(one, before=[live]) == []


# Mounts


def mounting(volume: dict[str, Any], *names: str) -> dict[str, Any]:
    """A Pod whose containers mount a volume."""
    mounts = [{"name": "data", "mountPath": "/data"}]
    return {
        "containers": [container(name, volumeMounts=mounts) for name in names],
        "volumes": [{"name": "data", **volume}],
    }


FILES = {"configMap": {"name": "files"}}


def test_a_container_that_mounts_something_else_is_wrong() -> None:
    """In the old workload and in the new one."""
    before = [controller("Deployment", "shop", mounting(FILES, "web", "queue"))]
    stays = controller("Deployment", "shop", mounting(FILES, "web"))
    moved = controller("Deployment", "shop-queue", mounting(FILES, "queue"))
    assert problems(stays, moved, before=before) == []
    message = "{} mounts something else than it did in Deployment/shop"
    other = controller("Deployment", "shop-queue", mounting({"emptyDir": {}}, "queue"))
    assert problems(stays, other, before=before) == [("mounts", message.format("queue"))]
    other = controller("Deployment", "shop", mounting({"emptyDir": {}}, "web"))
    assert problems(other, moved, before=before) == [("mounts", message.format("web"))]


def test_a_container_that_there_was_not_mounts_something_else() -> None:
    """Nothing is known of it."""
    more = controller("Deployment", "shop-queue", containers("queue", "more"))
    message = "more mounts something else than it did in Deployment/shop"
    assert ("mounts", message) in problems(STAYS, more)


def test_each_copy_keeps_its_own_volumes() -> None:
    """The controller mounts what each of them did."""
    before = [bare_pod(f"web-{n}", mounting(FILES, "web"), labels={"app": "web"}) for n in range(2)]
    now = controller("Deployment", "web", mounting(FILES, "web"), replicas=2)
    assert merged(now, before=before) == []
    other = bare_pod("web-1", mounting({"emptyDir": {}}, "web"), labels={"app": "web"})
    message = "web mounts something else than it did in Pod/web-1"
    assert merged(now, before=[before[0], other]) == [("mounts", message)]


# What containers share, and ConfigMaps


def test_a_field_of_the_pod_that_is_not_what_it_was() -> None:
    """Of the old workload and of the new one, by its name."""
    other = {"serviceAccountName": "other"}
    own = controller("Deployment", "shop", {**containers("web"), **other})
    new = controller("Deployment", "shop-queue", {**containers("queue"), **other})
    message = "serviceAccountName of {} is not what it was"
    assert problems(own, MOVED) == [("references", message.format("Deployment/shop"))]
    assert problems(STAYS, new) == [("references", message.format("Deployment/shop-queue"))]


def test_a_field_that_says_nothing_may_go_from_new_workloads_only() -> None:
    """The old workload's text is what it was."""
    said = {"hostNetwork": False}
    before = [controller("Deployment", "shop", {**containers("web", "queue"), **said})]
    kept = controller("Deployment", "shop", {**containers("web"), **said})
    assert problems(kept, MOVED, before=before) == []
    assert problems(STAYS, MOVED, before=before) == [
        ("references", "hostNetwork of Deployment/shop is not what it was")
    ]


def test_what_copies_differ_in_is_not_compared() -> None:
    """Their host names are made by the controller; one Pod alone keeps its own."""
    named = [
        bare_pod(f"web-{n}", {**containers("web"), "hostname": f"web-{n}"}, labels={"app": "web"})
        for n in range(2)
    ]
    assert merged(MERGED, before=named) == []
    one = controller("Deployment", "web", containers("web"), replicas=1)
    assert merged(one, before=named[:1]) == [
        ("references", "hostname of Deployment/web is not what it was")
    ]


CONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "web"},
    "data": {"a": "localhost:5672", "b": "x"},
}
BROKER = manifest(
    "Service", "broker", {"selector": {"app": "shop-queue"}, "ports": [{"port": 5672}]}
)


@pytest.mark.parametrize(
    ("data", "stage", "is_right"),
    [
        ({"a": "broker:5672", "b": "x"}, Stage.CONTRACT, True),
        ({"a": "localhost:5672", "b": "x"}, Stage.CONTRACT, False),
        ({"a": "broker:5672", "b": "y"}, Stage.CONTRACT, False),
        ({"a": "broker:5672"}, Stage.CONTRACT, False),
        (None, Stage.CONTRACT, False),
        ({"a": "localhost:5672", "b": "x"}, Stage.SWITCH, True),
        ({"a": "broker:5672", "b": "x"}, Stage.SWITCH, False),
    ],
    ids=["rewired", "not rewired", "other too", "other lost", "gone", "not yet", "too early"],
)
def test_a_config_map_changes_in_its_addresses_only(
    data: dict[str, str] | None, stage: Stage, *, is_right: bool
) -> None:
    """From the stage on that is planned."""
    sent = read_objects(OLD, CONFIG, {**CONFIG, "metadata": {"name": "other"}})
    change = SetValue(("data", "a"), "broker:5672", int(Stage.CONTRACT))
    now = [STAYS if stage is Stage.CONTRACT else OLD, MOVED, BROKER]
    now += [] if data is None else [{**CONFIG, "data": data}]
    found = problems_of(
        sent, read_objects(*now), stage=stage, steps=(step(find(sent, "ConfigMap/web"), change),)
    )
    message = "ConfigMap/web is not what it was, but for the rewired addresses"
    assert found == ([] if is_right else [("references", message)])


def test_each_config_map_gets_its_own_values() -> None:
    """One key may stand in two of them."""
    second = {**CONFIG, "metadata": {"name": "second"}}
    sent = read_objects(OLD, CONFIG, second)
    steps = tuple(
        step(find(sent, f"ConfigMap/{name}"), SetValue(("data", "a"), value, int(Stage.EXPAND)))
        for name, value in (("web", "broker:5672"), ("second", "broker:80"))
    )
    broker = copy.deepcopy(BROKER)
    broker["spec"]["ports"].append({"port": 80, "targetPort": 5672})
    now = [STAYS, MOVED, broker]
    now += [{**CONFIG, "data": {**CONFIG["data"], "a": "broker:5672"}}]
    now += [{**second, "data": {**CONFIG["data"], "a": "broker:80"}}]
    assert problems_of(sent, read_objects(*now), steps=steps) == []

"""Whether Service ports, and addresses that containers are told, lead where they led.

One file, as the module is one: each section has the tables of one of its functions.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.change import Move
from service.classification.knowledge import load_catalogue
from service.findings import Stage
from service.verification.services import (
    StageTransition,
    find_misdirected_addresses,
    find_misrouted_services,
)
from service.yamldoc.operations import SetValue
from tests.support.planning import read
from tests.support.verifying import (
    Manifest,
    bare_pod,
    container,
    controller,
    find,
    manifest,
    new_object,
    plan_for,
    read_objects,
    step,
    successors_in,
)

WEB = container("web", ports=[{"containerPort": 80, "name": "http"}])
QUEUE = container("queue", ports=[{"containerPort": 5672, "name": "amqp"}])
UNNAMED = container("queue", ports=[{"containerPort": 5672}])


def pods(name: str, *own: dict[str, Any], **labels: str) -> Manifest:
    """A Deployment of containers, whose Pods have the label `app` and others."""
    return controller("Deployment", name, {"containers": list(own)}, labels={"app": name, **labels})


OLD = pods("shop", WEB, UNNAMED)
BOTH = pods("shop", WEB, QUEUE, of="shop")
"""The old workload once its ports have names, and its Pods the label that all will have."""
STAYS = pods("shop", WEB, of="shop")
MOVED = pods("shop-queue", QUEUE, of="shop")


def service(selector: dict[str, str], *ports: Any, name: str = "shop", **spec: Any) -> Manifest:
    """A Service."""
    return manifest("Service", name, {"selector": selector, "ports": list(ports), **spec})


HTTP = {"name": "http", "port": 80}
AMQP = {"name": "amqp", "port": 5672}
BY_NAME = ({**HTTP, "targetPort": "http"}, {**AMQP, "targetPort": "amqp"})
BEFORE = service({"app": "shop"}, HTTP, AMQP)
AFTER = service({"of": "shop"}, *BY_NAME)
MOVE = Move(("queue",), "Deployment", "shop-queue", Stage.SWITCH)
LATE = Move(("queue",), "Deployment", "shop-queue", Stage.CONTRACT)


def misrouted(
    before: Manifest,
    *after: Manifest,
    old: Manifest = OLD,
    previous: tuple[Manifest, ...] | None = None,
    successors: tuple[Manifest, ...] = (STAYS, MOVED),
    others: tuple[Manifest, ...] = (),
    stage: Stage = Stage.CONTRACT,
    move: Move = MOVE,
    new: str = "",
) -> list[str]:
    """What is wrong with Services in a stage.

    Args:
        before: the Service as it was.
        after: the Services as they are.
        old: the workload.
        previous: the workloads in the stage before; those of the stage if None.
        successors: the workloads of the stage.
        others: what else there is, before and after.
        stage: the stage.
        move: what moves.
        new: the name of a Service that is planned.
    """
    sent, now = read_objects(old, before, *others), read_objects(*successors, *after, *others)
    workload = sent.workloads[0]
    objects = (new_object(workload.resource, "Service", new),) if new else ()
    names = [data["metadata"]["name"] for data in successors]
    there = successors_in(now, names)
    transition = StageTransition(
        plan=plan_for(workload, moves=(move,), objects=objects),
        catalogue=load_catalogue(),
        stage=stage,
        previous=there if previous is None else read_objects(*previous).workloads,
        previous_set=now.manifests,
        successors=there,
    )
    return list(find_misrouted_services(sent.manifests, now.manifests, transition))


# Whom a port reaches


def test_a_service_that_reaches_each_container_where_it_is_now() -> None:
    """By a label that both groups have, and the names of ports."""
    assert misrouted(BEFORE, AFTER) == []


def test_a_service_for_one_group_may_ask_for_its_label() -> None:
    """A number is enough where only one workload is selected."""
    before = service({"app": "shop"}, AMQP)
    assert misrouted(before, service({"app": "shop-queue"}, AMQP)) == []


def test_a_service_that_is_gone_is_wrong() -> None:
    """Its clients find nobody; one of another name is no help."""
    assert misrouted(BEFORE) == ["Service shop is gone"]
    other = service({"of": "shop"}, *BY_NAME, name="other")
    assert "Service shop is gone" in misrouted(BEFORE, other, new="other")


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(service({"of": "shop"}, *BY_NAME, type="NodePort"), id="type"),
        pytest.param(service({"of": "shop"}, *BY_NAME, sessionAffinity="x"), id="another field"),
        pytest.param(
            service({"of": "shop"}, {**BY_NAME[0], "name": "web"}, BY_NAME[1]), id="name of a port"
        ),
        pytest.param(
            service({"of": "shop"}, {**BY_NAME[0], "nodePort": 30000}, BY_NAME[1]), id="node port"
        ),
        pytest.param(service({"of": "shop"}, *BY_NAME, {"port": 1}), id="a port more"),
        pytest.param({**AFTER, "metadata": {"name": "shop", "labels": {"a": "b"}}}, id="label"),
    ],
)
def test_a_service_is_what_it_was_but_for_whom_it_leads_to(after: Manifest) -> None:
    """Selector and target ports may change, nothing else."""
    assert misrouted(BEFORE, after) == ["Service shop is not what it was, but for whom it leads to"]


def test_a_port_that_reaches_another_workload_too_is_wrong() -> None:
    """A number is reached in the Pods of both groups, whoever listens there."""
    by_number = service({"of": "shop"}, *BY_NAME[:1], AMQP)
    problem = "port 5672 of Service shop reaches Pods of Deployment/shop, which don't serve it,"
    assert misrouted(BEFORE, by_number) == [
        f"{problem} in stage contract",
        f"{problem} when stage contract begins",
        f"{problem} while stage contract is applied",
    ]


def test_a_port_that_leads_to_another_number_is_wrong() -> None:
    """Something else may listen there."""
    elsewhere = container(
        "queue", ports=[{"containerPort": 5673, "name": "amqp"}, {"containerPort": 5672}]
    )
    found = misrouted(BEFORE, AFTER, successors=(STAYS, pods("shop-queue", elsewhere, of="shop")))
    problem = "port 5672 of Service shop reaches"
    workload = "Pods of Deployment/shop-queue, which don't serve it,"
    assert found == [
        f"{problem} {workload} in stage contract",
        f"{problem} {workload} when stage contract begins",
        f"{problem} {workload} while stage contract is applied",
        f"{problem} nobody in stage contract",
    ]


def test_a_port_that_leads_to_another_container_is_wrong() -> None:
    """Even where the number is the same."""
    other = container("other", ports=QUEUE["ports"])
    successors = (STAYS, pods("shop-queue", other, container("queue"), of="shop"))
    assert "port 5672 of Service shop reaches nobody in stage contract" in misrouted(
        BEFORE, AFTER, successors=successors
    )


def test_a_port_that_leads_to_nobody_is_wrong() -> None:
    """No Pod has the name, or the label."""
    nobody = ["port 5672 of Service shop reaches nobody in stage contract"]
    unknown = service({"of": "shop"}, BY_NAME[0], {**AMQP, "targetPort": "mail"})
    assert misrouted(BEFORE, unknown) == nobody
    assert misrouted(BEFORE, service({"app": "shop"}, *BY_NAME)) == nobody


def test_a_port_that_is_gone_is_wrong() -> None:
    """For each workload that is selected, at each moment."""
    gone = "port 5672 of Service shop is gone"
    assert misrouted(BEFORE, service({"of": "shop"}, BY_NAME[0])) == [
        "Service shop is not what it was, but for whom it leads to",
        *[f"{gone} in stage contract"] * 2,
        *[f"{gone} when stage contract begins"] * 2,
        *[f"{gone} while stage contract is applied"] * 2,
        "port 5672 of Service shop reaches nobody in stage contract",
    ]


def test_ports_are_compared_by_their_places() -> None:
    """What is no port keeps its place, and so do two of one number."""
    twice = ({"name": "a", "port": 80}, {"name": "b", "port": 80, "targetPort": 5672})
    after = ({**twice[0], "targetPort": "http"}, {**twice[1], "targetPort": "amqp"})
    before = service({"app": "shop"}, *twice)
    assert misrouted(before, service({"of": "shop"}, *after)) == []
    swapped = ({**twice[0], "targetPort": "amqp"}, {**twice[1], "targetPort": "http"})
    assert misrouted(before, service({"of": "shop"}, *swapped)) != []


def test_a_port_that_nobody_was_known_to_serve_is_not_looked_at() -> None:
    """There is nothing to compare it with."""
    before = service({"app": "shop"}, {"port": 9000})
    assert misrouted(before, service({"app": "shop-queue"}, {"port": 9000})) == []


SPEAKING = container("queue", args=["--port=5672"])


def test_an_undeclared_port_is_served_where_the_container_is() -> None:
    """A number reaches whoever listens in the Pod."""
    old, moved = pods("shop", WEB, SPEAKING), pods("shop-queue", SPEAKING, of="shop")
    before = service({"app": "shop"}, AMQP)
    after = service({"app": "shop-queue"}, AMQP)
    assert misrouted(before, after, old=old, successors=(STAYS, moved)) == []
    unchanged = misrouted(before, before, old=old, successors=(STAYS, moved))
    assert "port 5672 of Service shop reaches nobody in stage contract" in unchanged


def test_an_undeclared_port_is_served_beside_other_containers() -> None:
    """One of the Pod's containers listens there."""
    old = pods("shop", WEB, SPEAKING)
    before = service({"app": "shop"}, AMQP)
    assert misrouted(before, before, old=old, successors=(old,), stage=Stage.EXPAND) == []


def test_an_init_container_serves_nothing() -> None:
    """The container of that name has to run."""
    old = pods("shop", WEB, SPEAKING)
    moved = controller(
        "Deployment", "shop-queue", {"containers": [WEB], "initContainers": [SPEAKING]}
    )
    before, after = service({"app": "shop"}, AMQP), service({"app": "shop-queue"}, AMQP)
    assert "port 5672 of Service shop reaches nobody in stage contract" in misrouted(
        before, after, old=old, successors=(STAYS, moved)
    )


# Between stages


def test_a_service_that_asks_for_a_name_which_its_pods_get_in_the_same_stage_is_wrong() -> None:
    """Services change at once, Pods one after another: those that run have no such name yet."""
    gap = "port {} of Service shop reaches nobody while stage switch is applied"
    old = pods("shop", container("web", ports=[{"containerPort": 80}]), UNNAMED)
    found = misrouted(
        BEFORE,
        service({"app": "shop"}, *BY_NAME),
        old=old,
        previous=(old,),
        successors=(BOTH, MOVED),
        stage=Stage.SWITCH,
    )
    assert found == [gap.format(80), gap.format(5672)]


def test_a_service_that_asks_for_a_label_which_its_pods_get_in_the_same_stage_is_wrong() -> None:
    """The Pods that run don't have it yet."""
    gap = "port {} of Service shop reaches nobody while stage expand is applied"
    found = misrouted(
        BEFORE, AFTER, previous=(pods("shop", WEB, QUEUE),), successors=(BOTH,), stage=Stage.EXPAND
    )
    assert found == [gap.format(80), gap.format(5672)]


def test_a_service_that_asks_for_what_its_pods_got_a_stage_before_is_right() -> None:
    """The Pods of the stage before serve until the new ones do."""
    expanded = misrouted(BEFORE, BEFORE, previous=(OLD,), successors=(BOTH,), stage=Stage.EXPAND)
    assert expanded == []
    switched = misrouted(
        BEFORE, AFTER, previous=(BOTH,), successors=(BOTH, MOVED), stage=Stage.SWITCH
    )
    assert switched == []
    contracted = misrouted(BEFORE, AFTER, previous=(BOTH, MOVED), successors=(STAYS, MOVED))
    assert contracted == []


def test_a_container_that_leaves_where_its_new_pods_only_start_is_wrong() -> None:
    """Nobody serves until they are ready."""
    found = misrouted(
        BEFORE, AFTER, previous=(BOTH,), successors=(STAYS, MOVED), stage=Stage.SWITCH
    )
    assert found == ["port 5672 of Service shop reaches nobody while stage switch is applied"]


def test_what_takes_over_data_starts_when_the_old_pods_are_gone() -> None:
    """The change says that nobody reaches it in between; the others are reached."""
    parts: dict[str, Any] = {"previous": (BOTH,), "successors": (STAYS, MOVED)}
    gap = "port 5672 of Service shop reaches nobody while stage contract is applied"
    assert misrouted(BEFORE, AFTER, **parts, move=LATE) == []
    assert misrouted(BEFORE, AFTER, **parts, move=MOVE) == [gap]
    other = Move(("web",), "Deployment", "shop-web", Stage.CONTRACT)
    assert misrouted(BEFORE, AFTER, **parts, move=other) == [gap]
    early = gap.replace("contract", "add")
    assert misrouted(BEFORE, AFTER, **parts, move=LATE, stage=Stage.ADD) == [early]
    assert misrouted(BEFORE, AFTER, **parts, move=MOVE, stage=Stage.ADD) == [early]


def test_a_pod_that_becomes_a_controller_is_one_workload_all_along() -> None:
    """What reaches the Pod and then its controller's Pods reaches somebody at every moment."""
    pod = bare_pod("shop", {"containers": [WEB, QUEUE]})
    assert misrouted(BEFORE, BEFORE, old=pod, previous=(pod,), successors=(BOTH,)) == []


# Services that select what they did not


def test_another_service_that_selects_new_pods_is_wrong() -> None:
    """It would lead some of its clients to them."""
    other = service({"of": "shop"}, HTTP, name="other")
    second = service({"app": "shop-queue"}, HTTP, name="another")
    assert misrouted(BEFORE, AFTER, others=(other, second)) == [
        "Service another selects Pods that it did not select",
        "Service other selects Pods that it did not select",
    ]


def test_another_service_that_selects_other_pods_is_right() -> None:
    """It has nothing to do with the workload."""
    assert misrouted(BEFORE, AFTER, others=(service({"app": "other"}, HTTP, name="other"),)) == []


def test_services_of_other_environments_are_left_out() -> None:
    """A Service is looked at from where its workload is."""
    before = "---\n".join(json.dumps(data) + "\n" for data in (OLD, BEFORE))
    after = "---\n".join(json.dumps(data) + "\n" for data in (STAYS, MOVED, AFTER))
    elsewhere = json.dumps(service({"app": "shop", "of": "shop"}, HTTP, AMQP))
    sent, now = read(before, elsewhere), read(after, elsewhere)
    transition = StageTransition(
        plan=plan_for(sent.workloads[0], moves=(MOVE,)),
        catalogue=load_catalogue(),
        stage=Stage.CONTRACT,
        previous=now.workloads[:2],
        previous_set=now.manifests,
        successors=now.workloads[:2],
    )
    assert list(find_misrouted_services(sent.manifests, now.manifests, transition)) == []
    sent = read(before, json.dumps(service({"app": "shop"}, HTTP, AMQP)))
    assert list(find_misrouted_services(sent.manifests, now.manifests, transition)) == []


def test_a_service_in_another_namespace_is_left_out() -> None:
    """It selects Pods of its own namespace."""
    other = service({"of": "shop"}, HTTP, name="other")
    other["metadata"]["namespace"] = "elsewhere"
    there = [
        {**data, "metadata": {**data["metadata"], "namespace": "here"}}
        for data in (OLD, STAYS, MOVED)
    ]
    here = [
        {**data, "metadata": {**data["metadata"], "namespace": "here"}} for data in (BEFORE, AFTER)
    ]
    found = misrouted(
        here[0], here[1], old=there[0], successors=(there[1], there[2]), others=(other,)
    )
    assert found == []


# New Services


def test_a_new_service_leads_to_the_workloads_alone() -> None:
    """One for the queue, by its label."""
    new = service({"app": "shop-queue"}, AMQP, name="shop-queue")
    assert misrouted(BEFORE, AFTER, new, new="shop-queue") == []


@pytest.mark.parametrize(
    ("selector", "stage", "is_right"),
    [
        ({"app": "nobody"}, Stage.CONTRACT, False),
        ({"app": "nobody"}, Stage.SWITCH, True),
        ({}, Stage.CONTRACT, False),
        ({"tier": "back"}, Stage.CONTRACT, False),
        ({"tier": "back"}, Stage.SWITCH, False),
    ],
    ids=["nobody", "nobody yet", "no selector", "others too", "others too, earlier"],
)
def test_a_new_service_that_leads_elsewhere_is_wrong(
    selector: dict[str, str], stage: Stage, *, is_right: bool
) -> None:
    """To nobody in the end, or to the Pods of others."""
    moved = pods("shop-queue", QUEUE, of="shop", tier="back")
    other = pods("other", QUEUE, tier="back")
    new = service(selector, AMQP, name="new")
    found = misrouted(
        BEFORE, AFTER, new, successors=(STAYS, moved), others=(other,), stage=stage, new="new"
    )
    message = "the new Service new doesn't lead to the new workload alone"
    assert found == ([] if is_right else [message])


def test_a_new_service_does_not_lead_to_other_environments() -> None:
    """A workload of the same name in another file is another overlay's."""
    new = service({"app": "shop-queue"}, AMQP, name="new")
    text = "---\n".join(json.dumps(data) + "\n" for data in (STAYS, MOVED, new))
    sent, now = read_objects(OLD), read(text, json.dumps(MOVED))
    old = sent.workloads[0]
    transition = StageTransition(
        plan=plan_for(old, objects=(new_object(old.resource, "Service", "new"),)),
        catalogue=load_catalogue(),
        stage=Stage.CONTRACT,
        previous=now.workloads[:2],
        previous_set=now.manifests,
        successors=now.workloads[:2],
    )
    assert list(find_misrouted_services(sent.manifests, now.manifests, transition)) == []


def test_new_objects_of_other_kinds_are_no_services() -> None:
    """A policy has a Pod selector of its own."""
    inputs = read_objects(STAYS, MOVED, manifest("NetworkPolicy", "new"))
    old = read_objects(OLD).workloads[0]
    new = new_object(inputs.workloads[0].resource, "NetworkPolicy", "new")
    transition = StageTransition(
        plan=plan_for(old, objects=(new,)),
        catalogue=load_catalogue(),
        stage=Stage.CONTRACT,
        previous=inputs.workloads,
        previous_set=inputs.manifests,
        successors=inputs.workloads,
    )
    assert (
        list(find_misrouted_services(read_objects(OLD).manifests, inputs.manifests, transition))
        == []
    )


# Addresses


def told(args: list[str], *rest: Manifest, name: str = "web", **fields: Any) -> list[str]:
    """What is wrong with the addresses that a container is told once a queue has moved away.

    Args:
        args: what it is told, then what it was told.
        rest: the Services.
        name: the container's name.
        fields: what else its workload has.
    """
    now, was = args
    old = pods("shop", container("web", args=["-v", was]), QUEUE)
    stays = pods("shop", container(name, args=["-v", now]), **fields)
    sent, after = read_objects(old), read_objects(stays, MOVED, *rest)
    return addressed(sent, after)


def addressed(sent: Any, after: Any, *steps: Any, stage: Stage = Stage.CONTRACT) -> list[str]:
    """What is wrong with the addresses in a stage."""
    transition = StageTransition(
        plan=plan_for(sent.workloads[0], moves=(MOVE,), steps=steps),
        catalogue=load_catalogue(),
        stage=stage,
        previous=after.workloads[:2],
        previous_set=after.manifests,
        successors=after.workloads[:2],
    )
    return list(find_misdirected_addresses(after.manifests, transition))


TO_QUEUE = service({"app": "shop-queue"}, AMQP, {"port": 80, "targetPort": 5672}, name="broker")
WRONG = ["Deployment/shop is told of broker, which does not lead where localhost led"]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        pytest.param("amqp://localhost:5672/", "amqp://broker:5672/", id="the same port"),
        pytest.param("amqp://localhost:5672/", "amqp://broker:80/", id="another port of it"),
        pytest.param("amqp://localhost/", "amqp://broker:5672/", id="a port that was not written"),
        pytest.param("localhost", "broker", id="a host alone"),
        pytest.param("::1", "broker", id="an IPv6 host alone"),
        pytest.param("localhost:80,localhost:5672", "localhost:80,broker:5672", id="one of two"),
        pytest.param("level=info", "level=debug", id="no address"),
        pytest.param("amqp://localhost:5672/", "amqp://localhost:5672/", id="as it was"),
    ],
)
def test_addresses_that_lead_where_localhost_led(was: str, now: str) -> None:
    """To the container that listens on the port that was asked for."""
    assert told([now, was], TO_QUEUE) == []


@pytest.mark.parametrize(
    ("now", "services"),
    [
        pytest.param("amqp://broker:5672/", [], id="no Service"),
        pytest.param("amqp://broker:5671/", [TO_QUEUE], id="a port that it has not"),
        pytest.param("amqp://broker/", [TO_QUEUE], id="no port any more"),
        pytest.param(
            "amqp://broker:5672/", [service({"app": "other"}, AMQP, name="broker")], id="others"
        ),
        pytest.param("amqp://broker:5672/", [service({}, AMQP, name="broker")], id="no selector"),
        pytest.param(
            "amqp://broker:5672/",
            [service({"app": "shop-queue"}, {"port": 5672, "targetPort": 15672}, name="broker")],
            id="another port of the Pod",
        ),
        pytest.param(
            "amqp://broker:5672/",
            [service({"app": "shop-queue"}, {"port": 5672, "targetPort": "x"}, name="broker")],
            id="a port of nobody",
        ),
    ],
)
def test_addresses_that_lead_elsewhere(now: str, services: list[Manifest]) -> None:
    """Whatever is wrong with the Service, the container would not reach its neighbour."""
    assert told([now, "amqp://localhost:5672/"], *services) == WRONG


def test_a_host_alone_leads_to_a_port_that_somebody_listens_on() -> None:
    """Any, as it isn't said which."""
    unknown = service({"app": "shop-queue"}, {"port": 1, "targetPort": "x"}, name="broker")
    assert told(["broker", "localhost"], unknown) == WRONG


def test_a_container_that_there_was_not_is_told_what_it_is_told() -> None:
    """Another check finds it."""
    assert told(["amqp://nowhere:1/", "amqp://localhost:5672/"], name="other") == []


def test_words_that_are_missing_have_no_addresses() -> None:
    """Another check finds them."""
    sent = read_objects(pods("shop", container("web", args=["-v", "localhost:5672"]), QUEUE))
    now = read_objects(pods("shop", container("web", args=["-v"])), MOVED)
    assert addressed(sent, now) == []


def test_variables_are_addresses_too() -> None:
    """What stands in a variable is what a container is told."""
    old = pods("shop", container("web", env=[{"name": "A", "value": "localhost:5672"}]), QUEUE)
    stays = pods("shop", container("web", env=[{"name": "A", "value": "broker:5672"}]))
    sent = read_objects(old)
    assert addressed(sent, read_objects(stays, MOVED, TO_QUEUE)) == []
    assert addressed(sent, read_objects(stays, MOVED)) == WRONG


def test_config_maps_are_addresses_too() -> None:
    """From the stage on in which their values change."""
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "web"},
        "data": {"a": "localhost:5672"},
    }
    sent = read_objects(pods("shop", WEB, QUEUE), config)
    own = find(sent, "ConfigMap/web")
    change = step(own, SetValue(("data", "a"), "broker:5672", int(Stage.CONTRACT)))
    after = read_objects(STAYS, MOVED, TO_QUEUE)
    wrong = ["ConfigMap/web is told of broker, which does not lead where localhost led"]
    assert addressed(sent, after, change) == []
    assert addressed(sent, read_objects(STAYS, MOVED), change) == wrong
    early = addressed(sent, read_objects(STAYS, MOVED), change, stage=Stage.SWITCH)
    assert early == []

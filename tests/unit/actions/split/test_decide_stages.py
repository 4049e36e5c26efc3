"""What leaves the old workload, and from which stage on each part of a split is there."""

from __future__ import annotations

from typing import Any

import pytest

from service.actions.split.decide import propose
from service.change import Declined, Proposal, TrafficFlow
from service.findings import Stage
from service.refusals import Refusal
from tests.support.candidates import (
    candidate_of,
    data_after,
    manifest,
    resource_of,
    service,
    shop,
    split_of,
    written,
)

DATA = "volumeMounts: [{name: data, mountPath: /data}]"
CLAIM = "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"


def split(text: str, kind_and_name: str | None = None) -> Proposal:
    return split_of(candidate_of(text, kind_and_name))


def after(text: str, stage: Stage = Stage.CONTRACT) -> dict[str, Any]:
    """The old workload after a stage."""
    proposal = split(text)
    return data_after(proposal.workload.resource, proposal.steps, stage)


def pod_after(text: str, stage: Stage = Stage.CONTRACT) -> dict[str, Any]:
    pod: dict[str, Any] = after(text, stage)["spec"]["template"]["spec"]
    return pod


def stages(text: str) -> list[tuple[str, Stage]]:
    """The new objects, each with the stage from which on it is there."""
    return [(new.title, new.stage) for new in split(text, "Deployment/shop").objects]


# The old workload


def test_moved_containers_leave_in_the_last_stage() -> None:
    """Until then the old Pods answer for all."""
    before, added, switched, contracted = (pod_after(shop(), stage) for stage in Stage)
    assert before == added == switched
    assert [container["name"] for container in before["containers"]] == ["front", "api"]
    assert [container["name"] for container in contracted["containers"]] == ["front"]


INIT = "initContainers: [{name: prepare-api, image: a}%s]"


@pytest.mark.parametrize(
    ("others", "expected"),
    [("", None), (", {name: other, image: a}", ["other"])],
)
def test_init_containers_leave_with_their_group(others: str, expected: list[str] | None) -> None:
    """The key goes where none is left."""
    text = shop(pod=INIT % others)
    init = pod_after(text).get("initContainers")
    assert (init and [container["name"] for container in init]) == expected
    assert after(text, Stage.SWITCH) == candidate_of(text).resource.data


VOLUMES = "volumes: [{name: v, emptyDir: {}}%s]"
MOUNT = "volumeMounts: [{name: v, mountPath: /v}]"


@pytest.mark.parametrize(
    ("front", "api", "others", "expected"),
    [
        ("", MOUNT, "", None),
        ("", MOUNT, ", {name: w, emptyDir: {}}", ["w"]),
        (MOUNT, "", "", ["v"]),
        ("", "", "", ["v"]),
        (MOUNT, "", ", {name: w, emptyDir: {}}", ["v", "w"]),
    ],
)
def test_volumes_that_only_moved_containers_mount_leave_with_them(
    front: str, api: str, others: str, expected: list[str] | None
) -> None:
    """Those that nobody mounts stay where they were."""
    text = shop(front, api, pod=VOLUMES % others)
    volumes = pod_after(text).get("volumes")
    assert (volumes and [volume["name"] for volume in volumes]) == expected
    assert after(text, Stage.SWITCH) == candidate_of(text).resource.data


def test_a_volume_that_both_read_stays_with_both() -> None:
    """Each Pod has it."""
    text = shop(MOUNT, MOUNT, pod="volumes: [{name: v, configMap: {name: a}}]")
    assert [volume["name"] for volume in pod_after(text)["volumes"]] == ["v"]


BOTH = "{name: http, port: 80}, {name: rest, port: 3000}"


def test_names_of_ports_and_the_shared_label_come_first() -> None:
    """Old Pods have to have them when the Service asks for them."""
    text = shop() + service(ports=BOTH)
    template = after(text, Stage.EXPAND)["spec"]["template"]
    assert template["metadata"]["labels"] == {"app": "shop", "podsplit.dev/service": "shop"}
    names = [container["ports"][0]["name"] for container in template["spec"]["containers"]]
    assert names == ["http", "rest"]
    assert split(text).template_labels == (("podsplit.dev/service", "shop"),)


def test_what_stays_is_told_new_addresses_when_the_old_ones_end() -> None:
    """Until then localhost answers."""
    text = shop("env: [{name: A, value: 'http://localhost:3000'}]")
    values = [pod_after(text, stage)["containers"][0]["env"][0]["value"] for stage in Stage]
    assert values == [*["http://localhost:3000"] * 3, "http://shop-api:3000"]


def test_what_moves_is_told_new_addresses_and_names_its_ports_from_the_start() -> None:
    """Its text is new."""
    text = shop(api="env: [{name: A, value: 'http://localhost:80'}]") + service(ports=BOTH)
    new = written(split(text).objects[0].tree)
    (container,) = new["spec"]["template"]["spec"]["containers"]
    assert container["env"][0]["value"] == "http://shop:80"
    assert container["ports"] == [{"containerPort": 3000, "name": "rest"}]
    labels = new["spec"]["template"]["metadata"]["labels"]
    assert labels == {"app": "shop-api", "podsplit.dev/service": "shop"}


# Stages


def test_new_workloads_are_there_before_services_are_switched() -> None:
    """What they are led to is there by then."""
    assert stages(shop()) == [
        ("Deployment/shop-api", Stage.ADD),
        ("Service/shop-api", Stage.ADD),
    ]


@pytest.mark.parametrize(
    "text",
    [
        shop(api=DATA, pod=CLAIM),
        shop(spec="strategy: {type: Recreate}"),
        shop(api="ports: [{containerPort: 3000, hostPort: 3000}]"),
    ],
)
def test_what_must_not_run_twice_starts_when_the_old_one_has_left(text: str) -> None:
    """Two servers on one data directory destroy it."""
    assert stages(text)[0] == ("Deployment/shop-api", Stage.CONTRACT)


def test_data_of_what_stays_delays_nobody() -> None:
    """It never runs twice."""
    assert stages(shop(DATA, pod=CLAIM))[0] == ("Deployment/shop-api", Stage.ADD)


CHAIN = shop(
    "env: [{name: A, value: 'http://api:3000'}]",
    DATA,
    pod=CLAIM,
    others=[
        (
            "name: jobs, image: acme/jobs, ports: [{containerPort: 5000}],"
            " env: [{name: A, value: 'http://api:3000'}]"
        ),
        (
            "name: more, image: acme/more, ports: [{containerPort: 6000}],"
            " env: [{name: A, value: 'http://jobs:5000'}]"
        ),
        (
            "name: free, image: acme/free, ports: [{containerPort: 7000}],"
            " env: [{name: A, value: 'http://front:80'}]"
        ),
    ],
    roles="front=main,api=unrelated,jobs=unrelated,more=unrelated,free=unrelated",
) + "".join(
    service(name, f"{{port: {port}}}")
    for name, port in (("front", 80), ("api", 3000), ("jobs", 5000), ("more", 6000), ("free", 7000))
)


def test_callers_of_what_starts_late_start_late_too() -> None:
    """And theirs, however long the chain; what stays is there all the time."""
    proposal = split(CHAIN, "Deployment/shop")
    assert [(move.name, move.stage) for move in proposal.moves] == [
        ("shop-api", Stage.CONTRACT),
        ("shop-jobs", Stage.CONTRACT),
        ("shop-more", Stage.CONTRACT),
        ("shop-free", Stage.ADD),
    ]
    assert proposal.traffic == {
        TrafficFlow(0, 1, 3000),
        TrafficFlow(2, 1, 3000),
        TrafficFlow(3, 2, 5000),
        TrafficFlow(4, 0, 80),
    }


@pytest.mark.parametrize(
    ("pod", "refusal"),
    [
        ("volumes: [{name: data, hostPath: {path: /data}}]", Refusal.DAEMON_SET_DATA),
        ("volumes: [{name: data, emptyDir: {}}]", None),
    ],
)
def test_a_daemon_set_cannot_be_empty_in_between(pod: str, refusal: Refusal | None) -> None:
    """So data of the node can't change hands."""
    outcome = propose(candidate_of(shop(kind="DaemonSet", api=DATA, pod=pod)), ())
    assert (outcome.refusal if isinstance(outcome, Declined) else None) is refusal


FROM = "envFrom: [{configMapRef: {name: conf}}]"


@pytest.mark.parametrize(
    ("front", "api", "value", "expected"),
    [
        (FROM, "", "localhost:3000", [*["localhost:3000"] * 3, "shop-api:3000"]),
        ("", FROM, "localhost:80", ["localhost:80", *["shop:80"] * 3]),
        ("", f"{FROM}, {DATA}", "localhost:80", [*["localhost:80"] * 3, "shop:80"]),
    ],
)
def test_a_config_map_changes_when_the_pods_that_read_it_do(
    front: str, api: str, value: str, expected: list[str]
) -> None:
    """Not earlier: they would be told of what isn't there."""
    pod = CLAIM if DATA in api else ""
    alone = manifest("v1 ConfigMap", "conf", f"data: {{A: '{value}'}}")
    listed = f"---\napiVersion: v1\nkind: List\nitems: [{alone[4:].strip()}]\n"
    for text in (alone, listed):
        candidate = candidate_of(shop(front, api, pod=pod) + text)
        steps = split_of(candidate).steps
        config = resource_of(candidate, "ConfigMap/conf")
        assert [data_after(config, steps, stage)["data"]["A"] for stage in Stage] == expected

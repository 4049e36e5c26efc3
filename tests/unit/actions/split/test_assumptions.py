"""What has to hold for a split, beyond what other objects need."""

from __future__ import annotations

import pytest

from service.actions.split.assumptions import stage_assumption, state_assumptions
from service.assumptions import AssumptionCode
from tests.support.candidates import candidate_of, codes_of, division_of, manifest, shop

POSTGRES = "image: 'postgres:17'"
DATA = "volumeMounts: [{name: data, mountPath: /data}]"
CLAIM = "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"


def codes(text: str) -> list[AssumptionCode]:
    return codes_of(state_assumptions(division_of(candidate_of(text))))


def test_the_stages_are_applied_one_after_another() -> None:
    """It is said of every split."""
    assert stage_assumption().code is AssumptionCode.GAP_IF_APPLIED_AT_ONCE


def test_two_programs_without_data_need_nothing_more() -> None:
    """The usual case."""
    assert codes(shop()) == []


# Data


@pytest.mark.parametrize(
    ("front", "api", "pod", "expected"),
    [
        ("", DATA, CLAIM, [AssumptionCode.DATA_TAKEN_OVER]),
        (DATA, "", CLAIM, []),
        (
            "",
            "ports: [{containerPort: 3000, hostPort: 3000}]",
            "",
            [AssumptionCode.DATA_TAKEN_OVER],
        ),
        ("", POSTGRES, "", [AssumptionCode.DATA_LEFT_BEHIND]),
        ("", f"{POSTGRES}, {DATA}", CLAIM, [AssumptionCode.DATA_TAKEN_OVER]),
        (POSTGRES, "", "", []),
        ("", "image: 'redis:7'", "", []),
        ("", "image: 'nginx:1'", "", []),
        ("", "image: 'rabbitmq:4'", "", []),
        ("", f"{POSTGRES}, command: [sleep, infinity]", "", []),
    ],
)
def test_data_of_what_moves_is_taken_over_or_left_behind(
    front: str, api: str, pod: str, expected: list[AssumptionCode]
) -> None:
    """A database without a volume has it in its Pod; what stays keeps what it has."""
    assert codes(shop(front, api, pod=pod)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (shop(spec="strategy: {type: Recreate}"), [AssumptionCode.RUNS_ONCE]),
        (shop(kind="CronJob", pod="restartPolicy: Never"), [AssumptionCode.RUNS_ONCE]),
        (
            shop(api=DATA, pod=CLAIM, spec="strategy: {type: Recreate}"),
            [AssumptionCode.DATA_TAKEN_OVER],
        ),
    ],
)
def test_what_must_not_run_twice_is_said_unless_its_data_says_so(
    text: str, expected: list[AssumptionCode]
) -> None:
    """One reason is enough."""
    assert codes(text) == expected


def test_each_moved_group_is_spoken_of() -> None:
    """The one with data takes it over; the others have none."""
    text = shop(
        api=DATA,
        pod=CLAIM,
        others=["name: jobs, image: 'mysql:8'"],
        roles="front=main,api=unrelated,jobs=unrelated",
    )
    assert codes(text) == [AssumptionCode.DATA_TAKEN_OVER, AssumptionCode.DATA_LEFT_BEHIND]


ROLES = "labels: {app: web}, annotations: {podsplit.dev/roles: 'web=main,api=unrelated'}"


# Old Pods


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        (shop(kind="ReplicaSet"), True),
        (shop(kind="ReplicationController"), True),
        (shop(kind="StatefulSet"), False),
        (shop(kind="StatefulSet", spec="updateStrategy: {type: OnDelete}"), True),
        (shop(kind="StatefulSet", spec="updateStrategy: {type: RollingUpdate}"), False),
        (shop(kind="DaemonSet", spec="updateStrategy: {type: OnDelete}"), True),
    ],
)
def test_some_controllers_do_not_replace_their_pods(text: str, is_said: bool) -> None:
    """Those have to be deleted by hand."""
    expected = [AssumptionCode.PODS_REPLACED_BY_HAND] if is_said else []
    assert codes(text) == expected


# Labels

ASKS = "spec: {selector: {app: %s}}"


@pytest.mark.parametrize(
    ("value", "is_said"), [("shop", True), ("shop-api", False), ("other", False)]
)
def test_an_object_of_an_unknown_kind_may_ask_for_the_label(value: str, is_said: bool) -> None:
    """The moved Pods don't have it any more."""
    other = manifest("acme.com/v1 Thing", "thing", ASKS % value)
    expected = [AssumptionCode.LABEL_USED_ELSEWHERE] if is_said else []
    assert codes(shop() + other) == expected


AFFINITY = (
    "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
    " [{topologyKey: a, labelSelector: {matchLabels: {app: shop}}}]}}"
)


def test_a_workload_may_ask_for_its_own_label() -> None:
    """Its copy asks for the new one."""
    assert codes(shop(pod=AFFINITY)) == []


def test_what_is_of_another_environment_does_not_count() -> None:
    """Its own folder has a nearer object of that name."""
    files = {
        "one/a.yaml": shop() + manifest("acme.com/v1 Thing", "thing", ASKS % "other"),
        "two/a.yaml": manifest("acme.com/v1 Thing", "thing", ASKS % "shop"),
    }
    division = division_of(candidate_of(files, "Deployment/shop"))
    assert codes_of(state_assumptions(division)) == []


# Init containers

MOUNT = "volumeMounts: [{name: v, mountPath: /v}]"
INIT = (
    f"initContainers: [{{name: first, image: busybox, {MOUNT}}}],"
    " volumes: [{name: v, emptyDir: {}}]"
)


@pytest.mark.parametrize(
    ("front", "expected"), [(MOUNT, [AssumptionCode.INIT_CONTAINER_SHARED]), ("", [])]
)
def test_an_init_container_of_several_groups_runs_in_each(
    front: str, expected: list[AssumptionCode]
) -> None:
    """One of a single group needs no word."""
    assert codes(shop(front, MOUNT, pod=INIT)) == expected

"""Kinds that are rewritten: by API group, version and name."""

from __future__ import annotations

import pytest

from service.kube.kinds import KINDS, known_kind
from service.yamldoc.nodes import Route

TEMPLATE: Route = ("spec", "template")


@pytest.mark.parametrize(
    ("api_version", "name", "template"),
    [
        ("v1", "Pod", ()),
        ("v1", "ReplicationController", TEMPLATE),
        ("apps/v1", "Deployment", TEMPLATE),
        ("apps/v1", "ReplicaSet", TEMPLATE),
        ("apps/v1", "StatefulSet", TEMPLATE),
        ("apps/v1", "DaemonSet", TEMPLATE),
        ("batch/v1", "Job", TEMPLATE),
        ("batch/v1", "CronJob", ("spec", "jobTemplate", "spec", "template")),
        ("argoproj.io/v1alpha1", "Rollout", TEMPLATE),
        ("apps.openshift.io/v1", "DeploymentConfig", TEMPLATE),
    ],
)
def test_a_kind_is_known_with_its_template(api_version: str, name: str, template: Route) -> None:
    """In its own group and version."""
    kind = known_kind(api_version, name)
    assert kind is not None
    assert (kind.kind, kind.template) == (name, template)


@pytest.mark.parametrize(
    ("api_version", "name"),
    [
        ("apps/v1beta1", "Deployment"),
        ("extensions/v1beta1", "Deployment"),
        ("v1", "Deployment"),
        ("apps/v1", "Pod"),
        ("batch/v1beta1", "CronJob"),
        ("v1", "Service"),
        ("", "Pod"),
        ("v1", ""),
    ],
)
def test_other_kinds_and_versions_are_not(api_version: str, name: str) -> None:
    """They are analysed only."""
    assert known_kind(api_version, name) is None


def test_what_kinds_differ_in() -> None:
    """Replicas, selectors, names, and what groups of their containers move to."""
    kinds = {kind.kind: kind for kind in KINDS}
    assert len(kinds) == len(KINDS)
    assert {name for name, kind in kinds.items() if not kind.replicas} == {
        "Pod",
        "DaemonSet",
        "Job",
        "CronJob",
    }
    assert {name for name, kind in kinds.items() if kind.selector == "map"} == {
        "ReplicationController",
        "DeploymentConfig",
    }
    assert {name for name, kind in kinds.items() if kind.selector == "match"} == {
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "DaemonSet",
        "Rollout",
    }
    assert {name for name, kind in kinds.items() if kind.selector == "none"} == {
        "Pod",
        "Job",
        "CronJob",
    }
    assert {
        name: kind.split_into for name, kind in kinds.items() if kind.split_into != "Deployment"
    } == {
        "DaemonSet": "DaemonSet",
        "CronJob": "CronJob",
        "Job": None,
    }
    assert {kind.name_limit for kind in KINDS} == {52, 63}
    assert {name for name, kind in kinds.items() if kind.name_limit == 52} == {
        "StatefulSet",
        "CronJob",
    }

"""Stages applied to a model of a cluster: no Service port is ever without endpoints, and none
reaches a container that doesn't serve it.

A port may be without endpoints only where a change says that its old Pods must be gone before
others start; where one says so, two Pods would otherwise run on the same data.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.cluster import Cluster, read
from tests.support.programs import defaults, usual
from tests.support.proving import walked
from tests.support.real import cases, changed, needs_corpus, published
from tests.support.rewritten import Truth, clusters, rewrite
from tests.support.rollout import step, walk
from tests.support.sets import Sample, sets


def test_no_case_has_a_gap() -> None:
    """Cases and examples, from the set as it was over expand and switch to contract."""
    found = {path: list(walked(rewritten, Truth(usual))) for path, rewritten in changed(cases())}
    assert len(found) > 40
    assert {str(path): messages for path, messages in found.items() if messages} == {}


@needs_corpus
def test_no_real_set_has_a_gap() -> None:
    """Whole applications and single manifests as people published them."""
    found = {
        path: list(walked(rewritten, Truth(usual))) for path, rewritten in changed(published())
    }
    assert len(found) > 150
    assert {path.name: messages for path, messages in found.items() if messages} == {}


@settings(
    derandomize=os.environ.get("HYPOTHESIS_PROFILE") != "hunt",
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(sets(extras=4))
def test_no_made_set_has_a_gap(sample: Sample) -> None:
    """Nor one whose containers listen on more than they declare."""
    assert list(walked(rewrite(sample.files), sample.truth)) == []


SHOP = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
      - {name: front, image: "nginx:1.27", ports: [{containerPort: 80}]}
      - {name: queue, image: "rabbitmq:4", ports: [{containerPort: 5672}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{name: http, port: 80}, {name: amqp, port: 5672}]
"""
NOBODY = [set[str]()] * 3


def staged(text: str = SHOP) -> list[Cluster]:
    """The set as it was, and after each stage."""
    ((made, _),) = clusters(rewrite({"shop.yaml": text}), Truth(defaults))
    return made


def edited(cluster: Cluster, old: str, new: str) -> Cluster:
    """A cluster whose objects read otherwise."""
    import json  # noqa: PLC0415 - here only

    text = "\n---\n".join(json.dumps(each.data) for each in cluster.objects)
    assert old in text
    return Cluster(read({"shop.yaml": text.replace(old, new)}), cluster.listens)


def test_all_at_once_has_the_gap() -> None:
    """The last stage straight away leaves both ports without endpoints: what the stages are for,
    and proof that a gap would be seen.
    """
    before, *_, after = staged()
    assert {seen.port.name for seen in step(before, after) if seen.empty} == {"http", "amqp"}
    assert list(walk([before, after], [()])) != []


@pytest.mark.parametrize("left_out", [1, 2])
def test_each_stage_is_needed(left_out: int) -> None:
    """Without expand or without switch a port is without endpoints."""
    stages = staged()
    del stages[left_out]
    assert any("no endpoint" in each for each in walk(stages, [(), ()]))


TAMPERED = {
    "the label is missing from the old template": (
        1,
        '"podsplit.dev/service": "shop"}}, "spec": {"containers"',
        '"x": "y"}}, "spec": {"containers"',
    ),
    "the port has no name yet": (1, '"containerPort": 80, "name": "http"', '"containerPort": 80'),
    "the Service asks for one group": (
        2,
        '"selector": {"podsplit.dev/service": "shop"}',
        '"selector": {"app": "shop"}',
    ),
    "the Service asks by number": (
        2,
        '"port": 5672, "targetPort": "amqp"',
        '"port": 5672, "targetPort": 5672',
    ),
    "the new Pods name the port otherwise": (
        3,
        '"containerPort": 5672, "name": "amqp"',
        '"containerPort": 5672, "name": "other"',
    ),
    "the port is that of another container": (
        3,
        '"containerPort": 5672, "name": "amqp"',
        '"containerPort": 80, "name": "amqp"',
    ),
    "the Service is gone": (3, '"kind": "Service"', '"kind": "Endpoints"'),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_is_wrong_is_seen(name: str) -> None:
    """A right rewrite, broken on purpose in one stage and those behind it."""
    stage, old, new = TAMPERED[name]
    stages = staged()
    assert list(walk(stages, NOBODY)) == []
    for number in range(stage, 4):
        stages[number] = edited(stages[number], old, new)
    assert list(walk(stages, NOBODY)) != []


DATA = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
      - {name: front, image: "nginx:1.27", ports: [{containerPort: 80}]}
      - name: db
        image: postgres:16
        ports: [{containerPort: 5432}]
        volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
"""


def test_two_servers_on_one_claim_are_seen() -> None:
    """A database whose old Pod still runs when the new one starts is a fault, unless the change
    says that it must be gone.
    """
    ((stages, gone_first),) = clusters(rewrite({"shop.yaml": DATA}), Truth(usual))
    assert list(walk(stages, gone_first)) == []
    assert [bool(each) for each in gone_first] == [False, False, True]
    assert any("both on ['claim data']" in each for each in walk(stages, NOBODY))


def test_a_needless_gap_is_seen() -> None:
    """A change that asks for Pods to be gone first, where nothing needs that, is a fault too."""
    stages = staged()
    gone_first = [set(), set(), {each.owner for each in stages[3].pods.values()}]
    assert any("nothing needs that" in each for each in walk(stages, gone_first))

"""Stages applied to a model of a cluster: no Service port is ever without endpoints, and none
reaches a container that doesn't serve it.

A port may be without endpoints only where a change says that its old Pods must be gone before
others start. A change says so only where two Pods would otherwise run on the same data.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.cluster import Cluster
from tests.support.generated_sets import Sample, sets
from tests.support.invariants import check_rollout
from tests.support.objects import Key, read_objects
from tests.support.programs import default_ports, usual_ports
from tests.support.real_manifests import case_inputs, changing_rewrites, corpus_inputs, needs_corpus
from tests.support.rewritten import GroundTruth, rewrite, staged_clusters
from tests.support.rollout import check_steps, port_histories


def faults_by_path(inputs: Iterable[Path]) -> dict[str, list[str]]:
    """What goes wrong in the rollout of each rewrite that changes anything."""
    truth = GroundTruth(usual_ports)
    return {
        str(path): list(check_rollout(rewritten, truth))
        for path, rewritten in changing_rewrites(inputs)
    }


def test_no_case_has_a_gap() -> None:
    """No case or example has a fault on the way over expand and switch to contract."""
    faults = faults_by_path(case_inputs())
    assert len(faults) > 40
    assert {path: messages for path, messages in faults.items() if messages} == {}


@needs_corpus
def test_no_real_set_has_a_gap() -> None:
    """No published application or manifest has one either."""
    faults = faults_by_path(corpus_inputs())
    assert len(faults) > 150
    assert {path: messages for path, messages in faults.items() if messages} == {}


@settings(
    derandomize=os.environ.get("HYPOTHESIS_PROFILE") != "hunt",
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(sets(extras=4))
def test_no_generated_set_has_a_gap(sample: Sample) -> None:
    """No generated set has one, though its containers listen on more than they declare."""
    assert list(check_rollout(rewrite(sample.files), sample.truth)) == []


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
NONE_GONE_FIRST: list[set[Key]] = [set(), set(), set(), set()]


def stages_of(text: str = SHOP) -> list[Cluster]:
    """The set as it was, and after each stage."""
    ((clusters, _),) = staged_clusters(rewrite({"shop.yaml": text}), GroundTruth(default_ports))
    return clusters


def replace_text(cluster: Cluster, old: str, new: str) -> Cluster:
    """A cluster with another text in its objects, as JSON."""
    text = "\n---\n".join(json.dumps(resource.data) for resource in cluster.objects)
    assert old in text
    return Cluster(read_objects({"shop.yaml": text.replace(old, new)}), cluster.ports_of)


def test_all_at_once_has_the_gap() -> None:
    """To apply the last stage at once leaves both ports without endpoints. The stages are there to
    prevent that, and the model sees it.
    """
    before, *_, after = stages_of()
    empty = {history.port.name for history in port_histories(before, after) if history.was_empty}
    assert empty == {"http", "amqp"}
    assert list(check_steps([before, after], [()])) != []


@pytest.mark.parametrize("left_out", [(1, 2), (2, 3)])
def test_the_stages_are_needed(left_out: tuple[int, int]) -> None:
    """Where the Service is switched with the names that it asks for, or with the new Pods and the
    end of the old ones, a port has no endpoints for a while.
    """
    stages = [stage for place, stage in enumerate(stages_of()) if place not in left_out]
    assert any("no endpoint" in fault for fault in check_steps(stages, [(), ()]))


TAMPERED = {
    "the label is missing from the old template": (
        1,
        '"podsplit.dev/service": "shop"}}, "spec": {"containers"',
        '"x": "y"}}, "spec": {"containers"',
    ),
    "the port has no name yet": (1, '"containerPort": 80, "name": "http"', '"containerPort": 80'),
    "the Service selects one group": (
        3,
        '"selector": {"podsplit.dev/service": "shop"}',
        '"selector": {"app": "shop"}',
    ),
    "the Service has a number as target port": (
        3,
        '"port": 5672, "targetPort": "amqp"',
        '"port": 5672, "targetPort": 5672',
    ),
    "the new Pods name the port otherwise": (
        4,
        '"containerPort": 5672, "name": "amqp"',
        '"containerPort": 5672, "name": "other"',
    ),
    "the port is that of another container": (
        4,
        '"containerPort": 5672, "name": "amqp"',
        '"containerPort": 80, "name": "amqp"',
    ),
    "the Service is gone": (4, '"kind": "Service"', '"kind": "Endpoints"'),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_broken_rewrites_are_seen(name: str) -> None:
    """The model sees it when a right rewrite is broken in one stage and those after it."""
    stage, old, new = TAMPERED[name]
    stages = stages_of()
    assert list(check_steps(stages, NONE_GONE_FIRST)) == []
    for number in range(stage, 5):
        stages[number] = replace_text(stages[number], old, new)
    assert list(check_steps(stages, NONE_GONE_FIRST)) != []


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
    """A database whose old Pod still runs when the new one starts is a fault: the stage before
    stops the old one, as the change says.
    """
    rewritten = rewrite({"shop.yaml": DATA})
    ((stages, gone_first),) = staged_clusters(rewritten, GroundTruth(usual_ports))
    assert list(check_steps(stages, gone_first)) == []
    assert [bool(owners) for owners in gone_first] == [False, False, True, False]
    stages[3] = replace_text(stages[3], '"replicas": 0', '"replicas": 1')
    faults = list(check_steps(stages, gone_first))
    assert any("both on ['claim data']" in fault for fault in faults)


def test_a_needless_gap_is_seen() -> None:
    """It is a fault, too, to ask for Pods to be gone first where nothing needs that."""
    stages = stages_of()
    gone_first = [set(), set(), {pods.owner for pods in stages[3].pods.values()}, set()]
    assert any("nothing needs that" in fault for fault in check_steps(stages, gone_first))

"""Each check of the verifier sees what it is for: a right rewrite is broken on purpose, and
caught.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from service.classification.classify import classify
from service.classification.context import PodContext
from service.classification.knowledge import load_catalogue
from service.classification.knowledge.weights import load_weights
from service.findings import Stage
from service.options import Options
from service.pipeline import run
from service.reading import read_inputs
from service.rewriting import proving
from service.rewriting.compiling import compile_proposals
from service.rewriting.planning import plan
from service.verification.loopback import replaced_addresses
from service.verification.verify import CHECKS, Failure, verify

SET = """apiVersion: v1
kind: ConfigMap
metadata: {name: untouched}  # as it was
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  selector:
    matchLabels:
      app: shop
  template:
    metadata:
      labels:
        app: shop
    spec:
      containers:
      - name: front
        image: nginx:1.27
        ports:
        - containerPort: 80
        volumeMounts:
        - {name: pages, mountPath: /pages}
      - name: queue
        image: rabbitmq:4
        args: [--quiet]
        ports:
        - containerPort: 5672
        volumeMounts:
        - {name: plugins, mountPath: /plugins}
      serviceAccountName: shop
      volumes:
      - name: pages
        configMap: {name: pages}
      - name: plugins
        configMap: {name: plugins}
---
apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector:
    app: shop
  ports:
  - name: http
    port: 80
  - name: amqp
    port: 5672
"""

POLICIES = (
    SET
    + """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: shop
spec:
  podSelector:
    matchLabels:
      app: shop
  policyTypes: [Ingress]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: shop
spec:
  minAvailable: 1
  selector:
    matchLabels:
      app: shop
---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata:
  name: shop
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  resourcePolicy:
    containerPolicies:
    - containerName: front
    - containerName: queue
"""
).replace(
    "        image: nginx:1.27\n",
    "        image: nginx:1.27\n        args: [--broker, 'amqp://localhost:5672']\n",
)


def verified(
    change: Callable[[str], str], stages: tuple[Stage, ...] = tuple(Stage), text: str = SET
) -> list[Failure]:
    """What the verifier says of a rewrite that was changed in some stages."""
    options = Options()
    inputs = read_inputs([("set.yaml", text.encode())], options)
    classifications = [
        classify(PodContext(each, inputs.manifests, load_catalogue()), load_weights())
        for each in inputs.workloads
    ]
    planned = plan(inputs.manifests, classifications, options)
    assert planned.proposals, planned.held_back
    compiled = compile_proposals(inputs, planned.proposals)
    texts = {stage: compiled.texts(inputs, stage) for stage in Stage}
    broken = {
        stage: {path: change(each) if stage in stages else each for path, each in files.items()}
        for stage, files in texts.items()
    }
    if stages:
        assert broken != texts, "the change changed nothing"
    return verify(inputs, broken, compiled.proposals, classifications, options)


def test_a_right_rewrite_passes() -> None:
    """Nothing is said of one that was not tampered with."""
    assert verified(lambda text: text, stages=()) == []


MUTATIONS: dict[str, tuple[str, Callable[[str], str], tuple[Stage, ...]]] = {
    "a document that no longer parses": (
        "parses",
        lambda text: text.replace("  selector:\n", "  selector: {\n", 1),
        (Stage.CONTRACT,),
    ),
    "a key that stands twice": (
        "parses",
        lambda text: text.replace("          name: http\n", "          name: http\n" * 2),
        (Stage.EXPAND,),
    ),
    "a document that nothing was to change": (
        "untouched-bytes",
        lambda text: text.replace("# as it was", "# changed"),
        (Stage.SWITCH,),
    ),
    "a container that is gone": (
        "containers",
        lambda text: text.replace(
            "      - name: queue\n        image: rabbitmq:4\n",
            "      - name: other\n        image: rabbitmq:4\n",
        ),
        (Stage.CONTRACT,),
    ),
    "a container that is in both workloads": (
        "containers",
        lambda text: text.replace(
            "      - name: front\n", "      - {name: queue, image: x}\n      - name: front\n", 1
        ),
        (Stage.CONTRACT,),
    ),
    "another word on a command line": (
        "containers",
        lambda text: text.replace("--quiet", "--loud"),
        (Stage.CONTRACT,),
    ),
    "another image": (
        "containers",
        lambda text: text.replace("rabbitmq:4", "rabbitmq:5"),
        (Stage.CONTRACT,),
    ),
    "a volume that is not what it was": (
        "mounts",
        lambda text: text.replace("configMap: {name: plugins}", "emptyDir: {}"),
        (Stage.CONTRACT,),
    ),
    "a volume that is missing": (
        "mounts",
        lambda text: text.replace(
            "- name: pages\n        configMap", "- name: lost\n        configMap"
        ),
        (Stage.CONTRACT,),
    ),
    "a selector that misses its template": (
        "selectors",
        lambda text: text.replace(
            "matchLabels:\n      app: shop-queue", "matchLabels:\n      app: nobody"
        ),
        (Stage.SWITCH,),
    ),
    "a selector that also matches the new Pods": (
        "selectors",
        lambda text: text.replace(
            "        app: shop-queue\n        podsplit", "        app: shop\n        podsplit"
        ).replace("      app: shop-queue\n", "      app: shop\n"),
        (Stage.SWITCH,),
    ),
    "a Service that reaches nobody": (
        "services",
        lambda text: text.replace("targetPort: amqp", "targetPort: nothing"),
        (Stage.CONTRACT,),
    ),
    "a Service whose number reaches both groups": (
        "services",
        lambda text: text.replace("targetPort: amqp", "targetPort: 5672"),
        (Stage.CONTRACT,),
    ),
    "a Service that lost a group": (
        "services",
        lambda text: text.replace(
            "    podsplit.dev/service: shop\n  ports", "    app: shop\n  ports"
        ),
        (Stage.CONTRACT,),
    ),
    "a Service that asks too early": (
        "services",
        lambda text: text.replace("    port: 5672\n", "    port: 5672\n    targetPort: later\n"),
        (Stage.EXPAND,),
    ),
    "a service account that is another": (
        "references",
        lambda text: text.replace("serviceAccountName: shop", "serviceAccountName: other"),
        (Stage.SWITCH,),
    ),
    "a name that is not valid": ("names", lambda text: text, ()),
    "a policy that covers less": ("policies", lambda text: text, ()),
    "a workload that still holds both": ("settled", lambda text: text, ()),
}


BREAKING_POLICIES: dict[str, Callable[[str], str]] = {
    "a policy that lost the new Pods": lambda text: text.replace("      - shop-queue\n", ""),
    "a budget for both workloads": lambda text: text.replace(
        "  selector:\n    matchLabels:\n      app: shop\n---",
        "  selector:\n    matchExpressions: [{key: app, operator: Exists}]\n---",
    ),
    "a budget that is missing": lambda text: text.replace(
        "kind: PodDisruptionBudget\nmetadata:\n  name: shop-queue",
        "kind: Other\nmetadata:\n  name: shop-queue",
    ),
    "an autoscaler of a container that is elsewhere": lambda text: text.replace(
        "- containerName: front", "- containerName: queue"
    ),
    "an autoscaler that scales nothing": lambda text: text.replace(
        "kind: Deployment, name: shop}", "kind: Deployment, name: gone}"
    ),
    "traffic that a policy stops": lambda text: text.replace(
        "port: 5672\n---\napiVersion: policy", "port: 5671\n---\napiVersion: policy"
    ),
}


@pytest.mark.parametrize("name", BREAKING_POLICIES)
def test_a_policy_that_covers_something_else_is_caught(name: str) -> None:
    """Policies, budgets and autoscalers are held to what they covered before."""
    assert verified(lambda text: text, (), POLICIES) == []
    assert "policies" in {
        failure.check for failure in verified(BREAKING_POLICIES[name], (Stage.CONTRACT,), POLICIES)
    }


COPIES = "---\n".join(
    f"apiVersion: v1\nkind: Pod\nmetadata: {{name: db-{number}, labels: {{app: db}}}}\nspec:\n "
    f" hostname: db-{number}\n  containers:\n  - {{name: db, image: 'acme/db:1', volumeMounts:"
    " [{name: data, mountPath: /data}]}\n  volumes: [{name: data, persistentVolumeClaim:"
    f" {{claimName: data-db-{number}}}}}]\n---\napiVersion: v1\nkind:"
    f" PersistentVolumeClaim\nmetadata: {{name: data-db-{number}}}\nspec: {{accessModes:"
    " [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
    for number in range(2)
)
ON_NODES = "---\n".join(
    f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web-{node}, labels: {{app: web}}}}\nspec:\n "
    f" nodeName: node-{node}\n  containers:\n  - {{name: web, image: 'acme/web:1'}}\n"
    for node in range(2)
)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("redis://localhost:6379/0", "redis://shop-redis:6379/0", True),
        ("localhost", "shop-db", True),
        ("a=127.0.0.1:80,b=[::1]:81", "a=shop:80,b=[::1]:81", True),
        ("redis://localhost:6379/0", "redis://shop-redis:6379/1", False),
        ("redis://u:p@localhost:6379", "redis://shop-redis:6379", False),
        ("level=info", "level=debug", False),
    ],
)
def test_a_text_may_change_in_its_loopback_addresses_only(old: str, new: str, same: bool) -> None:
    """The rest of an address, and every other word, stays."""
    assert bool(replaced_addresses(old, new)) is same


BREAKING_COPIES: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "a Pod too many": (
        "containers",
        COPIES,
        lambda text: text.replace("replicas: 2", "replicas: 3"),
    ),
    "a copy that stayed": (
        "containers",
        COPIES,
        lambda text: text + COPIES[COPIES.index("---\napiVersion: v1\nkind: Pod") :],
    ),
    "claims of other names": (
        "mounts",
        COPIES,
        lambda text: text.replace("name: data\n", "name: other\n").replace(
            "{name: data, m", "{name: other, m"
        ),
    ),
    "a node too few": ("containers", ON_NODES, lambda text: text.replace("- node-1", "- node-7")),
}


@pytest.mark.parametrize("name", BREAKING_COPIES)
def test_copies_that_became_something_else_are_caught(name: str) -> None:
    """A controller of copies makes just the Pods that there were, each with its own data or on
    its own node.
    """
    check, text, change = BREAKING_COPIES[name]
    assert verified(lambda each: each, (), text) == []
    assert check in {failure.check for failure in verified(change, (Stage.CONTRACT,), text)}


def test_a_config_map_that_lost_something_is_caught() -> None:
    """A ConfigMap that is rewired keeps everything else."""
    text = SET.replace(
        "      - name: pages\n        configMap",
        "      - {name: more, configMap: {name: front}}\n      - name: pages\n        configMap",
    )
    text = text.replace(
        "        - {name: pages, mount",
        "        - {name: more, mountPath: /more}\n        - {name: pages, mount",
    )
    text += (
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: front}\ndata:\n  broker:"
        " amqp://localhost:5672\n  other: stays\n"
    )
    assert verified(lambda each: each, (), text) == []
    failures = verified(
        lambda each: each.replace("other: stays", "other: gone"), (Stage.CONTRACT,), text
    )
    assert "references" in {failure.check for failure in failures}


def test_a_new_object_that_is_missing_is_caught() -> None:
    """Each object that the plan makes is there from its stage on."""
    failures = verified(
        lambda text: text.replace(
            "kind: NetworkPolicy\nmetadata:\n  name: shop-queue", "kind: X\nmetadata:\n  name: x"
        ),
        (Stage.SWITCH,),
        POLICIES,
    )
    assert "names" in {failure.check for failure in failures}


@pytest.mark.parametrize("name", [name for name, (_, _, stages) in MUTATIONS.items() if stages])
def test_a_broken_rewrite_is_caught(name: str) -> None:
    """By the check that is for it, perhaps among others."""
    check, change, stages = MUTATIONS[name]
    assert check in {failure.check for failure in verified(change, stages)}


def test_an_invalid_or_taken_name_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that gives a new Service a name with a digit first doesn't pass."""
    from service.actions.split import addresses  # noqa: PLC0415 - patched here only

    monkeypatch.setattr(addresses, "_service_name", lambda _name: "1-bad")
    text = SET[: SET.rindex("---\n")]
    assert "names" in {failure.check for failure in verified(lambda each: each, (), text)}


def test_a_workload_with_work_left_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that comes back as part of the old workload is an application too many."""
    add = "      - {name: cache, image: 'postgres:16'}\n      - name: front\n"
    failures = verified(
        lambda text: text.replace("      - name: front\n", add, 1), (Stage.CONTRACT,)
    )
    assert "settled" in {failure.check for failure in failures}


UNSETTLED = """apiVersion: v1
kind: Pod
metadata: {name: blog, labels: {app: blog}}
spec:
  containers:
  - {name: memcached, image: "memcached:1.6", ports: [{containerPort: 11211}]}
  - {name: dashboard, image: "grafana/grafana:11.4.0"}
  - {name: broker, image: "rabbitmq:4", args: ["--memcached-url=memcache://localhost:11211"],
     ports: [{containerPort: 15672}]}
---
apiVersion: v1
kind: Service
metadata: {name: blog}
spec: {selector: {app: blog}, ports: [{port: 15672}]}
"""


def test_what_looks_otherwise_once_it_is_apart_is_for_people_to_settle() -> None:
    """A broker that calls a cache goes with it; with a Service each they look like two
    applications.
    """
    report = run([("set.yaml", UNSETTLED.encode())], Options(), rewrite=True)
    assert report.rewrite is not None
    assert {(each.action, each.reason) for each in report.rewrite.held_back} == {
        ("wrap", "unsettled"),
        ("split", "unsettled"),
    }
    assert [each.content for each in report.rewrite.files] == [UNSETTLED]


def test_every_check_has_a_mutation() -> None:
    """No check is there that nothing was seen to trip."""
    assert {check for check, _, _ in MUTATIONS.values()} == set(CHECKS)


def test_a_failing_change_is_taken_out_and_the_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer says which check failed; what is sent is the input where the change was."""

    def suspicious(*args: Any) -> list[Failure]:
        kept = args[2]
        found = [
            Failure("services", each.id, "on purpose")
            for each in kept
            if each.workload.name == "shop"
        ]
        return found or verify(*args)

    monkeypatch.setattr(proving, "verify", suspicious)
    other = (
        "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: alone\nspec:\n  containers:\n  - {name:"
        " a, image: shop/a}\n"
    )
    report = run([("set.yaml", (SET + other).encode())], Options(), rewrite=True)
    assert report.rewrite is not None
    assert [each.workload for each in report.rewrite.changes] == ["Pod/alone"]
    assert [(each.workload, each.reason) for each in report.rewrite.held_back] == [
        ("Deployment/shop", "verification")
    ]
    assert [each.check for each in report.rewrite.verification if not each.passed] == ["services"]
    assert report.rewrite.files[0].content.startswith(SET)

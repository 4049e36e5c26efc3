"""The audit as its CronJob runs it: the real command, the real service, and a small API server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.conftest import ROOT, Server, StartServer
from tests.support.api_server import Cluster, running_cluster
from tests.support.crds import REPORTS

Object = dict[str, Any]
PODS = "/api/v1/pods"
DEPLOYMENTS, REPLICA_SETS = "/apis/apps/v1/deployments", "/apis/apps/v1/replicasets"
OWN = "/apis/openreports.io/v1alpha1/reports"
OLD = "/apis/wgpolicyk8s.io/v1alpha2/policyreports"

Audit = Callable[..., tuple[int, list[Object]]]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """An API server without objects."""
    with running_cluster() as running:
        yield running


@pytest.fixture
def audit(cluster: Cluster, server: Server, tmp_path: Path) -> Audit:
    """Runs the audit; gives its exit code and the lines of its log."""
    config = tmp_path / "kubeconfig"
    entry = {"name": "x", "cluster": {"server": cluster.url}}
    context = {"name": "x", "context": {"cluster": "x", "user": "x"}}
    user = {"name": "x", "user": {"token": "t"}}
    config.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "x",
                "clusters": [entry],
                "contexts": [context],
                "users": [user],
            }
        )
    )

    def run(*words: str, **environ: str) -> tuple[int, list[Object]]:
        done = subprocess.run(
            [sys.executable, "-m", "clients.audit", *words],
            cwd=ROOT,
            env=os.environ | {"KUBECONFIG": str(config), "PODSPLIT_URL": server.url} | environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, [*lines, {"stderr": done.stderr}]

    return run


def metadata(name: str, namespace: str, **more: Any) -> Object:
    return {
        "name": name,
        "namespace": namespace,
        "uid": f"{namespace}-{name}",
        "resourceVersion": "7",
        "managedFields": [{"manager": "kubectl"}],
        "labels": {"app": name},
        **more,
    }


def pod(
    name: str, namespace: str = "shop", images: tuple[str, ...] = ("nginx",), **more: Any
) -> Object:
    containers = [
        {"name": image.partition(":")[0].rpartition("/")[2], "image": image} for image in images
    ]
    return {
        "kind": "Pod",
        "metadata": metadata(name, namespace, **more),
        "spec": {"containers": containers, "nodeName": "n1"},
        "status": {"phase": "Running", "podIP": "10.0.0.1"},
    }


def deployment(
    name: str, namespace: str = "shop", images: tuple[str, ...] = ("nginx",), **more: Any
) -> Object:
    own = pod(name, namespace, images)
    template = {"metadata": {"labels": {"app": name}}, "spec": own["spec"]}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {
        "kind": "Deployment",
        "metadata": metadata(name, namespace, **more),
        "spec": spec,
        "status": {"replicas": 1},
    }


def owner(kind: str, name: str, api_version: str = "apps/v1") -> list[Object]:
    return [{"apiVersion": api_version, "kind": kind, "name": name, "uid": "u", "controller": True}]


def fill(cluster: Cluster) -> None:
    """A Deployment of two applications with what controllers made of it, bare Pods, and noise."""
    both = ("nginx:1.27", "postgres:17")
    cluster.add(DEPLOYMENTS, deployment("web", images=both), deployment("fine"))
    cluster.add(
        DEPLOYMENTS,
        deployment("made", images=both, ownerReferences=owner("Shop", "x", "example.com/v1")),
    )
    replicas = deployment("web-5d", images=both, ownerReferences=owner("Deployment", "web"))
    cluster.add(REPLICA_SETS, replicas | {"kind": "ReplicaSet"})
    cluster.add(
        PODS,
        pod("web-5d-1", images=both, ownerReferences=owner("ReplicaSet", "web-5d")),
        pod("debug"),
        pod("done") | {"status": {"phase": "Succeeded"}},
        pod("going", deletionTimestamp="2026-01-01T00:00:00Z"),
        pod("workflow", ownerReferences=owner("Workflow", "w", "argoproj.io/v1alpha1")),
        pod("dns", namespace="kube-system"),
        pod("toy", namespace="sandbox"),
        pod("ours", annotations={"podsplit.dev/ignore": "bare-pod we know"}),
    )


def test_reports_appear(cluster: Cluster, audit: Audit) -> None:
    """One for each workload that there is something to say about: what controllers own counts once,
    as its owner; the system, what has ended and what is passed over don't.
    """
    fill(cluster)
    code, lines = audit("--exclude-namespace", "sandbox")

    assert code == 0, lines
    reports = cluster.reports(OWN)
    assert reports.keys() == {
        "shop/podsplit-deployment-web",
        "shop/podsplit-deployment-made",
        "shop/podsplit-pod-debug",
        "shop/podsplit-pod-ours",
    }
    for report in reports.values():
        jsonschema.validate(report, REPORTS[report["apiVersion"], report["kind"]])
    web = reports["shop/podsplit-deployment-web"]
    assert web["summary"]["warn"] == 1
    assert web["scope"]["uid"] == "shop-web"
    assert web["metadata"]["ownerReferences"][0]["uid"] == "shop-web"
    assert reports["shop/podsplit-pod-ours"]["summary"] == {
        "pass": 0,
        "fail": 0,
        "warn": 0,
        "error": 0,
        "skip": 1,
    }
    (done,) = [line for line in lines if line.get("message") == "done"]
    assert (done["reports"], done["failures"]) == (4, 0)


def test_a_second_run_changes_nothing_and_a_third_follows(cluster: Cluster, audit: Audit) -> None:
    """Reports that say the same are left alone; those of what is gone or mended go, those of
    others stay.
    """
    fill(cluster)
    # Made from files by somebody, and by another audit of the same cluster.
    by_hand = {"app.kubernetes.io/managed-by": "podsplit"}
    for name, labels in (
        ("hand", by_hand),
        ("other", by_hand | {"app.kubernetes.io/instance": "b"}),
    ):
        own = {"name": name, "namespace": "shop", "labels": labels}
        cluster.add(
            OWN, {"apiVersion": "openreports.io/v1alpha1", "kind": "Report", "metadata": own}
        )
    foreign = {
        "apiVersion": "openreports.io/v1alpha1",
        "kind": "Report",
        "metadata": {"name": "k", "namespace": "shop"},
    }
    cluster.add(OWN, foreign)
    audit()
    cluster.asked.clear()
    code, _ = audit()
    assert code == 0
    assert (cluster.counted("PATCH"), cluster.counted("DELETE")) == (0, 0)

    cluster.objects[PODS] = [
        item for item in cluster.objects[PODS] if item["metadata"]["name"] != "debug"
    ]
    web = cluster.objects[DEPLOYMENTS][0]
    web["spec"]["template"]["spec"]["containers"].pop()
    code, _ = audit()

    assert code == 0
    assert (cluster.counted("PATCH"), cluster.counted("DELETE")) == (0, 2)
    assert cluster.reports(OWN).keys() == {
        "shop/k",
        "shop/hand",
        "shop/other",
        "shop/podsplit-deployment-made",
        "shop/podsplit-pod-ours",
        "sandbox/podsplit-pod-toy",
    }


def test_a_thousand_workloads(cluster: Cluster, audit: Audit) -> None:
    """In pages, one of which is too old, from an API server that is busy for a while."""
    for number in range(1100):
        namespace = f"team-{number % 40}"
        images = ("nginx:1.27", "postgres:17") if number % 3 == 0 else ("nginx:1.27",)
        cluster.add(DEPLOYMENTS, deployment(f"web-{number}", namespace, images))
    cluster.expire_once.add(DEPLOYMENTS)
    cluster.busy = 2
    code, lines = audit()

    assert code == 0, lines[-3:]
    assert len(cluster.reports(OWN)) == 367
    pages = [
        path for method, path in cluster.asked if method == "GET" and path.startswith(DEPLOYMENTS)
    ]
    assert len(pages) >= 5


def test_the_older_reports(cluster: Cluster, audit: Audit) -> None:
    """PolicyReports, where the cluster has those."""
    fill(cluster)
    code, _ = audit("--format=policyreport")

    assert code == 0
    for report in cluster.reports(OLD).values():
        jsonschema.validate(report, REPORTS[report["apiVersion"], report["kind"]])
    assert len(cluster.reports(OLD)) == 5


def test_a_kind_that_can_not_be_read(cluster: Cluster, audit: Audit) -> None:
    """The others are looked at; nothing is deleted, as what is missing may be there. A kind that
    the cluster doesn't have is no trouble.
    """
    fill(cluster)
    cluster.missing.add("/apis/autoscaling/v2/horizontalpodautoscalers")
    assert audit()[0] == 0
    before = cluster.reports(OWN)
    cluster.forbidden.add(PODS)
    code, lines = audit()

    assert code == 1
    assert any("403" in line.get("message", "") and line["kind"] == "Pod" for line in lines[:-1])
    assert cluster.reports(OWN) == before


def test_reports_that_can_not_be_written(cluster: Cluster, audit: Audit) -> None:
    """Without the CRD: it says so once, and not for every report."""
    fill(cluster)
    cluster.missing.add(OWN)
    code, lines = audit()

    assert code == 1
    # Those that are there can't be listed, and in neither namespace one can be written.
    assert sum(line.get("level") == "error" for line in lines) == 3


def test_a_namespace_that_takes_no_more(cluster: Cluster, audit: Audit) -> None:
    """As by a quota: it is said once, and the others get their reports."""
    for number in range(5):
        cluster.add(PODS, pod(f"a{number}", "a-quota"), pod(f"b{number}", "b"))
    cluster.full.add("a-quota")
    code, lines = audit()

    assert code == 1
    assert sum(line.get("level") == "error" for line in lines) == 1
    assert {key.partition("/")[0] for key in cluster.reports(OWN)} == {"b"}


def test_a_service_that_takes_little(
    cluster: Cluster, audit: Audit, start_server: StartServer
) -> None:
    """Fewer files and bytes than a request has: it gets halves, and everything is looked at."""
    small = start_server(PODSPLIT_MAX_FILES="7", PODSPLIT_MAX_BODY_BYTES="9000")
    for number in range(30):
        cluster.add(PODS, pod(f"web-{number}"))
    code, lines = audit(PODSPLIT_URL=small.url)

    assert code == 0, lines
    assert len(cluster.reports(OWN)) == 30


def test_a_namespace_that_is_being_deleted(cluster: Cluster, audit: Audit) -> None:
    """Nothing new may come into it: that is no trouble, and the others get their reports."""
    fill(cluster)
    cluster.ending.add("sandbox")
    code, lines = audit()

    assert code == 0, lines
    assert {key.partition("/")[0] for key in cluster.reports(OWN)} == {"shop"}


def test_a_service_with_tokens(
    cluster: Cluster, audit: Audit, start_server: StartServer, tmp_path: Path
) -> None:
    """It takes the first token of the file, which may have a name; without one nothing goes."""
    fill(cluster)
    tokens = tmp_path / "tokens"
    tokens.write_text("# ours\naudit: s3cret\nother\n")
    closed = start_server(PODSPLIT_TOKENS_FILE=str(tokens))
    code, _ = audit(PODSPLIT_URL=closed.url, PODSPLIT_TOKEN_FILE=str(tokens))
    assert code == 0
    assert len(cluster.reports(OWN)) == 5

    code, lines = audit(PODSPLIT_URL=closed.url)
    assert code == 1
    assert len(cluster.reports(OWN)) == 5
    assert any(line.get("namespaces") == ["sandbox", "shop"] for line in lines)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"PODSPLIT_URL": ""}, "set PODSPLIT_URL"),
        ({"KUBECONFIG": "/nonexistent"}, "there is no cluster"),
        ({"PODSPLIT_TOKEN_FILE": "/nonexistent"}, "PODSPLIT_TOKEN_FILE can't be read"),
    ],
)
def test_what_it_can_not_begin_without(audit: Audit, environ: dict[str, str], says: str) -> None:
    """A sentence each, and the code 2."""
    code, lines = audit(**environ)
    assert code == 2
    assert says in lines[-1]["stderr"]


def test_nothing_of_an_object_is_logged(cluster: Cluster, audit: Audit) -> None:
    """Kinds and namespaces alone."""
    fill(cluster)
    container = cluster.objects[DEPLOYMENTS][0]["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "PASSWORD", "value": "c4n4ry"}]
    _, lines = audit()

    assert "c4n4ry" not in json.dumps(lines)
    assert "c4n4ry" not in json.dumps(cluster.reports(OWN))

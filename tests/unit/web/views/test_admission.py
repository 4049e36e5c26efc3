"""POST /v1/admission: warnings, and always a yes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from service.errors import DeadlineExceeded
from service.web.app import create_app
from service.web.settings import Settings

TOKEN = {
    "name": "kube-api-access-x7k2p",
    "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": {"path": "token"}}]},
}
MOUNT = {
    "name": "kube-api-access-x7k2p",
    "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
    "readOnly": True,
}


def container(name, image, port=None):
    """A container as the API server sends it: with defaults, and the token's mount."""
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": port, "protocol": "TCP"}] if port else [],
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "volumeMounts": [MOUNT],
    }


WEB, DATABASE = container("web", "nginx:1.27", 80), container("db", "postgres:17", 5432)
LOGS = container("logs", "fluent/fluent-bit:3.2")


def pod(*containers, **metadata):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "shop", "uid": "5f0c", "creationTimestamp": None} | metadata,
        "spec": {
            "containers": list(containers),
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": "Always",
            "serviceAccountName": "default",
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}],
            "volumes": [TOKEN],
        },
    }


def workload(kind, *containers, **metadata):
    """A workload of any kind around a Pod."""
    template = {"metadata": {"labels": {"app": "shop"}}, "spec": pod(*containers)["spec"]}
    spec: dict[str, Any] = {
        "selector": {"matchLabels": {"app": "shop"}},
        "template": template,
    }
    group = "batch/v1" if kind in ("Job", "CronJob") else "apps/v1"
    if kind == "CronJob":
        spec = {"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}}
    return {
        "apiVersion": group,
        "kind": kind,
        "metadata": {"name": "shop"} | metadata,
        "spec": spec,
    }


def asked(client, applied, **changes):
    request = {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "", "version": "v1", "kind": applied["kind"] if applied else ""},
        "operation": "CREATE",
        "namespace": "team-a",
        "userInfo": {"username": "kubernetes-admin", "groups": ["system:masters"]},
        "object": applied,
        "oldObject": None,
        "dryRun": False,
    }
    review = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": request | changes,
    }
    answer = client.post("/v1/admission", json=review)
    assert answer.status_code == 200, answer.text
    response = answer.json["response"]
    assert response["uid"] == request["uid"]
    assert response["allowed"] is True
    return response["warnings"]


def test_a_bare_pod_with_two_applications(client):
    """A warning for each, in the API server's own envelope, short enough to be printed whole."""
    warnings = asked(client, pod(WEB, DATABASE))

    assert warnings == [
        (
            "podsplit bare-pod: the Pod shop has no controller: it is gone with its node, and has"
            " no rollout"
        ),
        "podsplit unrelated-containers: db is an application of its own beside web",
    ]
    assert all(len(text) <= 120 for text in warnings)


@pytest.mark.parametrize(
    "kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"]
)
@pytest.mark.parametrize("operation", ["CREATE", "UPDATE"])
def test_workloads_of_each_kind(client, kind, operation):
    """Two applications are told apart in all of them; one with a helper is nothing to say."""
    old = workload(kind, WEB)
    changes = {"operation": operation} | ({"oldObject": old} if operation == "UPDATE" else {})

    (warning,) = asked(client, workload(kind, WEB, DATABASE), **changes)
    assert "db is an application of its own beside web" in warning
    assert asked(client, workload(kind, WEB, LOGS), **changes) == []


def test_names_that_are_very_long(client):
    """A warning is cut, not left out, and stays one line."""
    long = pod(WEB, DATABASE | {"name": "d" * 63}, name="p" * 253)
    warnings = asked(client, long)

    assert [len(text) <= 120 for text in warnings] == [True, True]
    assert not any("\n" in text for text in warnings)


@pytest.mark.parametrize(
    "metadata",
    [
        {"annotations": {"podsplit.dev/ignore": "bare-pod ours; unrelated-containers ours"}},
        {"annotations": {"kubernetes.io/config.mirror": "abc"}},
        {"ownerReferences": [{"kind": "Workflow", "name": "x", "controller": True}]},
    ],
)
def test_what_nobody_wants_to_hear(client, metadata):
    """Suppressed, static and owned Pods."""
    assert [
        text for text in asked(client, pod(WEB, DATABASE, **metadata)) if "bare-pod" in text
    ] == []


def test_suppression(client):
    """By the annotation, with its reason, of the rule that it names."""
    ignored = {"podsplit.dev/ignore": "unrelated-containers they are one"}
    applied = workload("Deployment", WEB, DATABASE, annotations=ignored)

    assert asked(client, applied) == []


def test_injected_containers(client):
    """What a mesh adds is no application of its own."""
    proxy = container("istio-proxy", "docker.io/istio/proxyv2:1.27.0", 15090)
    status = json.dumps({"containers": ["istio-proxy"], "revision": "default"})
    injected = pod(WEB, proxy, annotations={"sidecar.istio.io/status": status})

    assert not any("unrelated" in text for text in asked(client, injected))


def test_what_is_not_sure_is_not_said(client):
    """Two images that nobody knows."""
    unsure = workload("Deployment", container("a", "acme/one:1"), container("b", "acme/two:1"))

    assert asked(client, unsure) == []


@pytest.mark.parametrize(
    "applied",
    [
        None,
        {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "x"}, "data": {"a": "b"}},
        {"kind": "Pod"},
        {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "x"}, "spec": "y"},
        {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {}, "spec": {"template": []}},
    ],
)
def test_objects_of_any_shape_are_allowed(client, applied):
    """Whatever the API server will make of them."""
    assert asked(client, applied) == []


def test_a_dry_run_leaves_no_trace(client):
    """Not even in the metrics of findings."""
    assert len(asked(client, pod(WEB), dryRun=True)) == 1
    assert "podsplit_findings_total{" not in client.get("/metrics").text
    asked(client, pod(WEB))
    assert 'podsplit_findings_total{rule="bare-pod"' in client.get("/metrics").text


def test_a_huge_object_is_allowed(client):
    """Up to what the service takes at all; beyond, the webhook's failure policy allows it."""
    applied = pod(WEB, annotations={"note": "x" * 1_000_000})
    assert len(asked(client, applied)) == 1

    small = create_app(Settings(max_body_bytes=100_000)).test_client()
    answer = small.post("/v1/admission", json={"request": {"object": applied}})
    assert answer.status_code == 413


def test_a_service_that_is_busy_lets_it_pass(monkeypatch):
    """No slot in time, or a run that is stopped: nothing is said."""

    def slow(*_args: object, **_keywords: object) -> None:
        raise DeadlineExceeded

    monkeypatch.setattr("service.web.views.admission.run", slow)
    assert asked(create_app(Settings()).test_client(), pod(WEB)) == []

    monkeypatch.setattr("service.web.views.admission._SECONDS", 0.01)
    app = create_app(Settings(max_runs=1))
    runs = app.extensions["podsplit"].runs
    warnings = runs.do(
        lambda: asked(app.test_client(), pod(WEB)), size=1, deadline=time.monotonic() + 30
    )
    assert warnings == []


@pytest.mark.parametrize("media", ["application/yaml", "text/plain", "application/x-tar"])
def test_reviews_come_as_json(client, media):
    """As the API server sends them."""
    answer = client.post("/v1/admission", data=b"x", content_type=media)
    assert answer.status_code == 415


def test_a_process_that_serves_admission_alone(tmp_path):
    """No manifests, no page, no token: an API server has none. Probes and metrics are there."""
    tokens = tmp_path / "tokens"
    tokens.write_text("s3cret\n")
    settings = Settings(serves="admission", tokens_file=tokens)
    client = create_app(settings).test_client()

    assert len(asked(client, pod(WEB))) == 1
    assert {path: client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")} == {
        "/healthz": 200,
        "/readyz": 200,
        "/metrics": 200,
    }
    for path in ("/", "/docs", "/assets/page.js", "/v1/signals"):
        assert client.get(path).status_code == 404
    whole = create_app(Settings(tokens_file=tokens)).test_client()
    assert whole.post("/v1/admission", json={}).status_code == 401

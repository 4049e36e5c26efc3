"""What the chart brings into a cluster, in a real one: that of `PODSPLIT_TEST_KUBECONFIG=<file>`.

The webhook is called at this machine, so only an API server on it can be asked to.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.conftest import ROOT, Server, StartServer
from tests.support.chart import CHART, objects, only, part_of, rendered

KUBECONFIG = os.environ.get("PODSPLIT_TEST_KUBECONFIG")
live = pytest.mark.skipif(
    not KUBECONFIG, reason="no cluster to test on: PODSPLIT_TEST_KUBECONFIG names none"
)

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME}\nspec: {containers: CONTAINERS}\n"
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  replicas: 0
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec: {containers: CONTAINERS}
"""
ONE = "[{name: web, image: nginx}]"
BOTH = "[{name: web, image: nginx}, {name: db, image: postgres}]"
REPORT_CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "reports.openreports.io"},
    "spec": {
        "group": "openreports.io",
        "names": {"kind": "Report", "plural": "reports", "singular": "report"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": True,
                    }
                },
            }
        ],
    },
}
"""Where the cluster has none: any report is taken."""


class Kubectl:
    """A real kubectl, in a namespace of a real cluster."""

    def __init__(self, program: Path, config: str, namespace: str) -> None:
        self._program = program
        self.config = config
        self.namespace = namespace

    def run(
        self, *words: str, text: str = "", config: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command; its output and what it warned of."""
        own = ("--kubeconfig", config or self.config, "--namespace", self.namespace)
        done = subprocess.run(
            [self._program, *own, *words],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done

    def warnings(self, text: str, *words: str) -> list[str]:
        """What `kubectl apply` warns of."""
        lines = self.run("apply", "-f", "-", *words, text=text).stderr.splitlines()
        return [line for line in lines if line.startswith("Warning: podsplit")]


@pytest.fixture
def cluster(kubectl: Path) -> Iterator[Kubectl]:
    """A cluster with a new namespace, which is deleted afterwards."""
    client = Kubectl(kubectl, str(KUBECONFIG), f"podsplit-{uuid.uuid4().hex[:8]}")
    client.run("create", "namespace", client.namespace)
    yield client
    client.run("delete", "namespace", client.namespace, "--wait=false")


def text_of(template: str, name: str, containers: str) -> str:
    return template.replace("NAME", name).replace("CONTAINERS", containers)


@pytest.fixture
def webhook(
    cluster: Kubectl, helm: Path, start_server: StartServer, tmp_path: Path
) -> Iterator[Server]:
    """The chart's webhook, registered for the namespace of the test and answered from here."""
    shown = json.loads(cluster.run("config", "view", "--minify", "-o", "json").stdout)
    host = urlsplit(shown["clusters"][0]["cluster"]["server"]).hostname
    if host not in ("127.0.0.1", "localhost", "::1") or shutil.which("openssl") is None:
        pytest.skip("the API server is not on this machine, so it can't call what runs here")
    files = ("-out", str(tmp_path / "tls.crt"), "-keyout", str(tmp_path / "tls.key"))
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1")
    names = ("-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1")
    command = ("openssl", "req", "-x509", *kind, *names, *files)
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    server = start_server(
        PODSPLIT_SERVES="admission",
        PODSPLIT_TLS_CERT_FILE=str(tmp_path / "tls.crt"),
        PODSPLIT_TLS_KEY_FILE=str(tmp_path / "tls.key"),
    )
    variant = CHART / "ci" / "admission-cert-manager-values.yaml"
    configuration = only(
        objects(rendered(helm, "-f", str(variant))), "ValidatingWebhookConfiguration", "admission"
    )
    configuration["metadata"]["name"] = cluster.namespace
    (own,) = configuration["webhooks"]
    bundle = base64.b64encode((tmp_path / "tls.crt").read_bytes()).decode()
    own["clientConfig"] = {"url": f"{server.url}/v1/admission", "caBundle": bundle}
    own["namespaceSelector"]["matchExpressions"].append(
        {
            "key": "kubernetes.io/metadata.name",
            "operator": "In",
            "values": [cluster.namespace],
        }
    )
    cluster.run("apply", "-f", "-", text=json.dumps(configuration))
    until = time.monotonic() + 60
    while not cluster.warnings(text_of(POD, "first", ONE), "--dry-run=server"):
        assert time.monotonic() < until, server.log.read_text()
        time.sleep(0.5)
    yield server
    cluster.run("delete", "validatingwebhookconfiguration", cluster.namespace)


@live
def test_kubectl_prints_the_warnings(cluster: Kubectl, webhook: Server) -> None:
    """Of bare Pods and of applications in one Pod, whatever the kind; and applies them. Of others
    nothing is sent, as the log of the webhook shows.
    """
    assert cluster.warnings(text_of(POD, "bare", BOTH)) == [
        (
            "Warning: podsplit bare-pod: the Pod bare has no controller: it is gone with its node,"
            " and has no rollout"
        ),
        "Warning: podsplit unrelated-containers: db is an application of its own beside web",
    ]
    assert cluster.run("get", "pod", "bare", "-o", "name").stdout == "pod/bare\n"
    (warning,) = cluster.warnings(text_of(DEPLOYMENT, "both", BOTH))
    assert "db is an application of its own" in warning

    asked = webhook.log.read_text().count('"/v1/admission"')
    assert cluster.warnings(text_of(DEPLOYMENT, "one", ONE)) == []
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}
    owned = yaml.safe_load(text_of(POD, "owned", BOTH))
    owned["metadata"]["ownerReferences"] = [owner]
    assert cluster.warnings(json.dumps(owned)) == []
    assert webhook.log.read_text().count('"/v1/admission"') == asked

    # Sent, as it has two containers, but nothing of what is judged has changed.
    labelled = text_of(DEPLOYMENT, "both", BOTH).replace(
        "{name: both}", "{name: both, labels: {a: b}}"
    )
    assert cluster.warnings(labelled) == []


@pytest.fixture
def reports(cluster: Kubectl) -> Iterator[None]:
    """A cluster that has the kind of the reports; ours are deleted afterwards."""
    there = cluster.run("get", "crd", "-o", "name").stdout
    is_new = "customresourcedefinition.apiextensions.k8s.io/reports.openreports.io" not in there
    if is_new:
        cluster.run("apply", "-f", "-", text=json.dumps(REPORT_CRD))
        cluster.run("wait", "--for=condition=Established", "crd/reports.openreports.io")
    yield
    if is_new:
        cluster.run("delete", "crd", "reports.openreports.io")
    else:
        selector = "--selector=app.kubernetes.io/managed-by=podsplit"
        cluster.run("delete", "reports", "--all-namespaces", selector)


@live
def test_reports_appear(
    cluster: Kubectl, reports: None, helm: Path, server: Server, tmp_path: Path
) -> None:
    """By the chart's own account, whose rights are all that it has; a second run leaves them as
    they are, and what is gone loses its report.
    """
    cluster.run("apply", "-f", "-", text=text_of(DEPLOYMENT, "both", BOTH))
    cluster.run("apply", "-f", "-", text=text_of(DEPLOYMENT, "one", ONE))
    chart = objects(rendered(helm, "-f", str(CHART / "ci" / "audit-values.yaml")))
    rights = [
        item
        for item in chart
        if part_of(item) == "audit" and item["kind"] in ("ServiceAccount", "ClusterRole")
    ]
    binding = only(chart, "ClusterRoleBinding", "audit")
    for item in (*rights, binding):
        item["metadata"]["name"] = f"{cluster.namespace}-audit"
        item["metadata"].pop("namespace", None)
    binding["roleRef"]["name"] = f"{cluster.namespace}-audit"
    binding["subjects"][0] |= {"name": f"{cluster.namespace}-audit", "namespace": cluster.namespace}
    for item in (*rights, binding):
        cluster.run("apply", "-f", "-", text=json.dumps(item))
    config = _config_of(cluster, f"{cluster.namespace}-audit", tmp_path)

    def audit() -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "clients.audit"],
            cwd=ROOT,
            env=os.environ | {"KUBECONFIG": str(config), "PODSPLIT_URL": server.url},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def names() -> list[str]:
        return cluster.run("get", "reports", "-o", "name").stdout.split()

    try:
        audit()
        assert names() == ["report.openreports.io/podsplit-deployment-both"]
        (written,) = [line for line in audit() if line["message"] == "written"]
        assert (written["applied"], written["deleted"]) == (0, 0)
        cluster.run("delete", "deployment", "both")
        audit()
        assert names() == []
    finally:
        for kind in ("clusterrolebinding", "clusterrole"):
            cluster.run("delete", kind, f"{cluster.namespace}-audit")


def _config_of(cluster: Kubectl, account: str, folder: Path) -> Path:
    """A kubeconfig with a token of a service account, and nothing else."""
    token = cluster.run("create", "token", account).stdout.strip()
    shown = cluster.run("config", "view", "--minify", "--raw", "-o", "json").stdout
    config = json.loads(shown)
    config["users"][0]["user"] = {"token": token}
    path = folder / "audit-kubeconfig"
    path.write_text(json.dumps(config))
    return path

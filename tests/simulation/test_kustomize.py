"""Sets under a kustomization, built by the real kubectl before and after the rewrite."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.checks import ALL_CHECKS
from tests.support.cluster import Cluster
from tests.support.objects import read_objects
from tests.support.programs import default_ports
from tests.support.rewritten import rewrite
from tests.support.rollout import check_steps

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
      - name: front
        image: nginx:1.27
        ports: [{containerPort: 80}]
      - name: queue
        image: rabbitmq:4
        ports: [{containerPort: 5672}, {containerPort: 15672}]
"""
SERVICE = """apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector: {app: shop}
  ports: [{name: http, port: 80}, {name: amqp, port: 5672}]
"""
CALLING = DEPLOYMENT.replace(
    "image: nginx:1.27\n",
    "image: nginx:1.27\n        env: [{name: BROKER, value: 'amqp://localhost:5672'}]\n",
)
POD = """apiVersion: v1
kind: Pod
metadata:
  name: shop
  labels: {app: shop}
spec:
  containers:
  - {name: front, image: 'nginx:1.27', ports: [{containerPort: 80}]}
  - {name: queue, image: 'rabbitmq:4', ports: [{containerPort: 5672}]}
"""
SETS = {
    "apart": {"deployment.yaml": DEPLOYMENT, "service.yaml": SERVICE},
    "calling": {"deployment.yaml": CALLING, "service.yaml": SERVICE},
    "bare": {"deployment.yaml": POD, "service.yaml": SERVICE},
}
RESOURCES = "resources: [deployment.yaml, service.yaml]\n"
PATCH = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  template:\n    spec:\n"
    "      containers:\n      - name: "
)
KUSTOMIZATIONS: dict[str, dict[str, str]] = {
    "resources": {"kustomization.yaml": RESOURCES},
    "namespace": {"kustomization.yaml": RESOURCES + "namespace: shop\n"},
    "prefix": {"kustomization.yaml": RESOURCES + "namePrefix: blue-\n"},
    "images": {"kustomization.yaml": RESOURCES + "images: [{name: rabbitmq, newTag: '5'}]\n"},
    "labels on all": {
        "kustomization.yaml": (
            RESOURCES + "labels: [{pairs: {team: blue}, includeSelectors: true}]\n"
        )
    },
    "the label that would differ": {
        "kustomization.yaml": RESOURCES + "labels: [{pairs: {app: shop}, includeSelectors: true}]\n"
    },
    "common annotations": {"kustomization.yaml": RESOURCES + "commonAnnotations: {owner: blue}\n"},
    "replicas": {"kustomization.yaml": RESOURCES + "replicas: [{name: shop, count: 3}]\n"},
    "a patch of what stays": {
        "kustomization.yaml": RESOURCES + "patches: [{path: patch.yaml}]\n",
        "patch.yaml": PATCH + "front\n        tty: true\n",
    },
    "a patch of what moves": {
        "kustomization.yaml": RESOURCES + "patches: [{path: patch.yaml}]\n",
        "patch.yaml": PATCH + "queue\n        tty: true\n",
    },
    "a patch by index": {
        "kustomization.yaml": (
            RESOURCES + "patches:\n- target: {kind: Deployment}\n  patch: |\n    - {op: add, path:"
            " /spec/template/spec/containers/1/tty, value: true}\n"
        )
    },
    "a patch of every Deployment": {
        "kustomization.yaml": (
            RESOURCES + "patches:\n- target: {kind: Deployment}\n  patch: |\n    - {op: add, path:"
            " /spec/paused, value: false}\n"
        )
    },
    "a patch of the Service": {
        "kustomization.yaml": (
            RESOURCES
            + "patches:\n- target: {kind: Service, name: shop}\n  patch: |\n    - {op: replace,"
            " path: /spec/ports/0/port, value: 8080}\n"
        )
    },
    "an overlay": {
        "base/kustomization.yaml": RESOURCES,
        "kustomization.yaml": "resources: [base]\nnameSuffix: -blue\nnamespace: blue\n",
    },
}


def build(kubectl: Path, folder: Path, files: Mapping[str, str]) -> Cluster | None:
    """The cluster that the files make when they are built; None if kustomize can't build them."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    done = subprocess.run(
        [str(kubectl), "kustomize", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode != 0:
        return None
    return Cluster(read_objects({"built.yaml": done.stdout}), default_ports)


def combinations() -> list[object]:
    """Every set under every kustomization; the layout "new-files" under some of them."""
    return [
        (name, kustomization, layout)
        for name in SETS
        for kustomization in KUSTOMIZATIONS
        for layout in ("in-place", "new-files")
        if layout == "in-place"
        or kustomization in ("resources", "a patch of what stays", "an overlay")
    ]


@pytest.mark.parametrize(("name", "kustomization", "layout"), combinations())
def test_a_rewritten_build_keeps_the_build(
    kubectl: Path, tmp_path: Path, name: str, kustomization: str, layout: str
) -> None:
    """What a rewritten set builds to keeps what the set built to."""
    kustomize_files = KUSTOMIZATIONS[kustomization]
    base = "base/" if "base/kustomization.yaml" in kustomize_files else ""
    files = {**{base + path: text for path, text in SETS[name].items()}, **kustomize_files}
    rewritten = rewrite(files, layout=layout)
    assert rewritten.own_faults() == []
    before, *built = [
        build(kubectl, tmp_path / str(number), stage)
        for number, stage in enumerate(rewritten.stages)
    ]
    if before is None:
        return  # a patch or field for a Deployment that isn't there
    later = [cluster for cluster in built if cluster is not None]
    assert len(later) == len(built), "a rewritten stage can't be built"
    faults = [
        f"{check.__name__}: {message}"
        for after in later
        for check in ALL_CHECKS
        for message in check(before, after)
    ]
    assert faults == []
    assert list(check_steps([before, *later], [()] * len(later))) == []


def test_most_kustomizations_allow_the_split() -> None:
    """Most of these kustomizations don't prevent the split."""
    split = [
        name
        for name, kustomize_files in KUSTOMIZATIONS.items()
        if "base/kustomization.yaml" not in kustomize_files
        and rewrite({**SETS["apart"], **kustomize_files}).actions
    ]
    assert len(split) >= 6

"""Sets under a kustomization, built by the real kubectl before and after: what is rewritten
builds, and keeps what there was.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.cluster import Cluster, read
from tests.support.programs import defaults
from tests.support.proving import KEPT
from tests.support.rewritten import rewrite
from tests.support.rollout import walk

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


def built(kubectl: Path, folder: Path, files: Mapping[str, str]) -> Cluster | None:
    """The cluster that the files make when they are built; None where kustomize doesn't build
    them.
    """
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
    return Cluster(read({"built.yaml": done.stdout}), defaults) if done.returncode == 0 else None


def combinations() -> list[object]:
    """Every set under every kustomization."""
    return [
        (name, kustomization, layout)
        for name in SETS
        for kustomization in KUSTOMIZATIONS
        for layout in ("in-place", "new-files")
        if layout == "in-place"
        or kustomization in ("resources", "a patch of what stays", "an overlay")
    ]


@pytest.mark.parametrize(("name", "kustomization", "layout"), combinations())
def test_what_is_built_is_kept(
    kubectl: Path, tmp_path: Path, name: str, kustomization: str, layout: str
) -> None:
    """A rewrite under a kustomization builds, and keeps what the build was; or it isn't made."""
    around = KUSTOMIZATIONS[kustomization]
    base = "base/" if "base/kustomization.yaml" in around else ""
    files = {**{base + path: text for path, text in SETS[name].items()}, **around}
    rewritten = rewrite(files, layout=layout)
    assert rewritten.mistakes() == []
    before, *after = [
        built(kubectl, tmp_path / str(number), each) for number, each in enumerate(rewritten.stages)
    ]
    if before is None:
        return  # a patch or field for a Deployment that isn't there
    assert None not in after, "it builds no more"
    stages = [before, *(each for each in after if each is not None)]
    found = [
        f"{check.__name__}: {message}"
        for after in stages[1:]
        for check in KEPT
        for message in check(stages[0], after)
    ]
    assert found + list(walk(stages, [(), (), ()])) == []


def test_some_are_made() -> None:
    """Most kustomizations of these stand in the way of no split."""
    made = [
        name
        for name, around in KUSTOMIZATIONS.items()
        if "base/kustomization.yaml" not in around and rewrite({**SETS["apart"], **around}).changes
    ]
    assert len(made) >= 6

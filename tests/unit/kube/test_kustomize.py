"""Kustomizations: which files they build, and which objects they patch."""

from __future__ import annotations

from typing import Any

import pytest

from service.kube.kustomize import (
    Patch,
    kustomizations_building,
    lists_file,
    patch_paths,
    patches_of,
    read_patch,
)
from service.kube.objects import Resource
from service.yamldoc.nodes import Data
from tests.support.manifests import manifests_of, named, resource_of

HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"


def kustomization(text: str) -> Resource:
    return resource_of(HEAD + text)


def patch(content: Data, target: dict[str, Any] | None = None) -> Patch:
    return Patch(kustomization("resources: []\n"), target or {}, content)


@pytest.mark.parametrize(
    ("target", "content", "expected"),
    [
        # By its own kind and name, if nothing is said beside it.
        ({}, {"kind": "Pod", "metadata": {"name": "web"}}, True),
        ({}, {"kind": "Pod", "metadata": {"name": "we"}}, False),
        ({}, {"kind": "Deployment", "metadata": {"name": "web"}}, False),
        ({}, {"kind": "Pod", "metadata": {"name": "w.b"}}, False),
        ({}, {"kind": "P.d", "metadata": {"name": "web"}}, False),
        ({}, {"kind": "Pod"}, True),
        # By the target, whose fields are regular expressions for the whole text.
        ({"kind": "Pod"}, {"kind": "X", "metadata": {"name": "y"}}, True),
        ({"name": "w.b"}, [], True),
        ({"name": "we"}, [], False),
        ({"name": "web|api"}, [], True),
        ({"kind": "Deployment", "name": "web"}, [], False),
        ({"labelSelector": "app=web"}, [], True),
        # What can't be read may be for anything.
        ({"name": "(?<web"}, [], True),
        ({}, [], True),
        ({}, None, True),
    ],
)
def test_whom_a_patch_is_for(target: dict[str, Any], content: Data, expected: bool) -> None:
    """Here: whether for the Pod web."""
    assert patch(content, target).is_for("Pod", "web") is expected


LISTS = """patchesStrategicMerge:
- strategic.yaml
- |
  kind: Pod
  metadata: {name: inline}
patches:
- path: patches/one.yaml
- patch: "- {op: remove, path: /spec}"
  target: {kind: Pod}
- target: {name: neither}
patchesJson6902:
- path: ./six.yaml
  target: {name: web}
"""


def test_the_files_of_patches() -> None:
    """As paths in the set; what is inline has none."""
    manifests = manifests_of({"k/kustomization.yaml": HEAD + LISTS, "pod.yaml": POD})
    kustomizations = manifests.of_kind("Kustomization")
    assert patch_paths(kustomizations) == {
        "k/strategic.yaml",
        "k/patches/one.yaml",
        "k/six.yaml",
    }
    assert patch_paths([]) == set()


def test_the_patches_of_a_kustomization() -> None:
    """Their contents, from files or inline; None where they can't be seen."""
    manifests = manifests_of(
        {
            "k/kustomization.yaml": HEAD + LISTS,
            "k/strategic.yaml": POD + "---\n" + POD.replace("web", "api"),
            "k/six.yaml": "- {op: add, path: /x, value: 1}\n",
            "pod.yaml": POD,
        }
    )
    found = list(patches_of(named(manifests, "Kustomization/"), manifests))
    assert [(found_patch.target, found_patch.content) for found_patch in found] == [
        ({}, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}),
        ({}, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "api"}}),
        ({}, {"kind": "Pod", "metadata": {"name": "inline"}}),
        ({}, None),
        ({"kind": "Pod"}, [{"op": "remove", "path": "/spec"}]),
        ({"name": "neither"}, None),
        ({"name": "web"}, [{"op": "add", "path": "/x", "value": 1}]),
    ]
    assert [resource.title for resource in manifests.resources] == ["Kustomization/", "Pod/web"]


BUILDS = {
    "base/kustomization.yaml": HEAD + "resources: [pod.yaml, ../shared]\n",
    "base/pod.yaml": POD,
    "shared/kustomization.yaml": HEAD + "resources: [./config.yaml]\n",
    "shared/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
    "overlay/kustomization.yaml": HEAD + "bases: [../base]\ncomponents: [../part]\n",
    "part/kustomization.yaml": HEAD.replace("Kustomization", "Component") + "resources: [x.yaml]\n",
    "part/x.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
    "loop/kustomization.yaml": HEAD + "resources: [../loop2, ../loop]\n",
    "loop2/kustomization.yaml": HEAD + "resources: [../loop, ../base/pod.yaml]\n",
    "alone.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: alone}\n",
}


@pytest.mark.parametrize(
    ("title", "folders"),
    [
        ("Pod/web", ["base", "overlay", "loop", "loop2"]),
        ("ConfigMap/c", ["base", "shared", "overlay"]),
        ("Secret/s", ["overlay", "part"]),
        ("Service/alone", []),
    ],
)
def test_the_kustomizations_that_build_a_file(title: str, folders: list[str]) -> None:
    """Directly, or through other ones; a circle ends."""
    manifests = manifests_of(BUILDS)
    found = kustomizations_building(named(manifests, title), manifests)
    assert sorted(resource.folder for resource in found) == sorted(folders)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("base/pod.yaml", True),
        ("shared", True),
        ("shared/config.yaml", False),
        ("pod.yaml", False),
        ("base/other.yaml", False),
    ],
)
def test_a_kustomization_lists_a_file_itself(path: str, expected: bool) -> None:
    """Not those in the folders that it lists."""
    manifests = manifests_of(BUILDS)
    (base,) = [
        resource
        for resource in manifests.of_kind("Kustomization")
        if resource.path.startswith("base/")
    ]
    assert lists_file(base, path) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: Pod\n", [{"kind": "Pod"}]),
        ("kind: Pod\n---\nkind: Job\n", [{"kind": "Pod"}, {"kind": "Job"}]),
        ("- {op: remove}\n", [[{"op": "remove"}]]),
        ("# c\n\n- op: add\n", [[{"op": "add"}]]),
        ("  [{op: add}]", [[{"op": "add"}]]),
        ("-1: x\n", [{"-1": "x"}]),
        ("kind: [\n", [None]),
        ("- [\n", [None]),
        ("x: .inf\n", [None]),
        ("text\n", [None]),
        ("", []),
    ],
)
def test_the_text_of_a_patch_is_read(text: str, expected: list[Data]) -> None:
    """Partial objects or operations; None for what can't be read."""
    assert read_patch(text) == expected

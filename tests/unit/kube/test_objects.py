"""Objects: what they say, and which of several objects of one name another one means."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import InputError
from service.kube.objects import (
    LazyLocation,
    ManifestSet,
    Resource,
    as_list,
    as_mapping,
    as_mappings,
    as_strings,
    as_text,
    in_same_namespace,
    objects_of,
    value_at,
)
from service.yamldoc.nodes import Route
from tests.support.documents import document_of
from tests.support.manifests import manifests_of, named, resource_of

FULL = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web, v: 1}, annotations: {note: x}}
spec: {replicas: 2, list: [a, {b: c}]}
"""


def test_an_object_is_read() -> None:
    """Texts, maps of texts, and the group of its version."""
    resource = resource_of(FULL)
    assert (resource.api_version, resource.group, resource.kind) == (
        "apps/v1",
        "apps",
        "Deployment",
    )
    assert (resource.name, resource.namespace, resource.title) == ("web", "shop", "Deployment/web")
    assert (resource.labels, resource.annotations) == ({"app": "web", "v": "1"}, {"note": "x"})
    assert (resource.path, resource.folder, resource.route) == ("set.yaml", ".", ())
    assert resource.spec["replicas"] == 2
    assert resource.get("spec", "list", 1, "b") == "c"
    assert resource.get("spec", "list", 2) is None


def test_what_an_object_lacks_is_empty() -> None:
    """Its namespace is not, as that may be any."""
    (resource,) = objects_of(document_of("a: 1\n"))
    assert (resource.api_version, resource.group, resource.kind, resource.name) == ("",) * 4
    assert (resource.metadata, resource.labels, resource.annotations, resource.spec) == ({},) * 4
    assert resource.namespace is None
    assert resource_of("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n").group == ""


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ("{name: a}", "a"),
        ("{generateName: a-}", "a-*"),
        ("{name: a, generateName: b-}", "a"),
        ("{name: 5}", "5"),
        ("{name: ''}", ""),
        ("{}", ""),
        ("x", ""),
    ],
)
def test_the_name_of_an_object(metadata: str, name: str) -> None:
    """A generated one has a star where the server adds something."""
    assert resource_of(f"apiVersion: v1\nkind: Pod\nmetadata: {metadata}\n").name == name


def test_objects_are_equal_only_to_themselves() -> None:
    """So they can be keys, however much they say the same."""
    document = document_of("kind: X\n")
    one, other = Resource(document, (), {}), Resource(document, (), {})
    assert one != other
    assert {one: 1, other: 2}[one] == 1


def test_the_folder_of_a_file() -> None:
    """A dot for the root of the set."""
    resources = manifests_of({"a/b/c.yaml": FULL, "d.yaml": FULL}).resources
    assert [resource.folder for resource in resources] == ["a/b", "."]


LOCATIONS: list[tuple[Route, bool, str]] = [
    (("metadata", "name"), False, "web"),
    (("metadata", "name"), True, "name"),
    (("spec", "list", 1), False, "{b: c}"),
    (("spec", "list", 1), True, "{b: c}"),
    (("spec", "replicas", "none", 0), False, "2"),
    (("spec", "none"), True, "spec"),
]


@pytest.mark.parametrize(("route", "key", "text"), LOCATIONS)
def test_a_location_is_that_of_the_nearest_thing(route: Route, key: bool, text: str) -> None:
    """Of its key if asked, where it has one."""
    resource = resource_of(FULL)
    location = resource.location(*route, key=key)
    assert FULL[location.span.start : location.span.end] == text
    assert (location.path, location.document) == ("set.yaml", 0)
    assert LazyLocation(resource, route).location() == resource.location(*route)


def test_an_item_of_a_list_has_its_place_in_the_document() -> None:
    """The routes in it start at the item."""
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- x\n"
        "- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n"
    )
    (resource,) = manifests_of("# none\n---\n" + text).resources
    assert resource.route == ("items", 1)
    assert resource.name == "a"
    span = resource.location("metadata", "name").span
    assert ("# none\n---\n" + text)[span.start : span.end] == "a"


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("kind: List\nitems: [{kind: A}, x, {kind: B}]\n", ["A/", "B/"]),
        ("kind: PodList\nitems: [{kind: A}]\n", ["A/"]),
        ("kind: List\nitems: []\n", []),
        ("kind: List\nitems: x\n", ["List/"]),
        ("kind: AList\nitems: [{kind: A}]\n", ["AList/"]),
    ],
)
def test_the_objects_of_a_document(text: str, titles: list[str]) -> None:
    """The items of a List that are mappings, or the document itself."""
    assert [resource.title for resource in objects_of(document_of(text))] == titles


def test_a_value_that_kubectl_refuses_is_refused() -> None:
    """As it is when the document is read."""
    with pytest.raises(InputError):
        list(objects_of(document_of("a: .inf\n")))


DATA = {"a": [{"b": 1}, None], "c": None}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), DATA),
        (("a", 0, "b"), 1),
        (("a", 1), None),
        (("a", 2), None),
        (("a", -1), None),
        (("a", "0"), None),
        (("a", 0, "b", "c"), None),
        (("c", "d"), None),
        (("x",), None),
    ],
)
def test_a_value_at_a_route(steps: Route, expected: Any) -> None:
    """None where there is nothing."""
    assert value_at(DATA, *steps) == expected


@pytest.mark.parametrize(
    ("value", "text", "mapping", "items"),
    [
        ("x", "x", {}, []),
        (None, "", {}, []),
        (5, "5", {}, []),
        (1.5, "1.5", {}, []),
        (True, "true", {}, []),
        (False, "false", {}, []),
        ({"a": 1}, "", {"a": 1}, []),
        ([1], "", {}, [1]),
    ],
)
def test_a_value_of_an_unexpected_type(
    value: Any, text: str, mapping: dict[str, Any], items: list[Any]
) -> None:
    """Reads as a text where it has one, else as nothing."""
    assert (as_text(value), as_mapping(value), as_list(value)) == (text, mapping, items)


def test_collections_of_one_type() -> None:
    """Items keep their indices, and values become texts."""
    assert as_mappings([{"a": 1}, "x", None]) == [{"a": 1}, {}, {}]
    assert as_mappings({"a": 1}) == []
    assert as_strings({"a": 1, "b": None, "c": True}) == {"a": "1", "b": "", "c": "true"}
    assert as_strings([1]) == {}


def in_namespace(name: str, namespace: str | None = None) -> str:
    where = f", namespace: {namespace}" if namespace else ""
    return f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}{where}}}\n"


@pytest.mark.parametrize(
    ("one", "other", "expected", "strictly"),
    [
        (None, None, True, True),
        ("x", "x", True, True),
        ("x", None, True, False),
        (None, "x", True, False),
        ("x", "y", False, False),
    ],
)
def test_a_missing_namespace_may_be_any(
    one: str | None, other: str | None, expected: bool, strictly: bool
) -> None:
    """Unless it has to be certain."""
    first, second = manifests_of(in_namespace("a", one) + in_namespace("b", other)).resources
    assert in_same_namespace(first, second) is expected
    assert in_same_namespace(first, second, strictly=True) is strictly


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"


def seen_from_pod(files: dict[str, str], pod: str = POD) -> tuple[ManifestSet, Resource]:
    manifests = manifests_of({**files, "a/pod.yaml": pod + files.get("a/pod.yaml", "")})
    return manifests, named(manifests, "Pod/web")


def test_a_name_that_is_there_once_is_found_anywhere() -> None:
    """In another folder too; but not in another namespace."""
    manifests, pod = seen_from_pod({"b/c.yaml": in_namespace("x") + in_namespace("w", "other")})
    assert manifests.find("ConfigMap", "x", pod) is named(manifests, "ConfigMap/x")
    assert manifests.find("ConfigMap", "w", pod) is named(manifests, "ConfigMap/w")
    assert manifests.find("Secret", "x", pod) is None
    assert manifests.find("ConfigMap", "z", pod) is None
    manifests, pod = seen_from_pod(
        {"b/c.yaml": in_namespace("w", "other")}, POD.replace("web}", "web, namespace: shop}")
    )
    assert manifests.find("ConfigMap", "w", pod) is None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # The same file before the folder, the folder before the rest; of several the last one.
        ({"a/pod.yaml": in_namespace("x") * 2, "a/b.yaml": in_namespace("x")}, ("a/pod.yaml", 2)),
        ({"a/b.yaml": in_namespace("x") * 2, "c/d.yaml": in_namespace("x")}, ("a/b.yaml", 1)),
        ({"a/b.yaml": in_namespace("x"), "a/c.yaml": in_namespace("x")}, ("a/c.yaml", 0)),
        # None of several that are all far.
        ({"b/c.yaml": in_namespace("x"), "c/d.yaml": in_namespace("x")}, None),
        ({"a/b/c.yaml": in_namespace("x") * 2}, None),
        # Those in other namespaces don't count.
        ({"a/b.yaml": in_namespace("x") + in_namespace("x", "other")}, ("a/b.yaml", 0)),
        (
            {"b/c.yaml": in_namespace("x", "shop"), "c/d.yaml": in_namespace("x", "other")},
            ("b/c.yaml", 0),
        ),
    ],
)
def test_of_several_objects_of_a_name_the_nearest_is_meant(
    files: dict[str, str], expected: tuple[str, int] | None
) -> None:
    """As `kubectl apply` of a file or folder would have it."""
    manifests, pod = seen_from_pod(files, POD.replace("web}", "web, namespace: shop}"))
    found = manifests.find("ConfigMap", "x", pod)
    assert (found and (found.path, found.document.index)) == expected
    assert manifests.find("ConfigMap", "x", pod) is found
    for other in manifests.find_all("ConfigMap", "x"):
        assert manifests.can_see(pod, other) is (other is found)


def test_visible_objects() -> None:
    """Each kind and name once, kind by kind."""
    manifests, pod = seen_from_pod(
        {
            "a/a.yaml": in_namespace("x") + in_namespace("x") + in_namespace("w"),
            "b/b.yaml": in_namespace("z") + in_namespace("x"),
            "c/c.yaml": in_namespace("z"),
        }
    )
    visible = manifests.visible_objects(["Pod", "ConfigMap", "Secret"], pod)
    assert [(resource.title, resource.document.index) for resource in visible] == [
        ("Pod/web", 0),
        ("ConfigMap/x", 1),
        ("ConfigMap/w", 2),
    ]


def test_the_objects_of_a_set() -> None:
    """By kind, by name, and with their places in the input."""
    manifests, pod = seen_from_pod({"b.yaml": in_namespace("x") + in_namespace("x")})
    one, other = manifests.find_all("ConfigMap", "x")
    assert manifests.of_kind("ConfigMap", "Pod") == [one, other, pod]
    assert manifests.of_kind("Secret") == manifests.find_all("Secret", "x") == []
    assert [manifests.position_of(resource) for resource in manifests.resources] == [0, 1, 2]


def test_something_is_computed_once_for_a_set() -> None:
    """Under its name."""
    manifests = manifests_of(POD)
    counted: list[ManifestSet] = []

    def count(whole: ManifestSet) -> int:
        counted.append(whole)
        return len(counted)

    assert [manifests.compute_once(name, count) for name in ("a", "a", "b", "a")] == [1, 1, 2, 1]
    assert counted == [manifests, manifests]

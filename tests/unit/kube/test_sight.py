"""Who sees what is looked up in indices; it is held against looking at everything in turn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.kube.objects import ManifestSet, Resource
from service.kube.services import unclear_services
from service.kube.sight import ByLabel, Sight, itself
from tests.support.manifests import manifests_of

PATHS = ("a/1.yaml", "a/2.yaml", "b/1.yaml", "c/1.yaml")
OBJECTS = st.tuples(
    st.sampled_from(PATHS),
    st.sampled_from(("ConfigMap", "Secret")),
    st.sampled_from(("x", "y")),
    st.sampled_from((None, "one", "two")),
)
SETS = st.lists(OBJECTS, min_size=1, max_size=30)


def set_of(
    objects: list[tuple[str, str, str, str | None]], more: str = "", every: str = ""
) -> ManifestSet:
    """Objects by path, kind, name and namespace; with more text, and all of one kind if one is
    given.
    """
    files: dict[str, str] = {}
    for path, kind, name, namespace in objects:
        own = f"name: {name}" + (f", namespace: {namespace}" if namespace else "")
        text = f"---\napiVersion: v1\nkind: {every or kind}\nmetadata: {{{own}}}\n{more}\n"
        files[path] = files.get(path, "") + text
    return manifests_of(files)


def may_meet(one: Resource, other: Resource) -> bool:
    """Whether two objects may be in one namespace."""
    return None in (one.namespace, other.namespace) or one.namespace == other.namespace


def nearest(manifests: ManifestSet, kind: str, name: str, viewer: Resource) -> Resource | None:
    """What `ManifestSet.find` says, by looking at all objects."""
    meant = [
        other
        for other in manifests.resources
        if (other.kind, other.name) == (kind, name) and may_meet(other, viewer)
    ]
    in_file = [other for other in meant if other.path == viewer.path]
    in_folder = [other for other in meant if other.folder == viewer.folder]
    if in_file or in_folder:
        return (in_file or in_folder)[-1]
    return meant[0] if len(meant) == 1 else None


@given(SETS)
def test_the_nearest_of_namesakes(objects: list[tuple[str, str, str, str | None]]) -> None:
    """From every object, of every kind and name."""
    manifests = set_of(objects)
    for viewer in manifests.resources:
        for kind, name in manifests.names:
            found = manifests.find(kind, name, viewer)
            assert found is nearest(manifests, kind, name, viewer)


@given(SETS)
def test_objects_at_a_place(objects: list[tuple[str, str, str, str | None]]) -> None:
    """By file and namespace, in the order of the input; and by folder."""
    manifests = set_of(objects)
    for one in manifests.resources:
        namesakes = manifests.find_all(one.kind, one.name)
        assert manifests.find_at(one.kind, one.name, one.path, one.namespace) == [
            other
            for other in namesakes
            if (other.path, other.namespace) == (one.path, one.namespace)
        ]
        beside = [
            other for other in namesakes if other.folder == one.folder and may_meet(other, one)
        ]
        found = manifests.find_beside(one)
        assert len(found) == len(beside)
        assert set(found) == set(beside)
    assert manifests.find_at("ConfigMap", "none", PATHS[0], None) == []


@given(SETS, st.integers(min_value=1, max_value=3))
def test_what_an_object_sees(objects: list[tuple[str, str, str, str | None]], each: int) -> None:
    """Few things and many are found alike, in their order, also where an object has several."""
    manifests = set_of(objects)
    things = [
        (resource, (number, one))
        for number, resource in enumerate(manifests.resources)
        for one in range(each)
    ]
    sight = Sight(things)
    for viewer in manifests.resources:
        expected = [thing for other, thing in things if manifests.can_see(viewer, other)]
        assert sight.seen_from(viewer, manifests) == expected


@given(SETS)
def test_what_is_under_labels(objects: list[tuple[str, str, str, str | None]]) -> None:
    """Under a label that few have and under one that many have alike, in the order of the labels;
    what is under none is found by None.
    """
    manifests = set_of(objects)
    things: dict[tuple[str, str] | None, list[Resource]] = {
        ("kind", "Secret"): manifests.of_kind("Secret"),
        ("all", "yes"): list(manifests.resources),
        None: list(manifests.resources[:3]),
    }
    index = ByLabel(things, itself)
    labels = (("all", "yes"), ("no", "body"), ("kind", "Secret"), None)
    under = [thing for label in labels for thing in things.get(label, ())]
    assert list(index.under(labels)) == under
    assert index.count(("all", "yes")) == len(manifests.resources)
    for viewer in manifests.resources:
        seen = list(index.seen_from(viewer, manifests, labels))
        assert seen == [thing for thing in under if manifests.can_see(viewer, thing)]
        met = [
            other
            for _, _, group in index.namesakes_for(viewer, [("all", "yes")])
            for other in group
        ]
        assert len(met) == len(set(met))
        assert set(met) == {other for other in manifests.resources if may_meet(other, viewer)}


@given(SETS)
def test_services_that_an_object_cannot_tell_apart(
    objects: list[tuple[str, str, str, str | None]],
) -> None:
    """Those that it may mean, where several are as near as each other; one of each name."""
    manifests = set_of(objects, "spec: {selector: {app: web}}", "Service")
    for viewer in manifests.resources:
        unclear = [other.name for other in unclear_services({"app": "web"}, manifests, viewer)]
        assert set(unclear) == {
            other.name
            for other in manifests.resources
            if may_meet(other, viewer) and manifests.find(other.kind, other.name, viewer) is None
        }
        assert not list(unclear_services({"app": "other"}, manifests, viewer))


@given(SETS)
def test_namesakes_that_an_object_may_meet(
    objects: list[tuple[str, str, str, str | None]],
) -> None:
    """All objects that may be in its namespace, once, by kind and name."""
    manifests = set_of(objects)
    sight = Sight.of(manifests.resources)
    for viewer in manifests.resources:
        groups = list(sight.namesakes_for(viewer))
        found = [other for _, _, group in groups for other in group]
        assert len(found) == len(set(found))
        assert set(found) == {other for other in manifests.resources if may_meet(other, viewer)}
        for kind, name, group in groups:
            assert {(other.kind, other.name) for other in group} == {(kind, name)}

"""Which groups an init container prepares."""

from __future__ import annotations

import pytest

from service.classification.init_containers import prepared_groups
from tests.support.classifying import container_of, context_of, workload


def prepared(
    init: str, *, web: str = "image: shop/web", sources: str = "emptyDir: {}"
) -> list[str]:
    """The heads of the groups that an init container prepares, in a Pod of three groups."""
    context = context_of(
        workload(f"""
        containers:
        - {{name: web, {web}}}
        - {{name: db, image: shop/db, volumeMounts: [{{name: data, mountPath: /d}}]}}
        - {{name: log, image: shop/log, volumeMounts: [{{name: data, mountPath: /d}}]}}
        - {{name: api, image: shop/api:2, volumeMounts: [{{name: other, mountPath: /o}}]}}
        initContainers: [{{{init}}}]
        volumes:
        - {{name: data, {sources}}}
        - {{name: other, emptyDir: {{}}}}
        """)
    )
    names = [("web",), ("db", "log"), ("api",)]
    groups = tuple(tuple(container_of(context, name) for name in group) for group in names)
    init_container = context.workload.containers[-1]
    numbers = prepared_groups(context.workload, init_container, groups)
    return [names[number][0] for number in numbers]


WRITES = "volumeMounts: [{name: data, mountPath: /x}]"


def test_it_prepares_those_that_mount_what_it_writes() -> None:
    """Whatever its image and name say."""
    assert prepared(f"name: init-api, image: shop/api, {WRITES}") == ["db"]
    both = "volumeMounts: [{name: data, mountPath: /x}, {name: other, mountPath: /o}]"
    assert prepared(f"name: init, image: shop/init, {both}") == ["db", "api"]


def test_what_it_only_reads_it_does_not_prepare() -> None:
    """Its name says more then."""
    mounts = "volumeMounts: [{name: data, mountPath: /x, readOnly: true}]"
    assert prepared(f"name: init-api, image: shop/init, {mounts}") == ["api"]


@pytest.mark.parametrize(
    "source",
    ["configMap: {name: c}", "secret: {secretName: s}", "projected: {}", "downwardAPI: {}"],
)
def test_what_cannot_be_written_it_does_not_prepare(source: str) -> None:
    """Two that read one ConfigMap have nothing to do with each other."""
    assert prepared(f"name: init-api, image: shop/init, {WRITES}", sources=source) == ["api"]


def test_else_it_prepares_those_that_run_its_image() -> None:
    """Whatever the registry and the tag, and whatever its name says."""
    assert prepared("name: init-db, image: r.example/shop/api:1") == ["api"]
    assert prepared("name: x, image: shop/log") == ["db"]


def test_a_missing_image_is_nobodys() -> None:
    """Even where another one is missing too."""
    assert prepared("name: wait-for-db", web="tty: true") == ["db"]


@pytest.mark.parametrize(
    ("name", "heads"),
    [
        ("init-db", ["db"]),
        ("wait-for-log", ["db"]),
        ("db-api-migrate", ["db", "api"]),
        ("databases", ["web"]),
        ("init", ["web"]),
        ("x", ["web"]),
    ],
)
def test_else_it_prepares_those_that_share_a_word_with_its_name(
    name: str, heads: list[str]
) -> None:
    """Else the primary group."""
    assert prepared(f"name: {name}, image: shop/init") == heads


@pytest.mark.parametrize(
    "word", ["init", "wait", "for", "setup", "prepare", "migrate", "migration", "container"]
)
def test_words_of_all_init_containers_are_not_shared(word: str) -> None:
    """A container may be called so too."""
    context = context_of(
        workload(f"""
        containers: [{{name: web, image: shop/web}}, {{name: {word}-x, image: shop/x}}]
        initContainers: [{{name: {word}-y, image: shop/y}}]
        """)
    )
    groups = tuple((container,) for container in context.classified_containers)
    assert prepared_groups(context.workload, context.workload.containers[-1], groups) == (0,)


def test_without_groups_it_prepares_none() -> None:
    """A Pod may be written without containers."""
    text = "{containers: [], initContainers: [{name: init, image: shop/init}]}"
    context = context_of(workload(text))
    assert prepared_groups(context.workload, context.workload.containers[0], ()) == ()

"""The signal that knows images."""

from __future__ import annotations

import pytest

from service.classification.knowledge import Catalogue, entry_from
from service.classification.observation import Claim
from service.classification.signals.known_image import observe
from service.findings import Pattern
from tests.support.classifying import context_of, seen, text_at, workload


def pod(*containers: str) -> str:
    """A workload with containers, each a name, an image and perhaps a command."""
    lines = []
    for container in containers:
        name, image, *command = container.split()
        lines.append(f"- {{name: {name}, image: {image}, command: [{', '.join(command)}]}}")
    return workload("\n".join(["containers:", *lines]))


def catalogue_of(**names: str) -> Catalogue:
    """A catalogue with the images of some names, by their roles."""
    return Catalogue(
        entry_from({"id": name, "images": [name], "role": role, "source": "a test"}, "a test")
        for role, of_role in names.items()
        for name in of_role.split()
    )


def test_a_helper_image_helps_with_its_pattern() -> None:
    """Whatever the container is called, and wherever the image comes from."""
    context = context_of(pod("x r.example.org/mirror/fluent-bit:3"))
    assert seen(observe, context) == [("known-image.helper", Claim.HELPER, "x", None)]
    [observation] = observe(context)
    assert observation.pattern is Pattern.LOGGING
    assert observation.message == (
        "its image is fluent-bit, a known logging helper that runs beside the container that it"
        " serves"
    )
    assert text_at(observation.place) == "r.example.org/mirror/fluent-bit:3"


def test_a_helper_without_a_pattern_is_one_too() -> None:
    """It is only not known what for."""
    [observation] = observe(context_of(pod("x pause")))
    assert observation.pattern is None
    assert observation.message.startswith("its image is pause, a known helper that runs")


def test_a_tool_helps_a_little() -> None:
    """What it does, its command says."""
    context = context_of(pod("x busybox"))
    assert seen(observe, context) == [("known-image.tool", Claim.HELPER, "x", None)]
    [observation] = observe(context)
    assert observation.message == (
        "its image is busybox, a tool that does what its command says; tools in a Pod usually help"
        " its application"
    )
    assert text_at(observation.place) == "busybox"


@pytest.mark.parametrize(
    ("image", "case", "kind"),
    [
        ("mysql", "datastore", "a datastore"),
        ("rabbitmq", "datastore", "a broker"),
        ("redis", "cache", "a cache"),
        ("nginx", "web-server", "a web server"),
        ("haproxy", "infrastructure", "an infrastructure"),
        ("grafana", "application", "a monitoring"),
        ("reaper", "either", "an app server"),
    ],
)
def test_a_server_is_an_application_of_its_kind(image: str, case: str, kind: str) -> None:
    """Databases and brokers, caches, web servers and parts of the cluster have weights of their
    own; what runs alone and in others' Pods too counts less.
    """
    context = context_of(pod(f"x {image}"))
    assert seen(observe, context) == [(f"known-image.{case}", Claim.APPLICATION, "x", None)]
    [observation] = observe(context)
    assert observation.message == (
        f"its image is {image}, {kind} that is commonly run as a workload of its own"
    )
    assert text_at(observation.place) == image


def test_a_server_of_no_category_is_an_application() -> None:
    """Additions of a user's own have none."""
    [observation] = observe(context_of(pod("x abc"), catalogue=catalogue_of(application="abc")))
    assert observation.case == "known-image.application"
    assert observation.message.startswith("its image is abc, an application that is commonly run")


def test_a_cache_that_is_named_as_a_store_keeps_state() -> None:
    """A queue in Redis is a broker."""
    assert seen(observe, context_of(pod("job-queue redis"))) == [
        ("known-image.datastore", Claim.APPLICATION, "job-queue", None)
    ]


def test_a_helper_that_is_named_for_a_product_serves_it() -> None:
    """`mysqld-exporter` is made for MySQL; the letter for the daemon doesn't count."""
    context = context_of(pod("x mysqld-exporter", "web nginx", "db mysql", "other fluent-bit"))
    assert ("known-image.made-for", Claim.TOGETHER, "x", "db") in seen(observe, context)
    [observation] = [item for item in observe(context) if item.case == "known-image.made-for"]
    assert observation.message == ("its image mysqld-exporter is made for mysql, which db runs")
    assert text_at(observation.place) == "mysqld-exporter"


@pytest.mark.parametrize("other", ["db shop/sql", "z redis", "m mysqld-exporter", "b busybox"])
def test_a_helper_of_another_product_serves_nobody_in_particular(other: str) -> None:
    """The product's own image has to be there."""
    context = context_of(pod("x mysqld-exporter", other))
    assert [case for case, *_ in seen(observe, context) if case.endswith("made-for")] == []


def test_short_words_and_words_of_helpers_name_no_product() -> None:
    """`ab-proxy` is made for no product called `my-proxy` or `ab-cd`; a word of three letters may
    name one.
    """
    catalogue = catalogue_of(helper="ab-proxy abc-x", application="ab-cd my-proxy abc")
    silent = context_of(pod("a ab-proxy", "b ab-cd", "c my-proxy"), catalogue=catalogue)
    assert [case for case, *_ in seen(observe, silent) if case.endswith("made-for")] == []
    speaking = context_of(pod("a abc-x", "b abc"), catalogue=catalogue)
    assert ("known-image.made-for", Claim.TOGETHER, "a", "b") in seen(observe, speaking)


def test_an_image_that_is_named_for_a_server_is_built_on_it() -> None:
    """Once, for the first word that names one."""
    context = context_of(pod("x shop/seeded-mysql-nginx:1"))
    assert seen(observe, context) == [("known-image.derived", Claim.APPLICATION, "x", None)]
    [observation] = observe(context)
    assert observation.message == (
        "its image is named for mysql, which is commonly run as a workload of its own"
    )
    assert text_at(observation.place) == "shop/seeded-mysql-nginx:1"


@pytest.mark.parametrize(
    "container",
    [
        "x shop/seeded-mysqlx",
        "x shop/mysql2",
        "x mysql/seeded-data",
        "x shop/mysql-backup",
        "log shop/mysql-seeded",
        "x shop/my-python",
        "x shop/my-busybox",
        "x shop/my-pause",
    ],
)
def test_a_name_that_names_no_server_says_nothing(container: str) -> None:
    """Whole words of the image's own name, two at least; no helper by name, no tool."""
    assert seen(observe, context_of(pod(container))) == []


@pytest.mark.parametrize("command", ["sleep", "sh", "tail"])
def test_a_servers_image_that_runs_something_else_says_nothing(command: str) -> None:
    """It is no server there, and its name is no hint either."""
    catalogue = catalogue_of(application="my-sql sql")
    context = context_of(pod(f"x my-sql {command}"), catalogue=catalogue)
    assert seen(observe, context) == []


def test_the_image_of_a_language_says_nothing() -> None:
    """It holds somebody's own program."""
    assert seen(observe, context_of(pod("x python"))) == []


@pytest.mark.parametrize("image", ["shop/web", "python"])
def test_a_database_stands_apart_from_somebodys_program(image: str) -> None:
    """Which is no known helper of it."""
    context = context_of(pod("db mysql", f"web {image}"))
    assert seen(observe, context) == [
        ("known-image.datastore", Claim.APPLICATION, "db", None),
        ("known-image.datastore-beside", Claim.APART, "db", "web"),
    ]
    [_, observation] = observe(context)
    assert observation.message == (
        "it keeps state of its own, and web is no known helper of it: they are kept and scaled by"
        " different rules"
    )
    assert text_at(observation.place) == "mysql"


@pytest.mark.parametrize("other", ["x fluent-bit", "x busybox", "x nginx", "log shop/web"])
def test_a_database_may_belong_to_known_images_and_to_helpers_by_name(other: str) -> None:
    """Other observations say what those are."""
    context = context_of(pod("db mysql", other))
    assert [case for case, *_ in seen(observe, context) if case.endswith("beside")] == []


def test_a_cache_stands_apart_from_nobody() -> None:
    """It keeps nothing that has to be kept."""
    context = context_of(pod("x redis", "web shop/web"))
    assert seen(observe, context) == [("known-image.cache", Claim.APPLICATION, "x", None)]


def test_each_container_is_looked_at_for_itself() -> None:
    """A helper among a database's neighbours doesn't hide the program behind it."""
    context = context_of(pod("db mysql", "log shop/log", "web shop/web", "x shop/x-mysql"))
    assert seen(observe, context)[1:] == [
        ("known-image.datastore-beside", Claim.APART, "db", "web"),
        ("known-image.datastore-beside", Claim.APART, "db", "x"),
        ("known-image.derived", Claim.APPLICATION, "x", None),
    ]

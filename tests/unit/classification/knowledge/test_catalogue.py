"""The catalogue of images: which entry an image has, and what an entry may say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from service.classification.knowledge import (
    CATEGORIES,
    Catalogue,
    Entry,
    ImageRole,
    KnowledgeError,
    entry_from,
    load_catalogue,
)
from service.classification.knowledge.catalogue import catalogue_from
from service.findings import Pattern


def entry(name: str, *images: str, **more: Any) -> Entry:
    """An entry of some images."""
    data = {"id": name, "images": images, "role": "application", "source": "a test", **more}
    return entry_from(data, "a test")


def match(catalogue: Catalogue, image: str) -> str | None:
    """The id of an image's entry."""
    found = catalogue.match(image)
    return found.id if found else None


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("mysql", "mysql"),
        ("mysql:8.4", "mysql"),
        ("MySQL", "mysql"),
        ("r.example.org:5000/mirror/mysql@sha256:00", "mysql"),
        ("mysqld", None),
        ("my/sql", None),
        ("mysql/server", None),
        ("", None),
    ],
)
def test_the_last_part_of_the_path_counts(image: str, name: str | None) -> None:
    """Whatever the registry, the mirror, the tag and the digest."""
    assert match(Catalogue([entry("mysql", "mysql")]), image) == name


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("bitnami/mysql", "bitnami"),
        ("mirror/bitnami/mysql", "bitnami"),
        ("bitnamilegacy/mysql", "bitnami"),
        ("other/mysql", "mysql"),
        ("mysql", "mysql"),
    ],
)
def test_an_entry_of_more_parts_comes_first(image: str, name: str) -> None:
    """In whatever order the two stand; each part may be a glob."""
    entries = [entry("mysql", "mysql"), entry("bitnami", "bitnami*/mysql")]
    assert match(Catalogue(entries), image) == name
    assert match(Catalogue(reversed(entries)), image) == name


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("kube-rbac-proxy", "exact"),
        ("kube-rbac-prox", "long"),
        ("zoo/kube-rbac-x", "long"),
        ("kube-x", "short"),
        ("kubex", "question"),
        ("x-proxy", "star"),
        ("y-proxy", "bracket"),
        ("z", None),
    ],
)
def test_of_two_globs_the_one_with_more_literal_characters_comes_first(
    image: str, name: str | None
) -> None:
    """Wildcards are no literal characters, and a glob may start with one."""
    entries = [
        entry("short", "kube-*"),
        entry("exact", "kube-rbac-proxy"),
        entry("long", "kube-rbac-*"),
        entry("question", "kube?"),
        entry("star", "*-proxy"),
        entry("bracket", "[yz]-proxy"),
    ]
    assert match(Catalogue(entries), image) == name
    assert match(Catalogue(reversed(entries)), image) == name


@pytest.mark.parametrize(
    ("globs", "image", "name"),
    [
        (("a-?", "a-*"), "a-b", "0"),
        (("a*c", "a??c"), "abbc", "0"),
        (("aa*", "?aa*"), "aaab", "0"),
        (("x/*a", "xy/*"), "xy/a", "1"),
    ],
)
def test_of_globs_with_as_many_literal_characters_the_first_counts(
    globs: tuple[str, ...], image: str, name: str
) -> None:
    """As many `?` as there are don't count; the characters of all parts do."""
    catalogue = Catalogue(entry(str(number), glob) for number, glob in enumerate(globs))
    assert match(catalogue, image) == name


def test_an_entry_may_have_several_images() -> None:
    """Names and globs."""
    catalogue = Catalogue([entry("sql", "mysql", "maria*", "percona/server")])
    images = ("mysql", "mariadb", "percona/server")
    assert [match(catalogue, image) for image in images] == ["sql"] * 3
    assert match(catalogue, "server") is None


def test_a_path_of_fewer_parts_does_not_fit() -> None:
    """Even if it fits the first of them."""
    assert match(Catalogue([entry("mysql", "mysql/mysql")]), "mysql") is None
    assert match(Catalogue([entry("mysql", "mysql/my*")]), "mysql") is None


def test_a_glob_may_stand_behind_other_parts() -> None:
    """It is found by its own first letter."""
    catalogue = Catalogue([entry("bitnami", "bitnami/my*"), entry("kube", "kube-*")])
    assert match(catalogue, "mirror/bitnami/mysql") == "bitnami"
    assert match(catalogue, "mirror/other/mysql") is None


def test_a_users_own_entries_come_first() -> None:
    """Even with fewer parts; the others stay as they are."""
    base = Catalogue([entry("base", "shop/web"), entry("mysql", "mysql")])
    catalogue = base.extended([entry("custom:web", "web")])
    assert match(catalogue, "shop/web") == "custom:web"
    assert match(catalogue, "mysql") == "mysql"
    assert match(base, "shop/web") == "base"


def test_a_catalogue_without_additions_is_itself() -> None:
    """So that what it remembers is shared."""
    base = Catalogue([])
    assert base.extended([]) is base
    assert base.extended([entry("a", "a")]) is not base


def test_an_image_is_known_again() -> None:
    """Also one that isn't in the catalogue, and when more were asked for than are remembered."""
    catalogue = Catalogue([entry("mysql", "mysql")])
    for _ in range(2):
        assert match(catalogue, "mysql") == "mysql"
        assert match(catalogue, "x") is None
    for number in range(10_001):
        assert match(catalogue, f"x{number}") is None
    assert match(catalogue, "mysql") == "mysql"


TAGGED = entry("php", "php", ports=[9000], tags={"*-apache": [80], "8-*": []})


@pytest.mark.parametrize(
    ("tag", "ports"), [("8-apache", (80,)), ("8-cli", ()), ("8", (9000,)), ("", (9000,))]
)
def test_a_tag_may_listen_elsewhere(tag: str, ports: tuple[int, ...]) -> None:
    """The first glob that fits counts; without one the image's own ports do."""
    assert TAGGED.for_tag(tag).ports == ports
    assert TAGGED.for_tag(tag).id == "php"


@pytest.mark.parametrize(
    ("role", "alone"),
    [("application", True), ("either", True), ("helper", False), ("tool", False)],
)
def test_servers_stand_alone(role: str, alone: bool) -> None:
    """Also those that are commonly helpers."""
    assert entry("x", "x", role=role).stands_alone is alone


def test_the_title_of_a_users_own_entry_is_the_image() -> None:
    """The mark before it is for us."""
    assert entry("custom:shop/web", "shop/web").title == "shop/web"
    assert entry("mysql", "mysql").title == "mysql"


def test_an_entry_says_what_its_data_say() -> None:
    """Fields that are missing are empty."""
    full = entry(
        "x",
        "a",
        "b/c",
        role="either",
        pattern="proxy",
        category="web-server",
        ports=[1, 2],
        metrics_ports=[3],
        tags={"4": [5]},
    )
    assert full == Entry(
        id="x",
        images=("a", "b/c"),
        role=ImageRole.EITHER,
        pattern=Pattern.PROXY,
        category="web-server",
        ports=(1, 2),
        metrics_ports=(3,),
        source="a test",
        tags=(("4", (5,)),),
    )
    plain = entry("x", "a", role="tool")
    assert (plain.pattern, plain.category, plain.ports, plain.metrics_ports, plain.tags) == (
        None, None, (), (), (),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"port": [1]}, "f.yaml: unknown fields ['port']"),
        ({"role": "server"}, "f.yaml: x: 'server' is not a valid ImageRole"),
        ({"pattern": "door"}, "f.yaml: x: 'door' is not a valid Pattern"),
        ({"category": "door"}, "f.yaml: x: unknown category door"),
        ({"ports": 80}, "f.yaml: x: 'int' object is not iterable"),
    ],
)
def test_wrong_data_are_refused(change: dict[str, Any], message: str) -> None:
    """With the file and the entry."""
    data = {"id": "x", "images": ["x"], "role": "tool", "source": "a"}
    with pytest.raises(KnowledgeError, match=f"^{re.escape(message)}$"):
        entry_from(data | change, "f.yaml")


@pytest.mark.parametrize("field", ["id", "images", "role", "source"])
def test_what_every_entry_has_may_not_be_missing(field: str) -> None:
    """Its id, its images, its role and where that is said."""
    data = {"id": "x", "images": ["x"], "role": "tool", "source": "a"}
    with pytest.raises(KnowledgeError, match=rf"^f\.yaml: \w+: '{field}'$"):
        entry_from({key: value for key, value in data.items() if key != field}, "f.yaml")


def test_a_catalogue_is_read_from_several_texts() -> None:
    """Each a list of entries, in their order."""
    text = "- {id: %s, images: [%s], role: tool, source: a}\n"
    catalogue = catalogue_from({"a.yaml": text % ("x", "x") + text % ("y", "y2"), "b.yaml": "[]"})
    assert [item.id for item in catalogue.entries] == ["x", "y"]
    assert match(catalogue, "y2") == "y"
    with pytest.raises(KnowledgeError, match=r"^b\.yaml: x is there twice$"):
        catalogue_from({"a.yaml": text % ("x", "x"), "b.yaml": text % ("x", "other")})


def test_the_catalogue_that_comes_with_podsplit_is_read_whole() -> None:
    """Each file of it, each id once; what stands alone has a category, and what helps has none."""
    catalogue = load_catalogue()
    ids = [item.id for item in catalogue.entries]
    assert len(ids) == len(set(ids)) > 500
    assert {"mysql", "nginx", "fluent-bit", "busybox"} <= set(ids)
    assert {item.category for item in catalogue.entries if item.stands_alone} <= CATEGORIES
    assert load_catalogue() is catalogue

"""What an action is given: a candidate, and the names that are free."""

from __future__ import annotations

import pytest

from service.actions.context import Names, Refused
from service.kube.objects import Resource
from service.refusals import Refusal
from tests.support.candidates import candidate_of, manifest, resource_of, shop


def test_a_route_within_an_item_of_a_list_starts_at_its_document() -> None:
    """Operations speak of documents; workloads of their own object."""
    inside = "".join(f"  {line}\n" for line in shop().splitlines()[1:]).replace("  a", "- a", 1)
    candidate = candidate_of(f"apiVersion: v1\nkind: List\nitems:\n{inside}", "Deployment/shop")
    assert candidate.route_to("spec", "template") == ("items", 0, "spec", "template")
    assert candidate.resource is candidate.workload.resource


def test_a_route_within_a_document_of_its_own_stays() -> None:
    """There is nothing in front of it."""
    assert candidate_of(shop()).route_to("kind") == ("kind",)


def test_a_refusal_carries_what_the_action_returns() -> None:
    """With the actions that must not be done alone."""
    refused = Refused(Refusal.COPIES, "see there", withdraws=frozenset({"wrap"}))
    assert refused.declined.refusal is Refusal.COPIES
    assert refused.declined.message == "see there"
    assert refused.declined.withdraws == {"wrap"}
    assert Refused(Refusal.COPIES, "see there").declined.withdraws == frozenset()


SET = {
    "one/a.yaml": shop() + manifest("v1 Service", "taken"),
    "one/b.yaml": shop(name="beside"),
    "two/a.yaml": shop(name="other"),
    "one/c.yaml": shop(name="elsewhere", metadata="namespace: far"),
}


def names_of(kind_and_name: str = "Deployment/shop") -> tuple[Names, Resource]:
    candidate = candidate_of(SET, kind_and_name)
    return candidate.names, candidate.resource


def test_a_free_name_is_given_as_it_is_wanted() -> None:
    """Nothing is added to it."""
    names, resource = names_of()
    assert names.give("Service", "free", resource) == "free"


def test_a_name_of_the_set_is_not_given_whatever_the_folder() -> None:
    """An object of that name is there already; those of other kinds don't count."""
    names, resource = names_of()
    assert names.give("Service", "taken", resource) == "taken-2"
    assert names.give("Deployment", "taken", resource) == "taken"
    assert names.is_taken("Service", "taken")
    assert not names.is_taken("Deployment", "taken")


def test_each_name_is_given_once_in_a_folder_and_namespace() -> None:
    """The numbers count on."""
    names, resource = names_of()
    given = [names.give("Service", "free", resource) for _ in range(3)]
    assert given == ["free", "free-2", "free-3"]


@pytest.mark.parametrize(
    ("where", "kind", "name"),
    [
        ("Deployment/beside", "Service", "free-2"),
        ("Deployment/other", "Service", "free"),
        ("Deployment/elsewhere", "Service", "free"),
        ("Deployment/shop", "ConfigMap", "free"),
    ],
)
def test_folders_namespaces_and_kinds_have_names_of_their_own(
    where: str, kind: str, name: str
) -> None:
    """Overlays don't see each other."""
    candidate = candidate_of(SET, "Deployment/shop")
    candidate.names.give("Service", "free", candidate.resource)
    assert candidate.names.give(kind, "free", resource_of(candidate, where)) == name


@pytest.mark.parametrize(
    ("wanted", "limit", "second"),
    [
        ("a" * 61, 63, "a" * 61 + "-2"),
        ("a" * 62, 63, "a" * 61 + "-2"),
        ("a" * 50, 52, "a" * 50 + "-2"),
        ("a" * 52, 52, "a" * 50 + "-2"),
        ("a" * 60 + ".bc", 63, "a" * 60 + "-2"),
        ("a" * 60 + "-bc", 63, "a" * 60 + "-2"),
    ],
)
def test_a_number_is_part_of_what_a_name_may_be_long(wanted: str, limit: int, second: str) -> None:
    """A CronJob's name with a number has 52 characters at most, too."""
    names, resource = names_of()
    assert names.give("CronJob", wanted, resource, limit) == wanted
    assert names.give("CronJob", wanted, resource, limit) == second


def test_a_number_of_three_digits_fits_too() -> None:
    """63 characters are the default."""
    names, resource = names_of()
    given = [names.give("Service", "a" * 63, resource) for _ in range(100)]
    assert given[-1] == "a" * 59 + "-100"


def test_names_start_with_nothing_given() -> None:
    """Those of one run are no other run's."""
    assert not Names().is_taken("Service", "free")

"""What the service says that it knows."""

from __future__ import annotations

import json

import pytest

from service.actions import ACTIONS
from service.classification.knowledge import ImageRole, load_catalogue
from service.classification.signals import SIGNALS
from service.rules import RULES
from service.web import knowledge


@pytest.mark.parametrize(
    ("items", "known"),
    [
        (knowledge.signals(), SIGNALS),
        (knowledge.rules(), RULES),
        (knowledge.actions(), ACTIONS),
    ],
    ids=["signals", "rules", "actions"],
)
def test_everything_that_is_registered_is_explained(items, known):
    """In its order, each with all parts of its docs."""
    assert [item["id"] for item in items] == [item.id for item in known]
    for item in items:
        assert all(item[part] for part in ("title", "looks_for", "why", "outcome")), item["id"]


def test_the_rules_that_an_option_may_name():
    """All of them."""
    assert knowledge.rule_ids() == {rule.id for rule in RULES}


def test_the_catalogue_is_plain_json():
    """Every entry, its enums as words, its globs as a list; the order is that of the catalogue."""
    entries = knowledge.catalogue()

    assert [entry["id"] for entry in entries] == [entry.id for entry in load_catalogue().entries]
    assert json.loads(json.dumps(entries)) == entries
    assert {entry["role"] for entry in entries} == {role.value for role in ImageRole}
    assert all(isinstance(entry["images"], list) for entry in entries)

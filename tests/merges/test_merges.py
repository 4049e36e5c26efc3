"""Separate Deployments, merged into one Pod as a person would: how many pairs does the service give
back as they were?

The floors are what is recovered now, and may only rise; what is meant is 95 of 100. `python -m
tests.support.recovering` says what is missing.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
import requests

from tests.conftest import Server
from tests.support.cluster import Cluster, read
from tests.support.merging import OWN, WHOLE, Merged, pairs
from tests.support.programs import usual
from tests.support.recovering import (
    Answer,
    Outcome,
    missed,
    outcome,
    reached_names,
    recovered,
    table,
)
from tests.support.schemas import refusals

FLOORS = {OWN: 36, WHOLE: 63}
"""Pairs that come back: the same containers together, on the same volumes, as often, behind the
same Service ports.
"""
ROOTS = [
    pytest.param(OWN, id="own"),
    pytest.param(
        WHOLE, id="whole", marks=pytest.mark.skipif(not WHOLE.exists(), reason="no corpus here")
    ),
]


@cache
def measured(root: Path) -> tuple[list[Outcome], list[str]]:
    return recovered(root)


@pytest.mark.parametrize("root", ROOTS)
def test_the_share_that_is_recovered_holds(root: Path) -> None:
    """No fewer pairs come back than did."""
    outcomes, left_out = measured(root)
    print(table(root.name, outcomes, left_out))  # noqa: T201 - what the test is for, with -s
    assert len(outcomes) >= 50
    assert len([each for each in outcomes if not each.wrong]) >= FLOORS[root]


@pytest.mark.parametrize("root", ROOTS)
def test_what_comes_back_otherwise_has_a_cause(root: Path) -> None:
    """A pair that is not recovered is taken for one application, or held back with a reason, but
    for init containers that nothing ties.
    """
    outcomes, _ = measured(root)
    odd = [
        each
        for each in outcomes
        if each.cause in ("told apart, rewritten otherwise", "one of the two is taken apart")
    ]
    assert len(odd) <= len(outcomes) / 20, odd


@pytest.mark.parametrize("root", ROOTS)
def test_a_merge_is_sound(root: Path) -> None:
    """The one Pod is accepted wherever the two were, and every Service port reaches whom it
    reached.
    """
    found = [merged for _, merged in pairs(root) if isinstance(merged, Merged)]
    assert found
    for merged in found:
        cluster = Cluster(read(merged.files), usual)
        if not refusals(merged.original):
            assert refusals(cluster) == {}, merged.name
        was = reached_names(merged, merged.original, merged.names)
        assert {
            port: names
            for port, names in reached_names(merged, cluster, None).items()
            if names != was[port]
        } == {}, merged.name
        assert missed(merged, merged.files) != [], "merged sets are not what they were"


def test_over_http(server: Server) -> None:
    """The same comes back over HTTP."""
    merged = next(
        found
        for title, found in pairs(OWN)
        if title == "votes: vote + result" and isinstance(found, Merged)
    )
    body = {"files": [{"path": path, "content": text} for path, text in merged.files.items()]}
    response = requests.post(f"{server.url}/v1/rewrite", json=body, timeout=30)
    assert response.status_code == 200
    data = json.loads(response.text)
    answer = Answer(
        {each["path"]: each["content"] for each in data["files"]},
        {
            each["name"]: {c["name"]: c["group"] for c in each["containers"]}
            for each in data["workloads"]
        },
        {
            each["name"]: min(c["confidence"] for c in each["containers"])
            for each in data["workloads"]
        },
        {each["workload"].partition("/")[2]: each["reason"] for each in data["held_back"]},
    )
    assert outcome(merged, answer) == Outcome("votes: vote + result", (), "")

"""Separate Deployments, merged into one Pod as a person would: how many pairs does the service give
back as they were?

The floors are what is recovered now, and may only rise; the goal is 95 of 100.
`python -m tests.support.recovery` prints what is missing.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
import requests

from tests.conftest import Server
from tests.support.cluster import Cluster
from tests.support.merging import CORPUS_SETS, OWN_SETS, MergedPair, merge_pairs
from tests.support.objects import read_objects
from tests.support.programs import usual_ports
from tests.support.recovery import (
    DIVIDED,
    REWRITTEN_OTHERWISE,
    Answer,
    Outcome,
    containers_by_port,
    find_differences,
    outcome_of,
    recover_pairs,
    table,
)
from tests.support.schemas import api_server_errors

# Of erp, HOST=localhost names no database: the split is held back, which luck had made before.
FLOORS = {OWN_SETS: 41, CORPUS_SETS: 69}
"""How many pairs come back: the same containers together, on the same volumes, with as many
replicas, behind the same Service ports.
"""
no_corpus = pytest.mark.skipif(
    not CORPUS_SETS.exists(), reason="the labelled corpus is not beside this checkout"
)
every_root = pytest.mark.parametrize(
    "root",
    [pytest.param(OWN_SETS, id="own"), pytest.param(CORPUS_SETS, id="whole", marks=no_corpus)],
)


@cache
def recover(root: Path) -> tuple[list[Outcome], list[str]]:
    """The outcomes of a folder, computed once for all tests."""
    return recover_pairs(root)


@every_root
def test_enough_pairs_are_recovered(root: Path) -> None:
    """As many pairs come back as the floor says."""
    outcomes, left_out = recover(root)
    print(table(root.name, outcomes, left_out))  # noqa: T201 - shown by pytest -s
    assert len(outcomes) >= 50
    assert len([outcome for outcome in outcomes if not outcome.differences]) >= FLOORS[root]


@every_root
def test_pairs_that_are_not_recovered_have_a_cause(root: Path) -> None:
    """A pair that is not recovered is taken for one application, or held back with a reason. Few
    come back otherwise: with init containers that nothing ties to one of the two.
    """
    outcomes, _ = recover(root)
    unexplained = [
        outcome for outcome in outcomes if outcome.cause in (REWRITTEN_OTHERWISE, DIVIDED)
    ]
    assert len(unexplained) <= len(outcomes) / 20, unexplained


@every_root
def test_a_merge_is_sound(root: Path) -> None:
    """An API server accepts the one Pod if it accepted the two, and every Service port leads to the
    containers that it led to.
    """
    merged_pairs = [merged for _, merged in merge_pairs(root) if isinstance(merged, MergedPair)]
    assert merged_pairs
    for merged in merged_pairs:
        cluster = Cluster(read_objects(merged.files), usual_ports)
        if not api_server_errors(merged.original):
            assert api_server_errors(cluster) == {}, merged.title
        old = containers_by_port(merged, merged.original, merged.names)
        new = containers_by_port(merged, cluster)
        assert {port: names for port, names in new.items() if names != old[port]} == {}, (
            merged.title
        )
        assert find_differences(merged, merged.files) != [], "a merged set has differences"


def test_over_http(server: Server) -> None:
    """A pair comes back over HTTP, too."""
    merged = next(
        pair
        for title, pair in merge_pairs(OWN_SETS)
        if title == "votes: vote + result" and isinstance(pair, MergedPair)
    )
    body = {"files": [{"path": path, "content": text} for path, text in merged.files.items()]}
    response = requests.post(f"{server.url}/v1/rewrite", json=body, timeout=30)
    assert response.status_code == 200
    data = json.loads(response.text)
    answer = Answer(
        files={file["path"]: file["content"] for file in data["files"]},
        groups={
            workload["name"]: {
                container["name"]: container["group"] for container in workload["containers"]
            }
            for workload in data["workloads"]
        },
        confidence={
            workload["name"]: min(container["confidence"] for container in workload["containers"])
            for workload in data["workloads"]
        },
        held_back={
            refusal["workload"].partition("/")[2]: refusal["reason"]
            for refusal in data["held_back"]
        },
    )
    assert outcome_of(merged, answer) == Outcome("votes: vote + result", (), "")

"""What holds of every rewrite, checked on the cases, the examples and published manifests."""

from __future__ import annotations

from tests.support.checks import ALL_CHECKS
from tests.support.checks.stranded import check_loopbacks, check_node_data
from tests.support.invariants import check_names, check_stages, check_untouched_documents
from tests.support.programs import usual_ports
from tests.support.real_manifests import (
    case_inputs,
    changing_rewrites,
    corpus_inputs,
    needs_corpus,
    reported_inputs,
)
from tests.support.rewritten import GroundTruth, Rewritten, staged_clusters

TRUTH = GroundTruth(usual_ports)


def faults_of(rewritten: Rewritten) -> list[str]:
    """Everything that a rewrite should have kept and didn't."""
    before, *later = rewritten.stages
    return [
        *check_stages(rewritten, TRUTH, ALL_CHECKS),
        *check_untouched_documents(rewritten),
        *(fault for files in later for fault in check_names(before, files)),
        *stranded_in(rewritten),
    ]


def stranded_in(rewritten: Rewritten) -> list[str]:
    """Calls and data that a container has left behind in the end."""
    return [
        fault
        for (first, *_, last), _ in staged_clusters(rewritten, TRUTH)
        for check in (check_loopbacks, check_node_data)
        for fault in check(first, last)
    ]


def test_cases_and_examples() -> None:
    """Rewrites of single files keep everything. Folders are left out: they may hold several
    environments, which together are no cluster.
    """
    inputs = [path for path in case_inputs() if path.is_file()]
    faults = {str(path): faults_of(rewritten) for path, rewritten in changing_rewrites(inputs)}
    assert len(faults) > 40
    assert {path: messages for path, messages in faults.items() if messages} == {}


def test_reported_sets_strand_nobody() -> None:
    """Their addresses are of many kinds, so that not every one is to lead where it led."""
    rewrites = changing_rewrites(reported_inputs())
    faults = {path.parent.name: stranded_in(rewritten) for path, rewritten in rewrites}
    assert len(faults) > 10
    assert {path: messages for path, messages in faults.items() if messages} == {}


@needs_corpus
def test_published_manifests() -> None:
    """Rewrites of published applications and single manifests keep everything."""
    rewrites = changing_rewrites(corpus_inputs())
    faults = {path.name: faults_of(rewritten) for path, rewritten in rewrites}
    assert len(faults) > 150
    assert {path: messages for path, messages in faults.items() if messages} == {}

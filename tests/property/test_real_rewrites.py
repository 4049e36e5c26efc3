"""What holds of every rewrite, checked on the cases, the examples and published manifests."""

from __future__ import annotations

from tests.support.checks import ALL_CHECKS
from tests.support.invariants import check_names, check_stages, check_untouched_documents
from tests.support.programs import usual_ports
from tests.support.real_manifests import case_inputs, changing_rewrites, corpus_inputs, needs_corpus
from tests.support.rewritten import GroundTruth, Rewritten


def faults_of(rewritten: Rewritten) -> list[str]:
    """Everything that a rewrite should have kept and didn't."""
    before, *later = rewritten.stages
    return [
        *check_stages(rewritten, GroundTruth(usual_ports), ALL_CHECKS),
        *check_untouched_documents(rewritten),
        *(fault for files in later for fault in check_names(before, files)),
    ]


def test_cases_and_examples() -> None:
    """Rewrites of single files keep everything. Folders are left out: they may hold several
    environments, which together are no cluster.
    """
    inputs = [path for path in case_inputs() if path.is_file()]
    faults = {str(path): faults_of(rewritten) for path, rewritten in changing_rewrites(inputs)}
    assert len(faults) > 40
    assert {path: messages for path, messages in faults.items() if messages} == {}


@needs_corpus
def test_published_manifests() -> None:
    """Rewrites of published applications and single manifests keep everything."""
    rewrites = changing_rewrites(corpus_inputs())
    faults = {path.name: faults_of(rewritten) for path, rewritten in rewrites}
    assert len(faults) > 150
    assert {path: messages for path, messages in faults.items() if messages} == {}

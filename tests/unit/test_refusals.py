"""The reasons for which a change is not made: codes that programs read, sentences for people."""

from __future__ import annotations

import re

import pytest

from service.refusals import Refusal, RefusalSection

CODES = [
    "suppressed",
    "owned",
    "static-pod",
    "hook",
    "generate-name",
    "invalid-field",
    "no-name",
    "no-containers",
    "injected",
    "analysed-only",
    "duplicate-key",
    "duplicate-name",
    "container-names",
    "applicability",
    "copies",
    "deadline",
    "container-restart-policy",
    "server-beside-job",
    "node-agent",
    "selector-overlap",
    "split-unclear",
    "init-container",
    "runs-twice",
    "low-confidence",
    "job",
    "wrap-held-back",
    "no-telling-label",
    "selector",
    "shared-service",
    "service-unclear",
    "crossing-reference",
    "loopback-server",
    "annotation",
    "daemon-set-data",
    "paused",
    "name",
    "pod-field",
    "claim-templates",
    "claims-deleted",
    "shared-claim",
    "shared-volume",
    "namespace-unclear",
    "undeclared-port",
    "port-declared-elsewhere",
    "port-name-clash",
    "two-protocols",
    "headless-service",
    "local-traffic-policy",
    "rollout-service",
    "service-without-ports",
    "advertised-address",
    "localhost-unresolved",
    "localhost-in-configmap",
    "localhost-in-probe",
    "localhost-split-address",
    "replicated-datastore",
    "kustomize-name",
    "kustomize-patch",
    "selected-by",
    "anchor",
    "overlapping-edits",
    "cannot-edit",
    "unsettled",
    "verification",
    "internal",
]
"""The codes that were given out: programs go by them."""


def test_no_code_is_renamed_or_taken_away() -> None:
    """A new one is written down here too."""
    assert [refusal.value for refusal in Refusal] == CODES


@pytest.mark.parametrize("refusal", Refusal)
def test_a_refusal_is_its_code(refusal: Refusal) -> None:
    """As text, in JSON, and when it is looked up; in words like those of its name."""
    assert str(refusal) == refusal.value == f"{refusal}"
    assert Refusal.of_code(refusal.value) is refusal
    assert refusal.name == refusal.value.upper().replace("-", "_")


def test_a_code_that_there_is_not_is_an_error() -> None:
    """It is a mistake of ours."""
    with pytest.raises(KeyError):
        Refusal.of_code("no-such-code")
    with pytest.raises(KeyError):
        Refusal.of_code("SUPPRESSED")


@pytest.mark.parametrize("refusal", Refusal)
def test_a_refusal_says_why_and_what_to_do(refusal: Refusal) -> None:
    """In sentences without an end, as they stand in a table, where a bar would part cells."""
    for text in (refusal.why, refusal.remedy):
        assert re.match(r"[a-z`]", text)
        assert not text.endswith((".", " "))
        assert "|" not in text
        assert "\n" not in text
        assert text.count("`") % 2 == 0
    assert refusal.why != refusal.remedy


def test_sections_hold_the_refusals_in_one_piece() -> None:
    """Each has some, and the documentation is in the order of the code."""
    sections = [refusal.section for refusal in Refusal]
    assert list(dict.fromkeys(sections)) == list(RefusalSection)
    assert sections == sorted(sections, key=list(RefusalSection).index)

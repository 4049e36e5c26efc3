"""What has to hold for a change to be right: codes that programs read, sentences for people."""

from __future__ import annotations

import pytest

from service.assumptions import Assumption, AssumptionCode

CODES = [
    "address-default",
    "address-for-browsers",
    "address-may-be-browsers",
    "certificate-name",
    "data-left-behind",
    "data-on-node",
    "data-taken-over",
    "dns-allowed",
    "external-metrics",
    "gap-if-applied-at-once",
    "helper-copied",
    "init-container-shared",
    "interchangeable-pods",
    "job-retries",
    "label-used-elsewhere",
    "no-container-ends",
    "no-hidden-localhost",
    "node-taints",
    "old-pods-deleted-after",
    "old-pods-deleted-first",
    "old-pods-taken-over",
    "one-pod-per-node",
    "patch-for-what-stays",
    "pods-replaced-by-hand",
    "port-listened-on",
    "recreate-strategy",
    "replicas-as-written",
    "restarted-always",
    "runs-once",
    "scaled-first",
    "service-variables",
    "single-replica",
    "state-not-scaled",
    "targets-still-fit",
]
"""The codes that were given out: programs go by them."""


def test_no_code_is_renamed_or_taken_away() -> None:
    """A new one is written down here too, in the order of the alphabet."""
    assert [code.value for code in AssumptionCode] == CODES
    assert sorted(CODES) == CODES


@pytest.mark.parametrize("code", AssumptionCode)
def test_an_assumption_is_its_code(code: AssumptionCode) -> None:
    """As text and in JSON; in words like those of its name."""
    assert str(code) == code.value == f"{code}"
    assert AssumptionCode(code.value) is code  # type: ignore[call-arg]
    assert code.name == code.value.upper().replace("-", "_")


@pytest.mark.parametrize("code", AssumptionCode)
def test_an_assumption_says_what_has_to_hold(code: AssumptionCode) -> None:
    """In whole sentences, which stand in a table, where a bar would part cells."""
    assert code.meaning[0].isupper()
    assert code.meaning.endswith(".")
    assert "|" not in code.meaning
    assert "\n" not in code.meaning
    assert code.meaning.count("`") % 2 == 0


def test_assumptions_are_equal_by_code_and_sentence() -> None:
    """Two of one kind about two containers are two."""
    one = Assumption(AssumptionCode.RUNS_ONCE, "web runs once")
    assert one == Assumption(AssumptionCode.RUNS_ONCE, "web runs once")
    assert one != Assumption(AssumptionCode.RUNS_ONCE, "queue runs once")
    assert one != Assumption(AssumptionCode.SINGLE_REPLICA, "web runs once")
    assert len({one, Assumption(AssumptionCode.RUNS_ONCE, "web runs once")}) == 1

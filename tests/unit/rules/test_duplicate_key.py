"""The rule that finds keys which stand in a mapping twice."""

from __future__ import annotations

from service.findings import Severity
from service.rules.duplicate_key import check
from tests.support.classifying import line_of, rule_input, text_of

TWICE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {app: shop}
  labels: {tier: front}
"""
ONCE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n"


def test_a_key_that_stands_twice_is_found() -> None:
    """At the one that counts, with the place of the one that is dropped."""
    run = rule_input(TWICE)
    [finding] = check(run)
    assert (finding.rule, finding.severity) == ("duplicate-key", Severity.ERROR)
    assert finding.workload == "ConfigMap/settings"
    assert finding.message == (
        "a key stands twice in one mapping: kubectl takes this one and drops the one on line 5"
    )
    assert text_of(finding.location, run) == "labels"
    assert line_of(finding.location, run) == 6
    [(message, dropped)] = finding.related
    assert message == "the key that is dropped"
    assert text_of(dropped, run) == "labels"
    assert line_of(dropped, run) == 5


def test_lines_are_counted_in_the_file() -> None:
    """Also in a document behind others."""
    run = rule_input(ONCE, TWICE)
    [finding] = check(run)
    assert finding.message.endswith("line 9")
    assert (finding.location.path, finding.location.document) == ("set.yaml", 1)
    assert line_of(finding.location, run) == 10
    assert text_of(finding.location, run) == "labels"


def test_each_document_and_each_key_is_looked_at() -> None:
    """Wherever in the document it stands."""
    run = rule_input(TWICE, ONCE, "{apiVersion: v1, kind: Secret, data: {a: b, a: c}, kind: X}\n")
    assert [finding.workload for finding in check(run)] == [
        "ConfigMap/settings", "X/", "X/",
    ]  # fmt: skip


def test_a_list_is_named_by_its_first_object() -> None:
    """The document has no name of its own."""
    items = "".join(
        f"- apiVersion: v1\n  kind: ConfigMap\n  metadata: {{name: {name}}}\n" for name in "ab"
    )
    run = rule_input(f"apiVersion: v1\nkind: List\nkind: List\nitems:\n{items}")
    [finding] = check(run)
    assert finding.workload == "ConfigMap/a"


def test_one_key_in_two_mappings_is_none() -> None:
    """Each mapping has keys of its own."""
    assert list(check(rule_input(ONCE, ONCE, "{apiVersion: v1, kind: A, a: {kind: B}}\n"))) == []

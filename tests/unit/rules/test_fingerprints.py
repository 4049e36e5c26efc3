"""What a finding is known by, and baselines."""

from __future__ import annotations

from service.findings import Report
from service.options import Options
from service.pipeline import run
from tests.unit.render.reports import BARE, TWO_SERVERS


def report_of(
    text: str, *, path: str = "shop.yaml", baseline: frozenset[str] = frozenset()
) -> Report:
    return run([(path, text.encode())], Options(baseline=baseline), rewrite=False)


def marks(report: Report) -> list[str]:
    return [finding.fingerprint for finding in report.findings]


def test_they_do_not_move_with_lines():
    """A comment above changes every line and no fingerprint; nor do other containers' places."""
    moved = "# one more\n\n" + TWO_SERVERS
    frontend, api = TWO_SERVERS.split("    - name: ")[1:3]
    api, rest = api.split("---\n")
    start = TWO_SERVERS.split("    - name: ")[0]
    turned = f"{start}    - name: {api}    - name: {frontend}---\n{rest}"

    assert marks(report_of(moved)) == marks(report_of(TWO_SERVERS))
    assert set(marks(report_of(turned))) == set(marks(report_of(TWO_SERVERS)))


def test_they_differ_by_container_object_and_file():
    """Another container of the same Pod, another Pod and another file are another finding."""
    texts = [TWO_SERVERS, TWO_SERVERS.replace("name: api", "name: backend-api")]
    texts.append(TWO_SERVERS.replace("name: shop", "name: store"))
    found = {mark for text in texts for mark in marks(report_of(text))[1:]}
    found |= set(marks(report_of(TWO_SERVERS, path="other.yaml"))[1:])

    assert len(found) == 4


def test_equal_findings_are_counted():
    """The same Pod twice in a file is two findings."""
    text = BARE.replace("NAME", "web")
    found = marks(report_of(f"{text}---\n{text}"))

    assert len(set(found)) == len(found) == 2
    assert marks(report_of(text)) == found[:1]


def test_a_baseline_marks_what_is_known():
    """What it has is known and open no more; what is new isn't."""
    before = report_of(BARE.replace("NAME", "old"))
    text = "\n".join([BARE.replace("NAME", "new"), "---", BARE.replace("NAME", "old")])
    report = report_of(text, baseline=frozenset(marks(before)))

    assert [(finding.workload, finding.known, finding.is_open) for finding in report.findings] == [
        ("Pod/new", False, True),
        ("Pod/old", True, False),
    ]

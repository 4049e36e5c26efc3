"""The composition of the stages: what each of them hands to the report."""

from __future__ import annotations

import gc
import time
from dataclasses import replace

import pytest

from service import pipeline
from service.classification.classify import classify
from service.errors import DeadlineExceeded, LimitExceeded
from service.findings import Severity
from service.options import CatalogueEntry, Options
from service.pipeline import catalogue_for, run
from service.refusals import Refusal
from service.rewriting import planning
from service.rules import RULES

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: NAME
  labels: {app: NAME}
spec:
  containers:
    - name: web
      image: nginx:1.27
      ports: [{containerPort: 80}]
    - name: queue
      image: rabbitmq:4
      ports: [{containerPort: 5672}]
"""


def pod(name: str) -> bytes:
    return POD.replace("NAME", name).encode()


def roles(options: Options) -> dict[str, list[str]]:
    """The roles of the containers of the same Pod in two folders."""
    files = [("a/pod.yaml", pod("a")), ("b/pod.yaml", pod("b"))]
    report = run(files, options, rewrite=False)
    return {
        workload.name: [verdict.role.value for verdict in workload.containers]
        for workload in report.workloads
    }


def test_an_analysis_has_no_rewrite():
    """Workloads and findings of every file, and nothing of a rewrite."""
    report = run([("a.yaml", pod("a")), ("b.yaml", pod("b"))], Options(), rewrite=False)

    assert [workload.name for workload in report.workloads] == ["a", "b"]
    assert all(workload.bare and workload.rewritable for workload in report.workloads)
    assert {finding.rule for finding in report.findings} >= {"bare-pod", "unrelated-containers"}
    assert all(finding.change is None for finding in report.findings)
    assert report.rewrite is None


def test_a_rewrite_links_its_findings_to_changes():
    """What is fixed says by which change."""
    report = run([("a.yaml", pod("a"))], Options(), rewrite=True)

    assert report.rewrite is not None
    changes = {change.id for change in report.rewrite.changes}
    assert {finding.change for finding in report.findings if finding.change} == changes


def test_findings_are_in_the_order_of_the_input():
    """By file, document and place, whatever the rules' order."""
    texts = [pod("c") + b"---\n" + pod("d"), pod("b")]
    report = run([("z.yaml", texts[0]), ("a.yaml", texts[1])], Options(), rewrite=False)
    places = [
        (
            ["z.yaml", "a.yaml"].index(finding.location.path),
            finding.location.document,
            finding.location.span.start,
        )
        for finding in report.findings
    ]

    assert len(places) >= 6
    assert places == sorted(places)


def test_rules_that_are_not_requested_are_not_reported():
    """Those of the options, and of each folder its own."""
    whole = Options(rules=frozenset({"bare-pod"}))
    files = [("a/pod.yaml", pod("a")), ("b/pod.yaml", pod("b"))]
    report = run(files, Options(folders=(("a/", whole),)), rewrite=False)
    by_file = {
        path: {item.rule for item in report.findings if item.location.path == path}
        for path, _ in files
    }

    assert by_file["a/pod.yaml"] == {"bare-pod"}
    assert by_file["b/pod.yaml"] > {"bare-pod"}
    assert {item.rule for item in run(files, whole, rewrite=False).findings} == {"bare-pod"}


def test_additions_to_the_catalogue_hold_for_their_folder():
    """An image is a helper where the folder says so, and an application elsewhere."""
    own = Options(catalogue=(CatalogueEntry("rabbitmq", "helper", "other"),))

    assert roles(Options()) == {"a": ["main", "unrelated"], "b": ["main", "unrelated"]}
    assert roles(Options(folders=(("a/", own),))) == {
        "a": ["main", "sidecar"],
        "b": ["main", "unrelated"],
    }


def test_an_addition_may_have_no_pattern():
    """Its entry says that it is the caller's own."""
    catalogue = catalogue_for(Options(catalogue=(CatalogueEntry("acme/*", "application"),)))
    (entry,) = [entry for entry in catalogue.entries if entry.id == "custom:acme/*"]

    assert (entry.role.value, entry.pattern, entry.source) == (
        "application",
        None,
        "the caller's own",
    )


def test_ignored_findings_stay_in_the_report():
    """With the reason that the manifest gives."""
    text = b"# podsplit: ignore[bare-pod] while we look\n" + pod("a")
    report = run([("a.yaml", text)], Options(), rewrite=False)
    (finding,) = [finding for finding in report.findings if finding.rule == "bare-pod"]

    assert finding.severity is Severity.WARNING
    assert finding.suppression is not None
    assert finding.suppression.reason == "while we look"


def test_what_can_not_be_read_is_counted_and_reported():
    """Rejected and skipped inputs are in the report beside what was read."""
    files = [("a.yaml", pod("a") + b"---\na: [\n"), ("values.yaml", b"a: 1\n")]
    report = run(files, Options(), rewrite=True)

    assert report.documents == 2
    assert [item.code for item in report.rejected] == ["yaml-syntax"]
    assert [item.path for item in report.skipped] == ["values.yaml"]
    assert list(report.sources) == ["a.yaml", "values.yaml"]


@pytest.mark.parametrize("rewrite", [False, True])
def test_limits_stop_a_run(rewrite):
    """Too many documents, or no time left."""
    files = [("a.yaml", pod("a") + b"---\n" + pod("b"))]

    assert run(files, Options(max_documents=2), rewrite=rewrite).documents == 2
    with pytest.raises(LimitExceeded):
        run(files, Options(max_documents=1), rewrite=rewrite)
    with pytest.raises(DeadlineExceeded):
        run(files, Options(deadline=time.monotonic() - 1), rewrite=rewrite)


@pytest.mark.parametrize("rewrite", [False, True])
def test_a_run_leaves_no_cycles(rewrite):
    """Everything is freed with the report: a worker's setting of the garbage collector, which then
    seldom runs, depends on it.
    """
    files = [("a.yaml", b"---\n".join(pod(f"n{number}") for number in range(10)))]
    run(files, Options(), rewrite=rewrite)
    gc.collect()
    gc.disable()
    try:
        run(files, Options(), rewrite=rewrite)
        assert gc.collect() == 0
    finally:
        gc.enable()


def broken_on(name: str):
    """A function that breaks on what a Pod of a name is given as its first argument."""

    def wrapped(function):
        def breaks(first, *others):
            if getattr(first, "workload", first).name == name:
                raise KeyError("s3cret")
            return function(first, *others)

        return breaks

    return wrapped


FILES = [("set.yaml", pod("a") + b"---\n" + pod("b"))]


def test_a_workload_that_breaks_the_classification_costs_itself(monkeypatch):
    """It is left as it is, with a finding that quotes nothing; the other one is split."""
    monkeypatch.setattr(pipeline, "classify", broken_on("a")(classify))
    report = run(FILES, Options(), rewrite=True)

    assert [workload.name for workload in report.workloads] == ["b"]
    (finding,) = [finding for finding in report.findings if finding.workload == "Pod/a"]
    assert (finding.rule, finding.location.document) == ("not-analysed", 0)
    assert "KeyError" in finding.message
    assert "s3cret" not in finding.message
    assert report.rewrite is not None
    assert {change.workload for change in report.rewrite.changes} == {"Pod/b"}
    assert report.rewrite.files[0].content.startswith(pod("a").decode())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_that_breaks_on_a_workload_finds_what_others_have(rule, monkeypatch):
    """It is asked again, document by document; what other rules say stays."""
    expected = run(FILES, Options(), rewrite=False).findings

    def check(rule_input):
        if any(workload.name == "a" for workload in rule_input.workloads):
            raise KeyError("s3cret")
        yield from rule.check(rule_input)

    rules = tuple(replace(item, check=check) if item is rule else item for item in RULES)
    monkeypatch.setattr(pipeline, "RULES", rules)
    found = run(FILES, Options(), rewrite=False).findings

    (broken,) = [finding for finding in found if finding.rule == "not-analysed"]
    assert (broken.workload, rule.id in broken.message) == ("Pod/a", True)
    kept = [item for item in expected if (item.rule, item.workload) != (rule.id, "Pod/a")]
    assert [finding for finding in found if finding is not broken] == kept


def test_a_workload_that_breaks_the_planning_costs_itself(monkeypatch):
    """It is held back; the other one is split."""
    unfit = planning._reasons_to_do_nothing
    monkeypatch.setattr(planning, "_reasons_to_do_nothing", broken_on("a")(unfit))
    result = run(FILES, Options(), rewrite=True).rewrite

    assert result is not None
    assert {(held.workload, held.reason) for held in result.held_back} >= {
        ("Pod/a", Refusal.INTERNAL)
    }
    assert {change.workload for change in result.changes} == {"Pod/b"}


def test_only_what_is_named_is_changed():
    """What stands beside it is looked at, and a name that isn't there is said."""
    only = frozenset({("set.yaml", "b"), ("other.yaml", "a")})
    report = run(FILES, Options(only=only), rewrite=True)

    assert [workload.name for workload in report.workloads] == ["a", "b"]
    assert report.rewrite is not None
    assert {change.workload for change in report.rewrite.changes} == {"Pod/b"}
    assert report.rewrite.held_back == ()
    assert report.advice[0].startswith("1 of what `only` names is no workload that came")

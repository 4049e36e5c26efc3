"""Findings that somebody said to ignore."""

from __future__ import annotations

import pytest

from service.findings import Finding, Location
from service.rules.bare_pod import check as check_bare_pod
from service.rules.rule import RuleInput
from service.rules.suppression import suppressed, suppression_above, suppression_of
from service.rules.unrelated_containers import check as check_unrelated
from service.text import Span
from tests.support.classifying import container_of, rule_input, text_of, workload

POD = """\
{above}apiVersion: v1
kind: Pod
metadata:
  name: shop
  annotations: {annotations}
spec:
  containers:
{above_web}  - name: web
    image: shop/web
    ports: [{{containerPort: 8080}}]
{above_db}  - name: db
    image: mysql
"""


def document(above: str = "", web: str = "", db: str = "", annotations: str = "{}") -> str:
    """A Pod of two applications, with comments at three places."""
    return POD.format(above=above, above_web=web, above_db=db, annotations=annotations)


def pod(above: str = "", web: str = "", db: str = "", annotations: str = "{}") -> RuleInput:
    """A run over such a Pod."""
    return rule_input(document(above, web, db, annotations))


def reason(finding: Finding, run: RuleInput) -> str | None:
    """Why a finding is ignored; None if it isn't."""
    suppression = suppressed(finding, run.workloads[0]).suppression
    return suppression.reason if suppression else None


def unrelated(run: RuleInput) -> str | None:
    """Why what is found at the second container is ignored."""
    [finding] = check_unrelated(run)
    return reason(finding, run)


def bare(run: RuleInput) -> str | None:
    """Why what is found at the Pod's kind is ignored."""
    [finding] = check_bare_pod(run)
    return reason(finding, run)


def test_a_finding_that_nobody_speaks_of_stays_as_it_is() -> None:
    """Also one about no workload."""
    run = pod()
    [finding] = check_unrelated(run)
    assert suppressed(finding, run.workloads[0]) is finding
    ignored = pod(annotations="{podsplit.dev/ignore: '*'}")
    [finding] = check_unrelated(ignored)
    assert suppressed(finding, None) is finding


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("unrelated-containers", ""),
        ("unrelated-containers they are one to us", "they are one to us"),
        ("* all of it", "all of it"),
        ("bare-pod known; unrelated-containers  for now ", "for now"),
        ("unrelated-containers first; unrelated-containers second", "first"),
        ("bare-pod", None),
        ("unrelated", None),
        ("bare-pod unrelated-containers", None),
        ("", None),
    ],
)
def test_an_annotation_names_rules_and_reasons(value: str, expected: str | None) -> None:
    """Several with semicolons between; a star stands for every rule."""
    assert unrelated(pod(annotations=f"{{podsplit.dev/ignore: '{value}'}}")) == expected


def test_what_is_ignored_stays_visible() -> None:
    """With the place that says so; the rest of the finding is as it was."""
    run = pod(annotations="{podsplit.dev/ignore: unrelated-containers}")
    [finding] = check_unrelated(run)
    marked = suppressed(finding, run.workloads[0])
    assert marked.suppression is not None
    assert text_of(marked.suppression.location, run) == "unrelated-containers"
    assert (marked.rule, marked.message, marked.location) == (
        finding.rule, finding.message, finding.location,
    )  # fmt: skip


def test_another_annotation_says_nothing() -> None:
    """Nor does one of the template: findings are about the object."""
    assert unrelated(pod(annotations="{example.com/ignore: unrelated-containers}")) is None
    run = rule_input(
        workload(
            "containers: [{name: a, image: a, ports: [{containerPort: 1}]},"
            " {name: db, image: mysql}]",
            pod_annotations="{podsplit.dev/ignore: unrelated-containers}",
        )
    )
    assert unrelated(run) is None


COMMENT = "# podsplit: ignore[unrelated-containers] one to us\n"


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        (COMMENT, "one to us"),
        ("# podsplit: ignore[unrelated-containers]\n", ""),
        ("#podsplit:ignore[unrelated-containers]   spaces  \n", "spaces"),
        ("# podsplit: ignore[bare-pod, unrelated-containers] both\n", "both"),
        ("# podsplit: ignore[*] all\n", "all"),
        (f"# Of the shop.\n{COMMENT}# More.\n", "one to us"),
        ("# podsplit: ignore[bare-pod]\n# podsplit: ignore[*] second\n", "second"),
        ("# podsplit: ignore[bare-pod]\n", None),
        ("# podsplit: ignore[unrelated]\n", None),
        ("# podsplit: ignore unrelated-containers\n", None),
        ("# ignore[unrelated-containers]\n", None),
    ],
)
def test_a_comment_above_the_document_names_rules_and_a_reason(
    comment: str, expected: str | None
) -> None:
    """Several with commas between."""
    assert unrelated(pod(above=comment)) == expected


def test_the_place_of_a_comment_is_told_as_that_of_the_metadata() -> None:
    """Comments have no place of their own."""
    run = pod(above=COMMENT)
    [finding] = check_unrelated(run)
    suppression = suppressed(finding, run.workloads[0]).suppression
    assert suppression is not None
    assert text_of(suppression.location, run).startswith("name: shop")


def test_a_comment_above_a_container_speaks_of_what_is_found_there() -> None:
    """Not of what is found at the other one, or at the Pod."""
    assert unrelated(pod(db="  # podsplit: ignore[*] here\n")) == "here"
    assert unrelated(pod(web="  # podsplit: ignore[*] there\n")) is None
    assert bare(pod(web="  # podsplit: ignore[*] there\n")) is None
    assert bare(pod(above="# podsplit: ignore[bare-pod] all\n")) == "all"


def test_a_comment_above_the_document_counts_before_one_above_a_container() -> None:
    """And the annotation before both."""
    both = {"above": "# podsplit: ignore[*] above\n", "db": "  # podsplit: ignore[*] at it\n"}
    assert unrelated(pod(**both)) == "above"
    assert unrelated(pod(**both, annotations="{podsplit.dev/ignore: '* noted'}")) == "noted"


def test_a_comment_of_what_stands_before_it_is_not_the_containers() -> None:
    """It is indented deeper than the container."""
    assert unrelated(pod(db="      # podsplit: ignore[*] deeper\n")) is None


def test_where_a_finding_is_in_no_container_only_the_whole_counts() -> None:
    """The first character of a container is in it, the one behind its end is not."""
    run = pod(web="  # podsplit: ignore[*] web\n")
    context = run.classifications[0].context
    web = context.location_of(container_of(context, "web"))
    [finding] = check_bare_pod(run)

    def at(offset: int) -> str | None:
        place = Location(web.path, web.document, Span(offset, offset))
        return reason(Finding("x", finding.severity, "m", place, finding.workload), run)

    assert at(web.span.start) == "web"
    assert at(web.span.end - 1) == "web"
    assert at(web.span.start - 1) is None
    assert at(web.span.end) is None


def test_a_workload_as_a_whole_speaks_by_its_annotation_or_above_its_document() -> None:
    """What stands above its containers is theirs alone."""
    for run, expected in (
        (pod(), None),
        (pod(annotations="{podsplit.dev/ignore: '* a'}"), "a"),
        (pod(above="# podsplit: ignore[*] b\n"), "b"),
        (pod(db="  # podsplit: ignore[*] c\n"), None),
    ):
        found = suppression_of("bare-pod", run.workloads[0])
        assert (found.reason if found else None) == expected


def test_a_container_speaks_by_the_comment_above_it() -> None:
    """For the rules that it names."""
    run = pod(db="  # podsplit: ignore[bare-pod] c\n")
    [pod_workload] = run.workloads
    web, db = pod_workload.containers
    found = suppression_above("bare-pod", pod_workload, db)
    assert found is not None
    assert found.reason == "c"
    assert suppression_above("bare-pod", pod_workload, web) is None
    assert suppression_above("port-clash", pod_workload, db) is None


def test_in_a_list_a_comment_above_the_document_speaks_of_none_of_its_items() -> None:
    """It isn't told which of them is meant."""
    lines = "".join(f"  {line}\n" for line in document().splitlines())
    run = rule_input(
        f"# podsplit: ignore[*] list\napiVersion: v1\nkind: List\nitems:\n- {lines.lstrip()}"
    )
    assert unrelated(run) is None


def test_the_second_of_two_documents_is_counted_from_its_own_start() -> None:
    """Comments of the first say nothing of it."""
    first = document(db="  # podsplit: ignore[*] first\n")
    for comment, expected in (("", None), ("  # podsplit: ignore[*] second\n", "second")):
        run = rule_input(first, document(db=comment).replace("shop", "other"))
        findings = list(check_unrelated(run))
        suppression = suppressed(findings[1], run.workloads[1]).suppression
        assert (suppression.reason if suppression else None) == expected

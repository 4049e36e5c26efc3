"""The rule that finds helpers which keep a Job from completing."""

from __future__ import annotations

import pytest

from service.findings import Severity
from service.rules.blocking_sidecar import check
from tests.support.classifying import rule_input, text_of, workload

REPORT = "containers: [{name: report, image: shop/report}]\n"
SPEC = "containers: [{name: report, image: shop/report}, {name: log, image: fluent-bit}]"


@pytest.mark.parametrize("kind", ["Job", "CronJob"])
def test_a_known_helper_among_the_containers_of_a_job_is_found(kind: str) -> None:
    """At its name."""
    run = rule_input(workload(SPEC, kind=kind, name="nightly"))
    [finding] = check(run)
    assert (finding.rule, finding.severity) == ("blocking-sidecar", Severity.WARNING)
    assert finding.workload == f"{kind}/nightly"
    assert finding.message == (
        f"log never ends, so the {kind} never completes: move it to initContainers with"
        " restartPolicy: Always"
    )
    assert text_of(finding.location, run) == "log"


def test_each_of_them_is_found() -> None:
    """In each Job, whatever stands before it."""
    run = rule_input(
        workload(SPEC, name="shop"),
        workload(
            "containers: [{name: log, image: fluent-bit}, {name: r, image: shop/report},"
            " {name: mesh, image: istio-proxyv2}]",
            kind="Job",
        ),
    )
    assert [finding.message.split()[0] for finding in check(run)] == ["log", "mesh"]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "Pod"])
def test_what_never_ends_may_have_helpers_that_never_end(kind: str) -> None:
    """Nothing waits for them."""
    assert list(check(rule_input(workload(SPEC, kind=kind)))) == []


@pytest.mark.parametrize(
    "spec",
    [
        "containers: [{name: report, image: shop/report}, {name: log, image: shop/log}]",
        "containers: [{name: report, image: shop/report}, {name: log, image: busybox}]",
        "containers: [{name: log, image: fluent-bit}]",
        f"{REPORT}initContainers: [{{name: log, image: fluent-bit, restartPolicy: Always}}]",
        f"{REPORT}initContainers: [{{name: log, image: fluent-bit}}]",
    ],
)
def test_what_may_end_blocks_nothing(spec: str) -> None:
    """It isn't known that it never ends; it is what the Job is for; or it is a native sidecar, or
    gone before the others start.
    """
    assert list(check(rule_input(workload(spec, kind="Job")))) == []

"""The rule that finds volumes which nobody ever writes to."""

from __future__ import annotations

from service.findings import Severity
from service.rules.dangling_shared_volume import check
from tests.support.classifying import rule_input, text_of, workload

SPEC = """
containers:
- {name: web, image: shop/web%s}
- {name: log, image: fluent-bit, volumeMounts: [{name: logs, mountPath: /var/log}]}
volumes: [{name: logs, emptyDir: {}}]
"""


def test_a_helpers_volume_that_nobody_else_mounts_is_found() -> None:
    """At the mount."""
    run = rule_input(workload(SPEC % ""))
    [finding] = check(run)
    assert (finding.rule, finding.severity) == ("dangling-shared-volume", Severity.WARNING)
    assert finding.workload == "Deployment/shop"
    assert finding.message == (
        "log mounts the volume logs, and no other container does: nothing ever writes there; mount"
        " it where the files are written too"
    )
    assert text_of(finding.location, run) == "{name: logs, mountPath: /var/log}"


def test_each_workload_is_looked_at() -> None:
    """One in which it is shared doesn't end the search."""
    shared = SPEC % ", volumeMounts: [{name: logs, mountPath: /logs}]"
    run = rule_input(workload(shared, name="a"), workload(SPEC % "", name="b"))
    assert [finding.workload for finding in check(run)] == ["Deployment/b"]


def test_a_volume_that_is_shared_is_none() -> None:
    """Somebody may write there."""
    shared = SPEC % ", volumeMounts: [{name: logs, mountPath: /logs}]"
    assert list(check(rule_input(workload(shared)))) == []

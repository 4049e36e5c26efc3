"""What holds of every rewrite, over sets of manifests that Hypothesis makes.

The sets are held against a model of a cluster that is the tests' own (`tests/support/cluster.py`).
The same sets are looked at every time; `HYPOTHESIS_PROFILE=hunt` looks at many more of them, and at
others each time.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support import covering, keeping
from tests.support.cluster import Cluster, Data, Key, read
from tests.support.keeping import Check
from tests.support.proving import comments, kept, names, talk, untouched
from tests.support.rewritten import rewrite
from tests.support.schemas import refusals
from tests.support.sets import KINDS, Sample, sets

HUNTING = os.environ.get("HYPOTHESIS_PROFILE") == "hunt"
many = settings(
    derandomize=not HUNTING,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
fewer = settings(many, max_examples=many.max_examples // 2)


def wrong(sample: Sample, *checks: Check) -> list[str]:
    """What is not as it was."""
    return list(dict.fromkeys(kept(rewrite(sample.files), sample.truth, checks)))


@many
@given(sets())
def test_nothing_is_lost(sample: Sample) -> None:
    """Containers, how often they run, what they mount and what holds for their Pods are what
    they were, in every stage.
    """
    checks = (
        keeping.containers,
        keeping.order,
        keeping.mounts,
        keeping.pod_fields,
        keeping.labels,
        keeping.notes,
        keeping.updates,
    )
    assert wrong(sample, *checks) == []


@many
@given(sets())
def test_every_service_port_reaches_whom_it_reached(sample: Sample) -> None:
    """And so does every address on localhost, whether its server is still there or behind a
    Service.
    """
    assert wrong(sample, keeping.services, keeping.addresses, keeping.ports) == []


@many
@given(sets())
def test_no_selector_newly_overlaps(sample: Sample) -> None:
    """Every controller selects its own Pods, and no others that it didn't select."""
    assert wrong(sample, keeping.selectors) == []


@many
@given(sets(extras=60))
def test_what_covers_pods_goes_on_covering_them(sample: Sample) -> None:
    """Policies, budgets, autoscalers and monitors mean after the rewrite what they meant before."""
    assert (
        wrong(
            sample,
            covering.policies,
            covering.budgets,
            covering.autoscalers,
            covering.monitors,
            talk,
        )
        == []
    )


@many
@given(sets())
def test_nothing_fails_for_a_mistake_of_ours(sample: Sample) -> None:
    """No change is planned that breaks, can't be written or doesn't pass verification."""
    assert rewrite(sample.files).mistakes() == []


@many
@given(sets())
def test_a_second_run_changes_nothing(sample: Sample) -> None:
    """The rewrite of a rewrite is itself, byte for byte."""
    after = rewrite(sample.files).after
    again = rewrite(after)
    assert again.changes == []
    assert again.after == after


@many
@given(sets())
def test_only_what_a_change_touches_changes(sample: Sample) -> None:
    """Documents that no change touches keep their bytes, containers their comments, objects
    names of their own.
    """
    rewritten = rewrite(sample.files)
    assert [*untouched(rewritten), *comments(rewritten)] == []
    assert [each for files in rewritten.stages[1:] for each in names(sample.files, files)] == []


@fewer
@given(sets(extras=25))
def test_new_files_say_what_is_said_in_place(sample: Sample) -> None:
    """Wherever new objects go, they are the same."""
    in_place, new_files = rewrite(sample.files), rewrite(sample.files, layout="new-files")
    for one, other in zip(in_place.stages, new_files.stages, strict=True):
        assert objects(one) == objects(other)


def objects(files: dict[str, str]) -> dict[tuple[str, Key], Data]:
    """The objects of each folder, by name."""
    return {(each.path.rpartition("/")[0], each.key): each.data for each in read(files)}


@fewer
@given(sets(extras=25))
def test_a_cluster_takes_what_it_took(sample: Sample) -> None:
    """By Kubernetes' own schemas, and by the API server's rules beyond them, in every stage."""
    if not refusals(Cluster(read(sample.files))):
        assert [
            found
            for files in rewrite(sample.files).stages[1:]
            if (found := refusals(Cluster(read(files))))
        ] == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "Job"])
def test_the_sets_put_every_kind_to_the_test(kind: str) -> None:
    """Of each kind some are split; sets are read and valid to begin with."""
    seen: Counter[str] = Counter()

    @settings(many, max_examples=60, derandomize=True)
    @given(sets(kinds=(kind,)))
    def look(sample: Sample) -> None:
        rewritten = rewrite(sample.files)
        assert rewritten.report.rejected == ()
        assert not refusals(Cluster(read(sample.files)))
        seen.update(rewritten.changes)

    look()
    assert seen["split"] > 2


def test_the_sets_put_what_covers_pods_to_the_test() -> None:
    """Policies, budgets and autoscalers are divided, and changes are held back for many reasons."""
    made: Counter[str] = Counter()
    reasons: Counter[str] = Counter()

    @settings(many, max_examples=150, derandomize=True)
    @given(sets(kinds=("Deployment",), extras=60))
    def look(sample: Sample) -> None:
        found = rewrite(sample.files).report.rewrite
        assert found is not None
        made.update(each.partition("/")[0] for change in found.changes for each in change.creates)
        reasons.update(each.reason for each in found.held_back)

    look()
    assert {
        "Service",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "HorizontalPodAutoscaler",
    } <= made.keys()
    assert len(reasons) > 4

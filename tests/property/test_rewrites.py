"""What holds of every rewrite, checked on sets of manifests that Hypothesis generates.

The sets are compared with a model of a cluster that is the tests' own (`tests/support/cluster.py`).
Each run looks at the same sets; with `HYPOTHESIS_PROFILE=hunt` it looks at many more, and at others
each time.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.checks import (
    Check,
    check_addresses,
    check_annotations,
    check_autoscalers,
    check_budgets,
    check_containers,
    check_declared_ports,
    check_labels,
    check_localhost_calls,
    check_monitors,
    check_mounts,
    check_network_policies,
    check_order,
    check_pod_fields,
    check_selectors,
    check_services,
    check_updates,
)
from tests.support.cluster import Cluster
from tests.support.generated_sets import Sample, sets
from tests.support.generated_workloads import KINDS
from tests.support.invariants import (
    check_comments,
    check_names,
    check_stages,
    check_untouched_documents,
)
from tests.support.objects import Data, Key, read_objects
from tests.support.rewritten import rewrite
from tests.support.schemas import api_server_errors

IS_HUNTING = os.environ.get("HYPOTHESIS_PROFILE") == "hunt"
many = settings(
    derandomize=not IS_HUNTING,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
fewer = settings(many, max_examples=many.max_examples // 2)


def faults_of(sample: Sample, *checks: Check) -> list[str]:
    """What the checks say of the rewrite of a set, each sentence once."""
    return list(dict.fromkeys(check_stages(rewrite(sample.files), sample.truth, checks)))


@many
@given(sets())
def test_nothing_is_lost(sample: Sample) -> None:
    """Containers, how often they run, what they mount and what holds for their Pods stay the same
    in every stage.
    """
    checks = (
        check_containers,
        check_order,
        check_mounts,
        check_pod_fields,
        check_labels,
        check_annotations,
        check_updates,
    )
    assert faults_of(sample, *checks) == []


@many
@given(sets())
def test_every_service_port_reaches_whom_it_reached(sample: Sample) -> None:
    """So does every address on localhost, whether its server is in the same Pod or behind a
    Service.
    """
    assert faults_of(sample, check_services, check_addresses, check_declared_ports) == []


@many
@given(sets())
def test_no_selector_newly_overlaps(sample: Sample) -> None:
    """Every controller selects its own Pods, and no others that it didn't select."""
    assert faults_of(sample, check_selectors) == []


@many
@given(sets(extras=60))
def test_policies_budgets_autoscalers_and_monitors_mean_the_same(sample: Sample) -> None:
    """Policies, budgets, autoscalers and monitors mean after the rewrite what they meant before."""
    checks = (
        check_network_policies,
        check_budgets,
        check_autoscalers,
        check_monitors,
        check_localhost_calls,
    )
    assert faults_of(sample, *checks) == []


@many
@given(sets())
def test_no_change_is_held_back_by_a_mistake(sample: Sample) -> None:
    """No change is planned that breaks, can't be written or doesn't pass verification."""
    assert rewrite(sample.files).own_faults() == []


@many
@given(sets())
def test_a_second_run_changes_nothing(sample: Sample) -> None:
    """The rewrite of a rewrite is the same, byte for byte."""
    first = rewrite(sample.files)
    second = rewrite(first.after)
    assert second.actions == []
    assert second.after == first.after


@many
@given(sets())
def test_only_what_a_change_touches_changes(sample: Sample) -> None:
    """Documents that no change touches keep their bytes, containers their comments, objects their
    own names.
    """
    rewritten = rewrite(sample.files)
    assert list(check_untouched_documents(rewritten)) == []
    assert list(check_comments(rewritten)) == []
    for files in rewritten.stages[1:]:
        assert list(check_names(sample.files, files)) == []


@fewer
@given(sets(extras=25))
def test_the_layout_changes_no_object(sample: Sample) -> None:
    """The layout decides where new objects go, not what they are."""
    in_place, new_files = rewrite(sample.files), rewrite(sample.files, layout="new-files")
    for files, other_files in zip(in_place.stages, new_files.stages, strict=True):
        assert objects_by_folder(files) == objects_by_folder(other_files)


def objects_by_folder(files: dict[str, str]) -> dict[tuple[str, Key], Data]:
    """The objects, by folder and key."""
    return {
        (resource.path.rpartition("/")[0], resource.key): resource.data
        for resource in read_objects(files)
    }


@fewer
@given(sets(extras=25))
def test_an_api_server_accepts_what_it_accepted(sample: Sample) -> None:
    """An API server accepts every stage of a set that it accepted, by Kubernetes' schemas and by
    the rules beyond them.
    """
    if not api_server_errors(Cluster(read_objects(sample.files))):
        for files in rewrite(sample.files).stages[1:]:
            assert api_server_errors(Cluster(read_objects(files))) == {}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "Job"])
def test_every_kind_is_split_in_some_set(kind: str) -> None:
    """Some workloads of each kind are split. The sets are read and valid to begin with."""
    actions: Counter[str] = Counter()

    @settings(many, max_examples=60, derandomize=True)
    @given(sets(kinds=(kind,)))
    def look(sample: Sample) -> None:
        rewritten = rewrite(sample.files)
        assert rewritten.report.rejected == ()
        assert not api_server_errors(Cluster(read_objects(sample.files)))
        actions.update(rewritten.actions)

    look()
    assert actions["split"] > 2


def test_policies_budgets_and_autoscalers_are_divided_in_some_set() -> None:
    """Policies, budgets and autoscalers are divided, and changes are held back for many reasons."""
    created_kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()

    @settings(many, max_examples=300, derandomize=True)
    @given(sets(kinds=("Deployment",), extras=60))
    def look(sample: Sample) -> None:
        result = rewrite(sample.files).report.rewrite
        assert result is not None
        created_kinds.update(
            title.partition("/")[0] for change in result.changes for title in change.creates
        )
        reasons.update(refusal.reason for refusal in result.held_back)

    look()
    wanted = {"Service", "NetworkPolicy", "PodDisruptionBudget", "HorizontalPodAutoscaler"}
    assert wanted <= created_kinds.keys()
    assert len(reasons) > 4

"""What to send instead, where there was no workload to look at or a baseline knows nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from service.findings import Finding, SkippedInput, WorkloadReport
from service.kube.objects import ManifestSet

NOTHING_CAME = (
    "no file came: of an archive those are read that end in .yaml, .yml or .json; see that the"
    " folder is the one that you mean"
)
_BY_GROUP = {
    "kustomize.config.k8s.io": (
        "a kustomization names manifests: send its whole folder with the bases, or what `kubectl"
        " kustomize` prints"
    ),
    "kustomize.toolkit.fluxcd.io": (
        "a Flux Kustomization names a folder: send that folder, or what `kubectl kustomize` prints"
        " for it"
    ),
    "helm.toolkit.fluxcd.io": (
        "a HelmRelease names a chart: send what `helm template` prints with its values"
    ),
    "argoproj.io": (
        "an Application of Argo CD names a repository: send the manifests that are there, or what"
        " `argocd app manifests` prints"
    ),
}
"""By the API group of the objects that came; a group of Argo's is one of its workflows too."""
_MOST = 5


def advice(
    sources: Iterable[str], skipped: Iterable[SkippedInput], manifests: ManifestSet, workloads: int
) -> tuple[str, ...]:
    """What to send instead; empty where there were workloads.

    Args:
        sources: the files that came.
        skipped: what was skipped of them.
        manifests: the objects.
        workloads: how many of them are workloads.
    """
    if workloads:
        return ()
    if not any(True for _ in sources):
        return (NOTHING_CAME,)
    groups = dict.fromkeys(
        resource.group
        for resource in manifests.resources
        if resource.group != "argoproj.io" or resource.kind in ("Application", "ApplicationSet")
    )
    told = [_BY_GROUP[group] for group in groups if group in _BY_GROUP]
    reasons = Counter(item.reason for item in skipped)
    told += [f"{reason} ({count})" for reason, count in reasons.most_common(_MOST)]
    if not told and manifests.resources:
        told.append("no object that came has Pods of its own: send the workloads along")
    return tuple(told)


def advice_on_baseline(findings: Sequence[Finding], *, has_baseline: bool) -> tuple[str, ...]:
    """What to do where a baseline has none of the findings, which mostly has one reason.

    Args:
        findings: the findings of the run.
        has_baseline: whether the caller gave one.
    """
    if not has_baseline or not findings or any(finding.known for finding in findings):
        return ()
    return (
        (
            "the baseline has none of these findings: it holds for the paths that it was made with,"
            " so send the same folder in the same way"
        ),
    )


def advice_on_choice(
    workloads: Sequence[WorkloadReport], only: frozenset[tuple[str, str]] | None
) -> tuple[str, ...]:
    """What to do where workloads that are to be changed alone aren't there.

    Args:
        workloads: those of the set.
        only: path and name of each that may be changed, as in `Options`.
    """
    there = {(workload.location.path, workload.name) for workload in workloads}
    there |= {(workload.location.path, "") for workload in workloads}
    missing = len((only or frozenset()) - there)
    if not missing:
        return ()
    message = (
        f"{missing} of what `only` names is no workload that came: each is the path of its file,"
        " as it was sent, a colon and its name"
    )
    return (message,)

"""What people are told of containers and of changes, as Markdown: what each is and why, how sure
that is, what it takes to be right, and how to silence it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from service.assumptions import AssumptionCode
from service.findings import (
    Applicability,
    Change,
    Evidence,
    FileStatus,
    Leans,
    Location,
    OldPods,
    Report,
    Role,
    Stage,
    Verdict,
    WorkloadReport,
)
from service.render.common import Producer
from service.render.markdown_text import bounded, code, counted, escape
from service.render.naming import Naming

_PRIOR = "prior"
"""The id of the evidence that is there for every pair."""
_IN_PROGRESS = "split-in-progress"
"""The rule that notes a split between its stages."""
_OLD_PODS = {
    OldPods.DELETED_FIRST: (
        "delete the old Pod before this is applied, as both must not run at once; nothing adopts it"
    ),
    OldPods.DELETED_AFTER: (
        "delete the old Pod when the new ones run: nothing adopts it, and it would run on beside"
        " them"
    ),
}
"""What somebody has to do about bare Pods that get a controller."""
_FEW = 10
"""So many workloads are all listed, those with nothing to say of them too."""
_APPLICABILITIES = {
    Applicability.SAFE: "right if nothing outside of these files depends on what it changes",
    Applicability.REVIEW: "right if what it assumes holds, so look before you merge",
    Applicability.MANUAL: "not applied, only explained",
}
_IN_STAGES = frozenset(
    {
        AssumptionCode.DATA_TAKEN_OVER,
        AssumptionCode.RUNS_ONCE,
        AssumptionCode.GAP_IF_APPLIED_AT_ONCE,
    }
)
"""What is assumed of changes that speak of stages."""


def why(workload: WorkloadReport, verdict: Verdict) -> str:
    """Why a container has its role, in one sentence."""
    seen = _weightiest(verdict)
    match verdict.role:
        case Role.MAIN:
            helpers = [
                other.name
                for other in workload.containers
                if other.role is Role.SIDECAR and verdict.name in other.serves
            ]
            if len(workload.containers) == 1:
                return "the only container"
            if helpers:
                return f"what the workload is for; it is helped by {', '.join(helpers)}"
            own = f": {seen.message}" if seen and _is_own(seen) else ""
            return f"what the workload is for{own}"
        case Role.INIT:
            return f"runs first, for {', '.join(verdict.serves) or 'the Pod'}"
        case _:
            if seen is None:
                return "nothing speaks for or against it"
            if seen.signal == _PRIOR:
                return "nothing else is known, and containers of one Pod mostly belong together"
            if _is_own(seen):
                return seen.message
            return f"{seen.about}, beside it: {seen.message.removeprefix(f'{seen.about}: ')}"


def _is_own(evidence: Evidence) -> bool:
    """Whether evidence was seen at the container itself; else its message starts with the name of
    the other one.
    """
    return not evidence.message.startswith(f"{evidence.about}: ")


def _weightiest(verdict: Verdict) -> Evidence | None:
    """The weightiest evidence that speaks for a verdict, its own before that of another container;
    the prior only where there is no other.
    """
    leans = Leans.APART if verdict.role is Role.UNRELATED else Leans.TOGETHER
    if verdict.role is Role.MAIN and any(item.leans is Leans.APART for item in verdict.evidence):
        leans = Leans.APART
    speaking = [item for item in verdict.evidence if item.leans is leans]
    ranked = sorted(speaking, key=lambda item: (item.signal == _PRIOR, not _is_own(item)))
    return next(iter(ranked), None)


def role_of(verdict: Verdict) -> str:
    """A role with what it is for and whom it serves, in plain text."""
    if verdict.role is not Role.SIDECAR:
        return verdict.role.value
    kind = f"{verdict.pattern.value} sidecar" if verdict.pattern else "sidecar"
    return f"{kind} of {', '.join(verdict.serves)}" if verdict.serves else kind


def todo_of(change: Change) -> str:
    """What somebody has to do about bare Pods, in plain text; empty for nothing."""
    return _OLD_PODS.get(change.old_pods, "") if change.old_pods else ""


def container_table(report: Report, workloads: Iterable[WorkloadReport], most: int) -> str:
    """A table of the containers of some workloads. Those of one container that nothing is found of
    are only counted, where there are many.

    Args:
        report: the report that they are from.
        workloads: the workloads.
        most: characters of its rows.
    """
    listed = list(workloads)
    names = full_names(report)
    named = {(finding.location.path, finding.workload) for finding in report.findings}
    telling = [
        workload
        for workload in listed
        if len(workload.containers) > 1 or (workload.location.path, workload.title) in named
    ]
    if len(listed) <= _FEW:
        telling = listed
    rows = bounded(
        (
            _row(workload, verdict, names[workload])
            for workload in telling
            for verdict in workload.containers
        ),
        most,
        "| and {} more | | | | | |\n",
    )
    text = ""
    if rows:
        head = "| Workload | Container | Role | Group | Sure | Why |\n|---|---|---|---|---|---|\n"
        text = head + rows
    if any(len(workload.containers) > 1 for workload in telling):
        text += "\nContainers of one group stay in one Pod.\n"
    if quiet := len(listed) - len(telling):
        text += f"\n{counted(quiet, 'workload')} of one container each: nothing to tell apart.\n"
    return text


def full_names(report: Report) -> Mapping[WorkloadReport, str]:
    """What to call each workload (see `Naming`)."""
    naming = Naming(report)
    return {
        workload: naming.full(workload.title, workload.location.path, workload.namespace)
        for workload in report.workloads
    }


def _row(workload: WorkloadReport, verdict: Verdict, name: str) -> str:
    cells = (
        escape(name),
        escape(verdict.name),
        escape(role_of(verdict)),
        str(verdict.group),
        percent(verdict.confidence),
        escape(why(workload, verdict)),
    )
    return f"| {' | '.join(cells)} |\n"


def percent(confidence: float) -> str:
    """A confidence in whole percent; 100% only where nothing is left to doubt."""
    return f"{min(int(confidence * 100 + 0.5), 99 if confidence < 1 else 100)}%"


def change_lines(report: Report, change: Change, producer: Producer) -> Iterator[str]:
    """What a reviewer has to know of a change, as items of a list."""
    findings = [finding for finding in report.findings if finding.change == change.id]
    for finding in findings:
        yield f"- why: {escape(finding.message)}\n"
    yield f"- how sure: {_how_sure(report, change, producer)}\n"
    if change.creates:
        yield f"- makes: {', '.join(code(name) for name in change.creates)}\n"
    for assumption in change.assumptions:
        yield f"- assumes: {escape(assumption.message)}\n"
    if todo := todo_of(change):
        yield f"- to do: {todo}\n"
    rules = list(dict.fromkeys(finding.rule for finding in findings))
    # What is begun isn't silenced, but gone on with or taken back.
    silenced = [rule for rule in rules if rule != _IN_PROGRESS]
    if silenced and change.location.path.endswith(".json"):
        notes = " or ".join(code(f"podsplit.dev/ignore: {rule} your reason") for rule in silenced)
        yield f"- to silence it: the annotation {notes}\n"
    elif silenced:
        notes = " or ".join(code(f"# podsplit: ignore[{rule}] your reason") for rule in silenced)
        yield f"- to silence it: {notes} above the document\n"
    links = [producer.link(rule, f"rules-{rule}") for rule in rules]
    links.append(producer.link(change.action, f"actions-{change.action}"))
    if producer.docs:
        yield f"- more: {', '.join(links)}\n"


def _how_sure(report: Report, change: Change, producer: Producer) -> str:
    label = producer.link(f"_{change.applicability.label}_", "review")
    word = f"{label}: {_APPLICABILITIES[change.applicability]}"
    containers = next(
        (
            workload.containers
            for workload in report.workloads
            if workload.location.path == change.location.path and workload.title == change.workload
        ),
        (),
    )
    if len(containers) < 2:
        return word
    least = min(verdict.confidence for verdict in containers)
    return f"{percent(least)} sure which containers belong together; {word}"


def stages_explained(report: Report, producer: Producer) -> str:
    """What a stage is, for those who haven't heard of them, and which there are left here."""
    word = producer.link("_stages_", "stages")
    left = [stage for stage, _before, _after in stages_left(report)]
    return (
        "Applied in one go, Services lose their endpoints for a while. To avoid that, it comes in"
        f" {word}, each merged and rolled out before the next: here"
        f" {', '.join(code(stage.label) for stage in left)}. The patch of the next one alone:"
        f" {code(f'POST /v1/rewrite?format=diff&stage={left[0].label}')}\n"
        if left
        else ""
    )


def stages_left(report: Report) -> Iterator[tuple[Stage, dict[str, str], dict[str, str]]]:
    """Each stage that changes something, with the text of each path before and after it."""
    before = {path: source.text for path, source in report.sources.items()}
    for item in report.rewrite.stages if report.rewrite else ():
        after = {
            file.path: file.content for file in item.files if file.status is not FileStatus.DELETED
        }
        if after != before:
            yield item.stage, before, after
        before = after


def speaks_of_stages(changes: Iterable[Change]) -> bool:
    """Whether what changes assume has to do with stages."""
    return any(
        assumption.code in _IN_STAGES for change in changes for assumption in change.assumptions
    )


def place_of(report: Report, location: Location) -> str:
    """A file with the line, where it could be read."""
    if location.path not in report.sources:
        return location.path
    return f"{location.path}:{report.position(location)[0]}"

"""What people are told of containers and of changes, as Markdown: what each is and why, how sure
that is, what it takes to be right, and how to silence it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.assumptions import AssumptionCode
from service.findings import (
    Applicability,
    Change,
    Evidence,
    Leans,
    Location,
    Report,
    Role,
    Verdict,
    WorkloadReport,
)
from service.render.common import Producer
from service.render.markdown_text import bounded, code, counted, escape

_PRIOR = "prior"
"""The id of the evidence that is there for every pair."""
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
            # Evidence about a container names it only where it is the other one of a pair.
            own = seen is not None and not seen.message.startswith(f"{seen.about}: ")
            return "what the workload is for" + (f": {seen.message}" if seen and own else "")
        case Role.INIT:
            return f"runs first, for {', '.join(verdict.serves) or 'the Pod'}"
        case _:
            return seen.message if seen else "nothing speaks for or against it"


def _weightiest(verdict: Verdict) -> Evidence | None:
    """The weightiest evidence that speaks for a verdict; the prior only where there is no other."""
    leans = Leans.APART if verdict.role is Role.UNRELATED else Leans.TOGETHER
    if verdict.role is Role.MAIN and any(item.leans is Leans.APART for item in verdict.evidence):
        leans = Leans.APART
    speaking = [item for item in verdict.evidence if item.leans is leans]
    return next((item for item in speaking if item.signal != _PRIOR), next(iter(speaking), None))


def role_of(verdict: Verdict) -> str:
    """A role with what it is for and whom it serves."""
    if verdict.role is not Role.SIDECAR:
        return verdict.role.value
    kind = f"{verdict.pattern.value} sidecar" if verdict.pattern else "sidecar"
    served = ", ".join(escape(name) for name in verdict.serves)
    return f"{kind} of {served}" if served else kind


def container_table(report: Report, workloads: Iterable[WorkloadReport], most: int) -> str:
    """A table of the containers of some workloads. Those of one container that nothing is found of
    are only counted, where there are many.

    Args:
        report: the report that they are from.
        workloads: the workloads.
        most: characters of its rows.
    """
    listed = list(workloads)
    named = {(finding.location.path, finding.workload) for finding in report.findings}
    telling = [
        workload
        for workload in listed
        if len(workload.containers) > 1 or (workload.location.path, workload.title) in named
    ]
    if len(listed) <= _FEW:
        telling = listed
    rows = bounded(
        (_row(workload, verdict) for workload in telling for verdict in workload.containers),
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


def _row(workload: WorkloadReport, verdict: Verdict) -> str:
    cells = (
        escape(workload.title),
        escape(verdict.name),
        role_of(verdict),
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
    rules = list(dict.fromkeys(finding.rule for finding in findings))
    if rules:
        comments = " or ".join(code(f"# podsplit: ignore[{rule}] your reason") for rule in rules)
        yield f"- to silence it: {comments} above the document\n"
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
    return f"{percent(least)} of which container belongs to which; {word}"


def stages_explained(producer: Producer) -> str:
    """What a stage is, for those who haven't heard of them."""
    word = producer.link("_stage_", "stages")
    return (
        f"A {word} is a part of a rewrite that is merged and rolled out before the next: `expand`,"
        " `add`, `switch`, `contract`. `POST /v1/rewrite?stage=expand` answers with the text after"
        " one.\n"
    )


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

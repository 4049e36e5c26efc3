"""Puts the page together. Everything that was sent reaches it as text: the template escapes it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp

from jinja2 import Environment, Template
from markupsafe import Markup

from service.findings import (
    Leans,
    Report,
    Role,
    Stage,
    Verdict,
    WorkloadReport,
)
from service.render import svg
from service.render.common import NOBODY, Producer
from service.render.diff import render_diff
from service.render.explanations import (
    full_names,
    percent,
    role_of,
    stages_left,
    todo_of,
    why,
)
from service.render.html.diffs import Hunk, hunks_of, unified
from service.render.html.listing import Listing, Place
from service.render.html.pictures import Groups, picture
from service.render.topology import Box, Topology

_MOST_WORKLOADS = 200
"""Workloads that are shown one by one, those with findings first."""
_MOST_PICTURES = 20
_MOST_DIFF = 400_000
"""Characters of one difference that is shown; a longer one is for `format=diff`."""
_SCALE = 16.0
"""Width of evidence of weight 1, of 100."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of evidence as it is shown."""

    leans: str
    """What it speaks for."""
    weight: str
    """How much it counts."""
    width: float
    """The length of its bar, of 100."""
    message: str
    """What was seen."""
    place: Place
    """Where."""


@dataclass(frozen=True, slots=True)
class ContainerView:
    """A container as it is shown."""

    name: str
    image: str
    role: str
    group: int
    sure: str
    why: str
    place: Place
    bars: tuple[Bar, ...]
    total: str
    """How its evidence adds up to its confidence; empty where it alone doesn't."""


@dataclass(frozen=True, slots=True)
class WorkloadView:
    """A workload as it is shown."""

    name: str
    place: Place
    containers: tuple[ContainerView, ...]


@dataclass(frozen=True, slots=True)
class PictureView:
    """What becomes of a workload."""

    name: str
    before: Markup
    after: Markup


@dataclass(frozen=True, slots=True)
class StageView:
    """What a stage changes."""

    name: str
    what: str
    hunks: tuple[Hunk, ...]
    too_long: bool


_STAGES = {
    Stage.EXPAND: "controllers, names of ports and shared labels; nobody is led elsewhere yet",
    Stage.ADD: "new workloads beside the old one; nobody is led to them yet",
    Stage.SWITCH: "Services lead to the new workloads; what can't run twice is stopped",
    Stage.CONTRACT: "the moved containers leave the old workload",
}


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


LOOK = _text("look.css")
"""The style that all pages share."""

STYLE = LOOK + _text("report.css") + svg.css()
"""The style of the report."""

_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"
)
"""What the report may load and run: its own style, and nothing else."""


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_text("report.html"))


def render_html(report: Report, producer: Producer = NOBODY) -> str:
    """The whole page."""
    rewrite = report.rewrite
    listing = Listing(report)
    return _template().render(
        report=report,
        rewrite=rewrite,
        producer=producer,
        style=Markup(STYLE),  # noqa: S704 - a file of ours
        policy=CONTENT_SECURITY_POLICY,
        headline=_headline(report),
        workloads=list(_workloads(report, listing)),
        hidden=max(0, len(report.workloads) - _MOST_WORKLOADS),
        pictures=list(_pictures(report)),
        findings=[
            (finding, listing.place(finding.location))
            for finding in sorted(
                report.findings, key=lambda item: (not item.is_open, -item.severity)
            )
        ],
        changes=[(change, todo_of(change)) for change in (rewrite.changes if rewrite else ())],
        held_back=[
            (item, listing.place(item.location)) for item in (rewrite.held_back if rewrite else ())
        ],
        # What can't be read may be anything: none of it is shown.
        rejected=[(item, listing.name(item.location)) for item in report.rejected],
        stages=list(_stages(report)),
        # Behind everything that names a place.
        excerpts=list(listing.excerpts()),
    )


def _headline(report: Report) -> str:
    open_findings = sum(finding.is_open for finding in report.findings)
    if not report.workloads and not report.rejected:
        return "There was no workload to look at"
    if not open_findings and not report.rejected:
        return "Nothing to change" if not report.findings else "Nothing new"
    changes = len(report.rewrite.changes) if report.rewrite else 0
    words = [f"{open_findings} finding{'' if open_findings == 1 else 's'}"]
    words += [f"{changes} change{'' if changes == 1 else 's'}"] if changes else []
    words += [f"{len(report.rejected)} not readable"] if report.rejected else []
    return ", ".join(words)


def _workloads(report: Report, listing: Listing) -> Iterator[WorkloadView]:
    names = full_names(report)
    named = {(finding.location.path, finding.workload) for finding in report.findings}

    def is_quiet(workload: WorkloadReport) -> tuple[bool, bool]:
        is_named = (workload.location.path, workload.title) in named
        return not is_named, len(workload.containers) < 2

    for workload in sorted(report.workloads, key=is_quiet)[:_MOST_WORKLOADS]:
        yield WorkloadView(
            names[workload],
            listing.place(workload.location),
            tuple(_container(listing, workload, verdict) for verdict in workload.containers),
        )


def _container(listing: Listing, workload: WorkloadReport, verdict: Verdict) -> ContainerView:
    bars = tuple(
        Bar(
            item.leans.value,
            f"{item.weight:.1f}",
            min(100.0, _SCALE * item.weight),
            item.message,
            listing.place(item.location),
        )
        for item in verdict.evidence
    )
    return ContainerView(
        name=verdict.name,
        image=verdict.image,
        role=role_of(verdict),
        group=verdict.group,
        sure=percent(verdict.confidence),
        why=why(workload, verdict),
        place=listing.place(verdict.location),
        bars=bars,
        total=_total(verdict),
    )


def _total(verdict: Verdict) -> str:
    """The sum of a container's evidence, where that is what its confidence comes from."""
    sums = {
        leans: sum(item.weight for item in verdict.evidence if item.leans is leans)
        for leans in Leans
    }
    score = abs(sums[Leans.TOGETHER] - sums[Leans.APART])
    if not verdict.evidence or abs(1 / (1 + exp(-score)) - verdict.confidence) > 0.005:
        return ""
    return (
        f"together {sums[Leans.TOGETHER]:.1f}, apart {sums[Leans.APART]:.1f}: they differ by"
        f" {score:.1f}, which is {percent(verdict.confidence)}"
    )


def _pictures(report: Report) -> Iterator[PictureView]:
    changes = report.rewrite.changes if report.rewrite else ()
    groups = _groups(report)
    for number, drawn in enumerate(Topology(report).drawn(changes)):
        if number == _MOST_PICTURES:
            return
        own = groups.get(drawn.workload, {})
        before, after = (
            Markup(  # noqa: S704 - every text in it is escaped where it is drawn
                picture(boxes, roles, f"{drawn.workload}, {word}", f"p{number}{word[0]}")
            )
            for boxes, roles, word in (
                (drawn.before, own, "before"),
                (drawn.after, _after(own, drawn.after), "after"),
            )
        )
        yield PictureView(drawn.workload, before, after)


def _after(groups: Groups, boxes: Iterable[Box]) -> Groups:
    """The groups after a rewrite, where what was unrelated is the main application of a workload
    of its own.
    """
    after = dict(groups)
    for box in boxes:
        own = {name: groups[name] for name in box.containers if name in groups}
        if Role.MAIN.value not in {role for _, role in own.values()}:
            after |= {
                name: (group, Role.MAIN.value)
                for name, (group, role) in own.items()
                if role == Role.UNRELATED.value
            }
    return after


def _groups(report: Report) -> dict[str, Groups]:
    """The group and the role of each container, by the full name of its workload."""
    return {
        name: {verdict.name: (verdict.group, verdict.role.value) for verdict in workload.containers}
        for workload, name in full_names(report).items()
    }


def _stages(report: Report) -> Iterator[StageView]:
    """All at once, then each stage that changes what the one before left."""
    if report.rewrite is None or not report.rewrite.changes:
        return
    yield _stage("all at once", "from what was sent to the end", render_diff(report))
    for stage, before, after in stages_left(report):
        diff = "".join(
            unified(path, before.get(path), after.get(path))
            for path in dict.fromkeys((*before, *after))
            if before.get(path) != after.get(path)
        )
        if diff:
            yield _stage(stage.label, _STAGES[stage], diff)


def _stage(name: str, what: str, diff: str) -> StageView:
    if len(diff) > _MOST_DIFF:
        return StageView(name, what, (), too_long=True)
    return StageView(name, what, tuple(hunks_of(diff)), too_long=False)

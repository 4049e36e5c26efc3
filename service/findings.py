"""What Podsplit reports: locations, evidence, verdicts, findings, changes, and the report that
holds them all.

Values only. `classification/`, `rules/`, `actions/`, `verification/` and `rewriting/` make them;
`render/` and `web/` decide what they look like to users.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from service.assumptions import Assumption
from service.refusals import Refusal
from service.text import Edit, SourceFile, Span


class ContainerType(StrEnum):
    """How Kubernetes runs a container."""

    REGULAR = "regular"
    NATIVE_SIDECAR = "native-sidecar"
    """An init container with `restartPolicy: Always` (KEP-753)."""
    INIT = "init"
    EPHEMERAL = "ephemeral"


class Role(StrEnum):
    """What a container is to its Pod."""

    MAIN = "main"
    """The head of the primary group."""
    SIDECAR = "sidecar"
    """A helper of the head of its group."""
    UNRELATED = "unrelated"
    """The head of any other group."""
    INIT = "init"
    """An init container that prepares one or several groups."""


class Pattern(StrEnum):
    """What a sidecar is for."""

    LOGGING = "logging"
    PROXY = "proxy"
    MESH = "mesh"
    METRICS = "metrics"
    CONFIG_SYNC = "config-sync"
    SECRETS = "secrets"
    AUTH = "auth"
    BACKUP = "backup"
    STORAGE_PLUGIN = "storage-plugin"
    DEBUG = "debug"
    OTHER = "other"


class Leans(StrEnum):
    """Whether a piece of evidence speaks for keeping two containers together or apart."""

    TOGETHER = "together"
    APART = "apart"


class Severity(IntEnum):
    """How bad a finding is."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The word for it."""
        return self.name.lower()


class Applicability(IntEnum):
    """How far a change can be trusted; a change of several parts has the worst of theirs."""

    SAFE = 1
    """Correct if nothing outside the set depends on what it changes."""
    REVIEW = 2
    """Correct if the stated assumptions hold."""
    MANUAL = 3
    """Explained, never applied."""

    @property
    def label(self) -> str:
        """The word for it."""
        return self.name.lower()


class Stage(IntEnum):
    """The change sets that a rewrite can be applied in without a gap in traffic."""

    EXPAND = 0
    """Controllers, port names and shared labels; Services and budgets keep to the old Pods, and
    policies take in the new ones.
    """
    ADD = 1
    """New workloads beside the old one, and all that they need; nobody is led to them yet."""
    SWITCH = 2
    """Services lead to the new workloads; every container is still in the old one. What can't run
    twice is stopped.
    """
    CONTRACT = 3
    """The moved containers leave the old workload."""

    @property
    def label(self) -> str:
        """The word for it."""
        return self.name.lower()


class OldPods(StrEnum):
    """What becomes of bare Pods when they get a controller."""

    DELETED_FIRST = "deleted-first"
    """They have to be gone before the controller is there: both would write to the same data."""
    TAKEN_OVER = "taken-over"
    """The controller adopts them by their names."""
    DELETED_AFTER = "deleted-after"
    """They run on until somebody deletes them; the controller's own Pods run by then."""


class FileStatus(StrEnum):
    """What a rewrite did to a file."""

    UNCHANGED = "unchanged"
    MODIFIED = "modified"
    ADDED = "added"
    DELETED = "deleted"


class Location(NamedTuple):
    """A place in the input."""

    path: str
    """The file."""
    document: int
    """The document's index in the file."""
    span: Span
    """Code points in the file's text."""


class Evidence(NamedTuple):
    """One observation of a signal."""

    signal: str
    """The signal's id."""
    weight: float
    """How much it counts, in log-odds (natural logarithm), after capping; never negative."""
    leans: Leans
    """What it speaks for."""
    message: str
    """What was seen and what it means; may hold a host, a port, a name or a path, but never the
    value of an environment variable.
    """
    about: str | None
    """The other container of the pair, or None where it is about the container alone."""
    location: Location
    """Where it was seen."""


class Verdict(NamedTuple):
    """What was decided about a container."""

    name: str
    """The container's name."""
    type: ContainerType
    """How Kubernetes runs it."""
    role: Role
    """What it is to its Pod."""
    group: int
    """The group's number; 0 is the primary group. An init container carries the first group that
    it prepares.
    """
    confidence: float
    """In [0, 1]: the confidence of its weakest pair."""
    serves: tuple[str, ...]
    """The names of the heads that a sidecar helps, or that an init container prepares."""
    pattern: Pattern | None
    """What a sidecar is for."""
    image: str
    """The image as written; a user and a password in it are masked."""
    evidence: tuple[Evidence, ...]
    """What the verdict is based on, the heaviest first."""
    location: Location
    """The container."""


@dataclass(frozen=True, slots=True)
class WorkloadReport:
    """What was seen in one workload."""

    api_version: str
    """As written."""
    kind: str
    """As written."""
    name: str
    """`metadata.name`, or `metadata.generateName` with `*` appended."""
    namespace: str | None
    """As written."""
    bare: bool
    """Whether it is a Pod without a controller."""
    rewritable: bool
    """Whether its kind is one that is rewritten; others are analysed only."""
    location: Location
    """The object."""
    containers: tuple[Verdict, ...]
    """Regular containers, then init containers, then ephemeral ones, each as in the input."""
    uid: str = ""
    """`metadata.uid`, which only a live object has."""

    @property
    def title(self) -> str:
        """Kind and name, as findings and changes name it."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Suppression:
    """A comment or annotation that tells Podsplit to ignore a finding."""

    reason: str
    """The reason that its author gave; may be empty."""
    location: Location
    """Where the comment or annotation is."""


class Finding(NamedTuple):
    """A problem with a workload that a rule found."""

    rule: str
    """The rule's id."""
    severity: Severity
    """How bad it is."""
    message: str
    """What is wrong, and what it leads to."""
    location: Location
    """The primary place; a finding without one can't be built."""
    workload: str
    """Kind and name, as in `Pod/web`."""
    related: tuple[tuple[str, Location], ...] = ()
    """Other places, each with a message."""
    change: str | None = None
    """The id of the change that fixes it; None if none does."""
    suppression: Suppression | None = None
    """Set if the finding is suppressed; a suppressed finding is still reported."""
    fingerprint: str = ""
    """What it is known by from run to run: a p and 31 hexadecimal digits."""
    known: bool = False
    """Whether the caller's baseline has it; a known finding is still reported."""

    @property
    def is_open(self) -> bool:
        """Whether it is news to somebody: neither suppressed nor known."""
        return self.suppression is None and not self.known


@dataclass(frozen=True, slots=True)
class Change:
    """A rewrite of one workload and of what refers to it."""

    id: str
    """Made of action, kind and name, so that it is the same in every run."""
    action: str
    """The action's id."""
    workload: str
    """Kind and name of the workload."""
    title: str
    """One line that says what is done."""
    applicability: Applicability
    """The worst of its parts."""
    assumptions: tuple[Assumption, ...]
    """What has to hold beyond what the set shows."""
    creates: tuple[str, ...]
    """Kind and name of the new objects."""
    touches: tuple[str, ...]
    """Kind and name of the objects that are edited, its own workload first."""
    edits: Mapping[str, tuple[Edit, ...]]
    """The edits of each file, by path."""
    location: Location
    """The workload."""
    becomes: str
    """Kind and name of what the workload is afterwards."""
    old_pods: OldPods | None = None
    """What becomes of the bare Pods that it is for; None where it is for none."""
    namespace: str | None = None
    """The workload's; None if it names none."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A change that was planned for and not made."""

    action: str
    """The action's id."""
    workload: str
    """Kind and name."""
    reason: Refusal
    """A stable code (see docs/refusals.md)."""
    message: str
    """Why, and what the user can do about it."""
    location: Location
    """The workload."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the rewritten set."""

    check: str
    """The check's id."""
    passed: bool
    """Whether it passed for every stage and every change that was kept."""
    message: str
    """What was checked, or what failed."""


@dataclass(frozen=True, slots=True)
class MigrationStep:
    """A step that brings the rewrite to a live cluster."""

    step: str
    """What to do."""
    command: str | None
    """The command that does it, if one does."""
    why: str
    """What goes wrong without it."""
    stage: Stage | None = None
    """The stage that it applies; None where it applies none."""


@dataclass(frozen=True, slots=True)
class RejectedInput:
    """A document or file that can't be read."""

    code: str
    """A stable word for the reason."""
    message: str
    """What is wrong and what to do."""
    location: Location
    """Where."""


@dataclass(frozen=True, slots=True)
class SkippedInput:
    """A file or document that Podsplit does not handle."""

    path: str
    """The file."""
    document: int | None
    """The document's index, where only that one was skipped."""
    reason: str
    """Why."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """A file of the rewritten set."""

    path: str
    """The file."""
    content: str
    """Its text."""
    status: FileStatus
    """How it differs from the input."""


@dataclass(frozen=True, slots=True)
class StageResult:
    """The set after one stage."""

    stage: Stage
    """The stage."""
    files: tuple[FileResult, ...]
    """Every file of the set."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a rewrite adds to the report of an analysis."""

    files: tuple[FileResult, ...]
    """The set after the stage that was asked for."""
    stages: tuple[StageResult, ...]
    """Each stage, in the order in which they are applied."""
    changes: tuple[Change, ...]
    """The changes that were made."""
    held_back: tuple[HeldBack, ...]
    """The changes that were not made."""
    verification: tuple[Check, ...]
    """The checks of the result."""
    migration: tuple[MigrationStep, ...]
    """How to bring it to a live cluster, in the order of the steps."""


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a run."""

    sources: Mapping[str, SourceFile]
    """The input, by path."""
    workloads: tuple[WorkloadReport, ...]
    """In the order of the input."""
    findings: tuple[Finding, ...]
    """In the order of the input."""
    rejected: tuple[RejectedInput, ...]
    """What can't be read."""
    skipped: tuple[SkippedInput, ...]
    """What Podsplit does not handle."""
    documents: int
    """How many documents were read, the rejected ones included."""
    rewrite: Rewrite | None = field(default=None)
    """None after an analysis."""
    advice: tuple[str, ...] = field(default=(), kw_only=True)
    """What to send instead, where there was no workload to look at, or a baseline that fits."""
    objects: int = field(default=0, kw_only=True)
    """How many objects of Kubernetes were read; kustomizations, which are none, are not counted."""

    def position(self, location: Location) -> tuple[int, int, int, int]:
        """A location's first line, first column, last line and the column behind its end, all
        1-based.
        """
        source = self.sources[location.path]
        line, column = source.position(location.span.start)
        end_line, end_column = source.position(location.span.end)
        return line, column, end_line, end_column

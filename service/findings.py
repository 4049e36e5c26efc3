"""What Podsplit says: locations, evidence, verdicts, findings, changes, and the report that holds
them all.

Only values: who makes them is in `signals/`, `classify`, `rules/`, `actions/`, `planning`, `verify`
and `rewriting`; how they look outside is in `render/` and `web/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

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
    """Head of the primary group."""
    SIDECAR = "sidecar"
    """Helps the head of its group."""
    UNRELATED = "unrelated"
    """Head of any other group."""
    INIT = "init"
    """Prepares one or several groups."""


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
    """Which way a piece of evidence leans."""

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
    """How far a change can be trusted; that of a whole is the worst of its parts."""

    SAFE = 1
    """Right if what the set shows is all there is."""
    REVIEW = 2
    """Right if the stated assumptions hold."""
    MANUAL = 3
    """Explained, never done."""

    @property
    def label(self) -> str:
        """The word for it."""
        return self.name.lower()


class Stage(IntEnum):
    """The change sets that a rewrite can be applied in without a gap in traffic."""

    EXPAND = 0
    """Controllers, port names and shared labels; every container is still where it was."""
    SWITCH = 1
    """New workloads beside the old one; Services and policies reach both."""
    CONTRACT = 2
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


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the input."""

    path: str
    """The file."""
    document: int
    """The document's index in the file."""
    span: Span
    """Code points in the file's text."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation of a signal."""

    signal: str
    """The signal's id."""
    weight: float
    """How much it counts, in log-odds (natural logarithm), after capping; never negative."""
    leans: Leans
    """Which way."""
    message: str
    """What was seen and what it means; host, port, name and path at most, never a value from the
    manifest's environment.
    """
    about: str | None
    """The other container of the pair, or None where it speaks of the container alone."""
    location: Location
    """Where it was seen."""


@dataclass(frozen=True, slots=True)
class Verdict:
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
    """In [0, 1]: that of its weakest pair."""
    serves: tuple[str, ...]
    """The heads that a sidecar helps or an init container prepares."""
    pattern: Pattern | None
    """What a sidecar is for."""
    image: str
    """The image as written."""
    evidence: tuple[Evidence, ...]
    """What led to it, the heaviest first."""
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
    """`metadata.name`, or `generateName` with a star behind it."""
    namespace: str | None
    """As written."""
    bare: bool
    """Whether it is a Pod without a controller."""
    rewritable: bool
    """Whether its kind is one that is rewritten; others are analysed only."""
    location: Location
    """The object."""
    containers: tuple[Verdict, ...]
    """In the order in which they are written: regular ones, then init containers, then ephemeral
    ones.
    """


@dataclass(frozen=True, slots=True)
class Suppression:
    """A finding that somebody said to ignore."""

    reason: str
    """Theirs; may be empty."""
    location: Location
    """Where they said so."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a person should know about a workload."""

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
    """Other places, each with a word on it."""
    change: str | None = None
    """The id of the change that mends it."""
    suppression: Suppression | None = None
    """Set where it was suppressed; it stays visible as such."""


@dataclass(frozen=True, slots=True)
class Change:
    """A rewrite of one workload and of what refers to it."""

    id: str
    """Stable over runs: action, kind, name."""
    action: str
    """The action's id."""
    workload: str
    """Kind and name of the workload."""
    title: str
    """One line."""
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
    old_pods: OldPods | None = None
    """What becomes of the bare Pods that it is for; None where it is for none."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A change that was wanted and not made."""

    action: str
    """The action's id."""
    workload: str
    """Kind and name."""
    reason: Refusal
    """A stable code (see docs/refusals.md)."""
    message: str
    """Why, and what the person can do."""
    location: Location
    """The workload."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the rewritten set."""

    check: str
    """The check's id."""
    passed: bool
    """Whether it held, for every stage and change that was kept."""
    message: str
    """What was checked, or what failed."""


@dataclass(frozen=True, slots=True)
class MigrationStep:
    """A step for a live cluster."""

    step: str
    """What to do."""
    command: str | None
    """A command, where one does it."""
    why: str
    """What goes wrong otherwise."""


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
    """A file or document that isn't for us."""

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
    """What was done to it."""


@dataclass(frozen=True, slots=True)
class StageResult:
    """The set as it is after one stage."""

    stage: Stage
    """The stage."""
    files: tuple[FileResult, ...]
    """Every file of the set."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What `rewrite` adds to an analysis."""

    files: tuple[FileResult, ...]
    """The set after the wanted stage."""
    stages: tuple[StageResult, ...]
    """Each stage, in the order in which they are applied."""
    changes: tuple[Change, ...]
    """What was done."""
    held_back: tuple[HeldBack, ...]
    """What was wanted and not done."""
    verification: tuple[Check, ...]
    """What was checked."""
    migration: tuple[MigrationStep, ...]
    """How to bring it to a live cluster."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is known after a run."""

    sources: Mapping[str, SourceFile]
    """The input, by path."""
    workloads: tuple[WorkloadReport, ...]
    """In the order of the input."""
    findings: tuple[Finding, ...]
    """In the order of the input."""
    rejected: tuple[RejectedInput, ...]
    """What could not be read."""
    skipped: tuple[SkippedInput, ...]
    """What isn't for us."""
    documents: int
    """How many documents were read."""
    rewrite: Rewrite | None = field(default=None)
    """None after an analysis."""

    def position(self, location: Location) -> tuple[int, int, int, int]:
        """First line, first column, last line and the column behind the last, all 1-based."""
        source = self.sources[location.path]
        line, column = source.position(location.span.start)
        end_line, end_column = source.position(location.span.end)
        return line, column, end_line, end_column

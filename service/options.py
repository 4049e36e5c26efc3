"""The options of a run. How they are sent is in `service/web/schemas/options.py`."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from service.errors import DeadlineExceeded
from service.findings import Applicability, Severity, Stage
from service.globs import PathGlob
from service.yamldoc.compose import Limits


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """An addition of the user to the catalogue of images."""

    image: str
    """A glob over the repository path, as in `service/classification/knowledge/images`; never a
    regular expression.
    """
    role: str
    """`helper`, `application` or `either`."""
    pattern: str | None = None
    """What a helper is for, as in `findings.Pattern`; None if that is not said."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one run."""

    min_confidence: float = 0.8
    """In [0, 1]; boundaries with a lower confidence are not acted on."""
    apply: Applicability = Applicability.REVIEW
    """The worst applicability that is still applied; `MANUAL` is never applied."""
    rules: frozenset[str] | None = None
    """The rules to report; None for all."""
    layout: str = "in-place"
    """Where new objects go: `in-place` puts them behind the document that they came from,
    `new-files` into new files beside that document's file.
    """
    only: frozenset[tuple[str, str]] | None = None
    """The workloads that may be changed, each as its file's path and its name, which is empty for
    all of a file; None for all. The others are looked at.
    """
    stage: Stage = Stage.CONTRACT
    """The stage whose text is returned as the rewrite."""
    fail_on: Severity | None = None
    """The lowest severity of a finding that makes the run fail; None if none does."""
    allow_empty: bool = False
    """Whether `fail_on` passes where no object of Kubernetes was read."""
    exclude: tuple[PathGlob, ...] = ()
    """Files that are passed over, in all folders of the run."""
    baseline: frozenset[str] = frozenset()
    """Fingerprints of findings that are known, and fail nothing."""
    catalogue: tuple[CatalogueEntry, ...] = ()
    """Additions to the catalogue of images."""
    limits: Limits = field(default_factory=Limits)
    """What a document may cost."""
    max_documents: int = 20_000
    """The most documents that one run may have."""
    deadline: float | None = None
    """The moment of `time.monotonic()` at which the run gives up, in seconds."""
    folders: tuple[tuple[str, Options], ...] = ()
    """Folders with options of their own, each as a path with a slash at its end, the deepest
    first.
    """

    def for_path(self, path: str) -> Options:
        """The options that hold for a file: those of its nearest folder that has its own, or these.

        The file of a workload decides how the workload is classified and whether its change is
        applied, whatever other files the change edits. `stage`, `layout` and the limits are those
        of the whole run.

        Args:
            path: the file's path, relative and with forward slashes.
        """
        return next((own for folder, own in self.folders if path.startswith(folder)), self)

    def may_change(self, path: str, name: str) -> bool:
        """Whether a workload may be changed.

        Args:
            path: the path of its file.
            name: its name.
        """
        return self.only is None or not self.only.isdisjoint({(path, name), (path, "")})

    def excludes(self, path: str) -> bool:
        """Whether a file is passed over.

        Args:
            path: the file's path, relative and with forward slashes.
        """
        return any(glob.matches(path) for glob in self.exclude)

    def check_deadline(self) -> None:
        """Stop if the time is up; called between documents and between stages.

        Raises:
            DeadlineExceeded: the deadline has passed.
        """
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise DeadlineExceeded("the request took too long: send fewer documents at once")

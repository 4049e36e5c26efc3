"""What a caller may choose. Wire forms and their errors are in `web/schemas/`."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from service.errors import DeadlineExceeded
from service.findings import Applicability, Severity, Stage
from service.yamldoc.compose import Limits


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A user's own addition to the catalogue of images."""

    image: str
    """A glob over the repository path, as in `service/classification/knowledge/images`; never a
    regular expression.
    """
    role: str
    """helper, application or either."""
    pattern: str | None = None
    """What a helper is for."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one run."""

    min_confidence: float = 0.8
    """Below it nothing is cut."""
    apply: Applicability = Applicability.REVIEW
    """The worst applicability that is still applied; manual is never applied."""
    rules: frozenset[str] | None = None
    """The rules to report; None for all."""
    layout: str = "in-place"
    """Where new objects go: `in-place` is behind the document that they came from, `new-files`
    into files beside its own.
    """
    stage: Stage = Stage.CONTRACT
    """The stage whose text is returned as the rewrite."""
    fail_on: Severity | None = None
    """The severity from which on a run fails."""
    catalogue: tuple[CatalogueEntry, ...] = ()
    """Additions to the catalogue."""
    limits: Limits = field(default_factory=Limits)
    """What a document may cost."""
    max_documents: int = 20_000
    """Documents in one run."""
    deadline: float | None = None
    """The moment of `time.monotonic()` at which the run gives up, in seconds."""
    folders: tuple[tuple[str, Options], ...] = ()
    """Folders with options of their own, each as a path with a slash at its end, the deepest
    first.
    """

    def for_path(self, path: str) -> Options:
        """What holds for a file: the options of the nearest folder that has its own, else these.

        A workload's file says how it is judged and whether its change is applied, whatever other
        files the change edits. `stage`, `layout` and the limits are those of the whole run.
        """
        return next((own for folder, own in self.folders if path.startswith(folder)), self)

    def check_deadline(self) -> None:
        """Stop here if time is up; called between documents and stages.

        Raises:
            DeadlineExceeded: it is.
        """
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise DeadlineExceeded("the request took too long: send fewer documents at once")

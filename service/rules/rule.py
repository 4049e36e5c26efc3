"""What a rule is given, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

from service.classification.classify import Classification
from service.findings import Finding, Severity
from service.kube.objects import ManifestSet
from service.kube.workloads import Workload
from service.options import Options
from service.yamldoc.stream import Document


@dataclass(frozen=True, eq=False)
class RuleInput:
    """A whole run, classified."""

    manifests: ManifestSet
    """The set."""
    documents: tuple[Document, ...]
    """Its documents."""
    classifications: tuple[Classification, ...]
    """One for each workload, in the order of the input."""
    options: Options
    """The run's options."""

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """The workloads."""
        return tuple(each.workload for each in self.classifications)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding."""

    id: str
    """Its name, the module's with dashes."""
    severity: Severity
    """How bad it is."""
    module: ModuleType
    """Where it is, for its docs."""
    check: Callable[[RuleInput], Iterator[Finding]]
    """Everything that it finds in a run."""

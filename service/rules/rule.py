"""What a rule is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

from service.classification.classify import Classification
from service.findings import Finding, Severity
from service.kube.objects import ManifestSet, Resource
from service.kube.workloads import Workload
from service.options import Options
from service.yamldoc.stream import Document


@dataclass(frozen=True, eq=False)
class RuleInput:
    """A whole run, classified."""

    manifests: ManifestSet
    """The objects of the set."""
    documents: tuple[Document, ...]
    """The documents that hold them."""
    classifications: tuple[Classification, ...]
    """One for each workload, in the order of the input."""
    options: Options
    """The run's options."""
    unjudged: tuple[tuple[Workload, str], ...] = ()
    """Workloads on which the classification broke, each with the type of the exception."""

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The objects of the documents."""
        documents = set(self.documents)
        return tuple(item for item in self.manifests.resources if item.document in documents)

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """The workloads."""
        return tuple(classification.workload for classification in self.classifications)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding."""

    id: str
    """Its name: the module's, with dashes."""
    severity: Severity
    """How bad it is."""
    module: ModuleType
    """The module, whose docstring is its documentation."""
    check: Callable[[RuleInput], Iterator[Finding]]
    """Yields everything that it finds in a run."""

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
        by_document = self.manifests.compute_once("objects-by-document", _by_document)
        return tuple(
            resource for document in self.documents for resource in by_document.get(document, ())
        )

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """The workloads."""
        return tuple(classification.workload for classification in self.classifications)


def _by_document(manifests: ManifestSet) -> dict[Document, list[Resource]]:
    found: dict[Document, list[Resource]] = {}
    for resource in manifests.resources:
        found.setdefault(resource.document, []).append(resource)
    return found


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

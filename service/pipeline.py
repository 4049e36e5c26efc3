"""The only composition of the stages: bytes in, a report out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from service.advice import advice, advice_on_baseline, advice_on_choice
from service.classification.classify import Classification, classify
from service.classification.context import PodContext
from service.classification.knowledge import Catalogue, Entry, ImageRole, load_catalogue
from service.classification.knowledge.weights import load_weights
from service.findings import Finding, Pattern, Report, WorkloadReport
from service.kube.kustomize import API_GROUP
from service.kube.objects import as_text
from service.kube.workloads import Workload
from service.options import CatalogueEntry, Options
from service.reading import Inputs, read_inputs
from service.rewriting.proving import Planned, Rewritten, plan_rewrite
from service.rewriting.proving import rewrite as rewrite_set
from service.rules import RULES, not_analysed
from service.rules.fingerprints import with_fingerprints
from service.rules.rule import Rule, RuleInput
from service.rules.suppression import suppressed
from service.span_index import SpanIndex
from service.yamldoc.stream import Document


def run(files: Iterable[tuple[str, bytes]], options: Options, *, rewrite: bool) -> Report:
    """Analyse a set of files, and rewrite it if asked to.

    Args:
        files: path, relative and with forward slashes, and content of each file.
        options: the caller's choices.
        rewrite: whether to rewrite.

    Raises:
        LimitExceeded: there are more documents than the limit.
        DeadlineExceeded: it took too long.
    """
    inputs = read_inputs(files, options)
    workloads, findings, planned = _judge(inputs, options, rewrite=rewrite)
    rewritten = rewrite_set(inputs, planned, options) if planned else None
    return _report(inputs, workloads, findings, rewritten, options)


def _judge(
    inputs: Inputs, options: Options, *, rewrite: bool
) -> tuple[tuple[WorkloadReport, ...], tuple[Finding, ...], Planned | None]:
    """What is said of the workloads, what the rules find, and what is to be done if a rewrite is
    asked for. What all that was seen from takes much memory, and isn't held any longer.
    """
    classifications, unjudged = _classify_workloads(inputs, options)
    rule_input = RuleInput(inputs.manifests, inputs.documents, classifications, options, unjudged)
    workloads = tuple(map(_workload_report, classifications))
    findings = with_fingerprints(_check_rules(rule_input), workloads, options.baseline)
    planned = plan_rewrite(inputs, classifications, options) if rewrite else None
    return workloads, findings, planned


def catalogue_for(options: Options) -> Catalogue:
    """The catalogue with the caller's additions."""
    added = [
        Entry(
            id=f"custom:{entry.image}",
            images=(entry.image,),
            role=ImageRole(entry.role),
            pattern=Pattern(entry.pattern) if entry.pattern else None,
            category=None,
            ports=(),
            metrics_ports=(),
            source="the caller's own",
        )
        for entry in options.catalogue
    ]
    return load_catalogue().extended(added)


def _classify_workloads(
    inputs: Inputs, options: Options
) -> tuple[tuple[Classification, ...], tuple[tuple[Workload, str], ...]]:
    """Classify each workload by the options of its own folder; and the workloads on which that
    broke, each with the type of the exception.
    """
    catalogues: dict[tuple[CatalogueEntry, ...], Catalogue] = {}
    weights = load_weights()
    classifications = []
    unjudged = []
    for workload in inputs.workloads:
        options.check_deadline()
        own = options.for_path(workload.resource.path)
        if own.catalogue not in catalogues:
            catalogues[own.catalogue] = catalogue_for(own)
        context = PodContext(workload, inputs.manifests, catalogues[own.catalogue])
        try:
            classifications.append(classify(context, weights))
        except Exception as error:  # noqa: BLE001 - a mistake of ours costs this workload, not the request
            unjudged.append((workload, type(error).__name__))
    return tuple(classifications), tuple(unjudged)


def _check_rules(rule_input: RuleInput) -> tuple[Finding, ...]:
    """The findings of the rules that are asked for, in the order of the input."""
    by_title: dict[tuple[str, int, str], list[Workload]] = {}
    for workload in rule_input.workloads:
        resource = workload.resource
        key = (resource.path, resource.document.index, workload.title)
        by_title.setdefault(key, []).append(workload)
    subjects = {key: own[0] if len(own) == 1 else _by_place(own) for key, own in by_title.items()}
    findings = [
        suppressed(finding, _subject(finding, subjects))
        for rule in RULES
        for finding in _found(rule, rule_input)
        if _is_requested(finding, rule_input.options.for_path(finding.location.path))
    ]
    paths = dict.fromkeys(document.source.path for document in rule_input.documents)
    order = {path: position for position, path in enumerate(paths)}
    return tuple(
        sorted(
            findings,
            key=lambda finding: (
                order.get(finding.location.path, 0),
                finding.location.document,
                finding.location.span.start,
            ),
        )
    )


def _by_place(workloads: Sequence[Workload]) -> SpanIndex[Workload]:
    """Workloads of one document by the places of their objects, of each object the first."""
    first = {workload.resource: workload for workload in reversed(workloads)}
    return SpanIndex((resource.location().span, own) for resource, own in first.items())


def _subject(
    finding: Finding, subjects: Mapping[tuple[str, int, str], Workload | SpanIndex[Workload]]
) -> Workload | None:
    """The workload that a finding is of: of namesakes in one List the one that it is in."""
    location = finding.location
    found = subjects.get((location.path, location.document, finding.workload))
    if not isinstance(found, SpanIndex):
        return found
    return next(found.at(location.span.start), None)


def _found(rule: Rule, rule_input: RuleInput) -> list[Finding]:
    """What a rule finds. If it breaks on the whole set, document by document: then it misses what
    only several of them show, and says on which workloads it broke.
    """
    try:
        return list(rule.check(rule_input))
    except Exception:  # noqa: BLE001 - a mistake of ours costs what it stumbles over, not the request
        findings: list[Finding] = []
    by_document: dict[Document, list[Classification]] = {}
    for classification in rule_input.classifications:
        by_document.setdefault(classification.workload.resource.document, []).append(classification)
    for document in rule_input.documents:
        rule_input.options.check_deadline()
        own = tuple(by_document.get(document, ()))
        try:
            findings += rule.check(
                replace(rule_input, documents=(document,), classifications=own, unjudged=())
            )
        except Exception as error:  # noqa: BLE001 - as above
            part, name = f"the rule {rule.id}", type(error).__name__
            findings += [
                not_analysed.broken(classification.workload, part, name) for classification in own
            ]
    return findings


def _is_requested(finding: Finding, options: Options) -> bool:
    return options.rules is None or finding.rule in options.rules


def _workload_report(classification: Classification) -> WorkloadReport:
    workload = classification.workload
    return WorkloadReport(
        api_version=workload.resource.api_version,
        kind=workload.resource.kind,
        name=workload.name,
        namespace=workload.resource.namespace,
        bare=workload.bare,
        rewritable=workload.kind is not None,
        location=workload.resource.location(),
        containers=classification.verdicts,
        uid=as_text(workload.resource.metadata.get("uid")),
    )


def _report(
    inputs: Inputs,
    workloads: tuple[WorkloadReport, ...],
    findings: tuple[Finding, ...],
    rewritten: Rewritten | None,
    options: Options,
) -> Report:
    return Report(
        sources=inputs.sources,
        workloads=workloads,
        findings=findings if rewritten is None else rewritten.linked(findings),
        rejected=inputs.rejected,
        skipped=inputs.skipped,
        documents=inputs.document_count,
        rewrite=rewritten.result if rewritten else None,
        advice=(
            *advice(inputs.sources, inputs.skipped, inputs.manifests, len(workloads)),
            *advice_on_baseline(findings, has_baseline=bool(options.baseline)),
            *advice_on_choice(workloads, options.only),
        ),
        objects=sum(
            not resource.api_version.startswith(f"{API_GROUP}/")
            for resource in inputs.manifests.resources
        ),
    )

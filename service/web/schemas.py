"""The shapes of requests and answers. openapi.yaml is made from them, and tests load every
answer through them.
"""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from service.assumptions import AssumptionCode
from service.findings import (
    Applicability,
    ContainerType,
    FileStatus,
    Leans,
    OldPods,
    Pattern,
    Role,
    Severity,
    Stage,
)
from service.render.suggestions import Reason
from service.web.choices import OptionsSchema


class _Strict(Schema):
    """Every field is there, and no other."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE


def _text(description: str, **more: Any) -> fields.String:
    return fields.String(required=True, metadata={"description": description}, **more)


def _word(description: str, words: Any) -> fields.String:
    return _text(
        description,
        validate=validate.OneOf(
            [getattr(word, "label", None) or str(word.value) for word in words]
        ),
    )


def _number(description: str, least: int = 0) -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=least),
        metadata={"description": description},
    )


def _flag(description: str) -> fields.Boolean:
    return fields.Boolean(required=True, metadata={"description": description})


def _list(of: fields.Field[Any], description: str) -> fields.List[Any]:
    return fields.List(of, required=True, metadata={"description": description})


class RangeSchema(_Strict):
    """Lines and columns are 1-based, columns count code points, and the end is the column behind
    the last.
    """

    line = _number("First line.", 1)
    column = _number("First column.", 1)
    end_line = _number("Last line.", 1)
    end_column = _number("The column behind the last.", 1)


class LocationSchema(RangeSchema):
    """A place in the input."""

    path = _text("The file.")
    document = _number("The document's index in the file, from 0.")


class EvidenceSchema(_Strict):
    """One observation of a signal."""

    signal = _text("The signal's id; GET /v1/signals explains it.")
    weight = fields.Float(
        required=True, metadata={"description": "How much it counts, in log-odds."}
    )
    leans = _word("Which way.", Leans)
    message = _text("What was seen and what it means.")
    about = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The other container, where it speaks of a pair."},
    )
    location = fields.Nested(LocationSchema, required=True)


class ContainerSchema(_Strict):
    """What was decided about a container."""

    name = _text("The container's name.")
    type = _word("How Kubernetes runs it.", ContainerType)
    image = _text("The image as written.")
    role = _word("What it is to its Pod.", Role)
    serves = _list(fields.String(), "The heads that a sidecar helps or an init container prepares.")
    pattern = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([pattern.value for pattern in Pattern]),
        metadata={"description": "What a sidecar is for."},
    )
    group = _number("The group's number; 0 is the primary group.")
    confidence = fields.Float(
        required=True,
        validate=validate.Range(0, 1),
        metadata={"description": "That of the container's weakest pair."},
    )
    location = fields.Nested(LocationSchema, required=True)
    evidence = _list(fields.Nested(EvidenceSchema), "What led to it, the heaviest first.")


class WorkloadSchema(_Strict):
    """An object that holds a pod spec."""

    api_version = _text("As written.")
    kind = _text("As written.")
    name = _text("metadata.name, or generateName with a star behind it.")
    namespace = fields.String(
        required=True, allow_none=True, metadata={"description": "As written."}
    )
    bare = _flag("Whether it is a Pod without a controller.")
    rewritable = _flag("Whether its kind is rewritten; others are analysed only.")
    location = fields.Nested(LocationSchema, required=True)
    containers = _list(fields.Nested(ContainerSchema), "In the order in which they are written.")


class RelatedSchema(_Strict):
    """Another place that a finding speaks of."""

    message = _text("What is there.")
    location = fields.Nested(LocationSchema, required=True)


class SuppressionSchema(_Strict):
    """Who asked for a finding to be ignored, and why."""

    reason = _text("Theirs; may be empty.")
    location = fields.Nested(LocationSchema, required=True)


class FindingSchema(_Strict):
    """What a person should know about a workload."""

    rule = _text("The rule's id; GET /v1/rules explains it.")
    severity = _word("How bad it is.", Severity)
    message = _text("What is wrong, and what it leads to.")
    workload = _text("Kind and name.")
    location = fields.Nested(LocationSchema, required=True)
    related = _list(fields.Nested(RelatedSchema), "Other places.")
    change = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The id of the change that mends it."},
    )
    suppressed = fields.Nested(SuppressionSchema, required=True, allow_none=True)


class RejectedSchema(_Strict):
    """A document or file that can't be read."""

    code = _text("A stable word for the reason.")
    message = _text("What is wrong and what to do.")
    location = fields.Nested(LocationSchema, required=True)


class SkippedSchema(_Strict):
    """A file or document that isn't a manifest."""

    path = _text("The file.")
    document = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The document's index, where only that one is meant."},
    )
    reason = _text("Why.")


class CountsSchema(_Strict):
    """Findings that are not suppressed, by severity."""

    error = _number("Errors.")
    warning = _number("Warnings.")
    info = _number("Notes.")


class SummarySchema(_Strict):
    """The report in numbers."""

    files = _number("Files that were read.")
    documents = _number("Documents that were read.")
    workloads = _number("Workloads.")
    containers = _number("Containers of all workloads.")
    findings = fields.Nested(CountsSchema, required=True)
    suppressed = _number("Findings that somebody asked to ignore.")
    rejected = _number("Documents that can't be read.")
    skipped = _number("Files and documents that aren't manifests.")
    changes = _number("Changes that were made.")
    held_back = _number("Changes that were wanted and not made.")


class AnalysisSchema(_Strict):
    """The answer of /v1/analyze."""

    workloads = _list(fields.Nested(WorkloadSchema), "In the order of the input.")
    findings = _list(fields.Nested(FindingSchema), "In the order of the input.")
    rejected = _list(fields.Nested(RejectedSchema), "What could not be read.")
    skipped = _list(fields.Nested(SkippedSchema), "What isn't for this service.")
    summary = fields.Nested(SummarySchema, required=True)


class FileSchema(_Strict):
    """A file of the rewritten set."""

    path = _text("The file.")
    content = _text("Its text.")
    status = _word("What was done to it.", FileStatus)


class EditSchema(RangeSchema):
    """A piece of a file's old text, and what stands there afterwards."""

    path = _text("The file.")
    stage = _word("The stage from which on it holds.", Stage)
    content = _text("What stands there afterwards.")


class AssumptionSchema(_Strict):
    """Something that has to hold for a change to be right, beyond what the set shows."""

    code = _word("A stable code; docs/assumptions.md explains each.", AssumptionCode)
    message = _text("A sentence about this change, for people.")


class ChangeSchema(_Strict):
    """A rewrite of one workload and of what refers to it."""

    id = _text("Stable over runs.")
    action = _text("The action's id; GET /v1/actions explains it.")
    workload = _text("Kind and name.")
    title = _text("One line.")
    applicability = _word("The worst of its parts.", Applicability)
    assumptions = _list(
        fields.Nested(AssumptionSchema), "What has to hold beyond what the set shows."
    )
    old_pods = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([None, *(str(fate) for fate in OldPods)]),
        metadata={"description": "What becomes of bare Pods that get a controller; else null."},
    )
    creates = _list(fields.String(), "Kind and name of the new objects.")
    touches = _list(fields.String(), "Kind and name of the edited objects.")
    edits = _list(fields.Nested(EditSchema), "In places of the old text.")
    location = fields.Nested(LocationSchema, required=True)


class StageSchema(_Strict):
    """The set after one stage."""

    name = _word("The stage.", Stage)
    files = _list(fields.Nested(FileSchema), "Every file of the set.")


class HeldBackSchema(_Strict):
    """A change that was wanted and not made."""

    action = _text("The action's id.")
    workload = _text("Kind and name.")
    reason = _text("A stable code.")
    message = _text("Why, and what to do about it.")
    location = fields.Nested(LocationSchema, required=True)


class CheckSchema(_Strict):
    """One check of the rewritten set."""

    check = _text("The check's id.")
    passed = _flag("Whether it held.")
    message = _text("What was checked, or what failed.")


class MigrationStepSchema(_Strict):
    """A step for a live cluster."""

    step = _text("What to do.")
    command = fields.String(
        required=True, allow_none=True, metadata={"description": "A command, where one does it."}
    )
    why = _text("What goes wrong otherwise.")


class RewriteSchema(AnalysisSchema):
    """The answer of /v1/rewrite: an analysis, and what was done."""

    files = _list(fields.Nested(FileSchema), "The set after the wanted stage.")
    changes = _list(fields.Nested(ChangeSchema), "What was done.")
    stages = _list(
        fields.Nested(StageSchema), "Each stage, in the order in which they are applied."
    )
    held_back = _list(fields.Nested(HeldBackSchema), "What was wanted and not done.")
    verification = _list(fields.Nested(CheckSchema), "What was checked.")
    migration = _list(fields.Nested(MigrationStepSchema), "How to bring it to a live cluster.")


class InputFileSchema(_Strict):
    """A file to look at."""

    path = _text("A relative path with forward slashes.")
    content = _text("The text.")


class EnvelopeSchema(_Strict):
    """Files and options in one JSON body."""

    files = _list(fields.Nested(InputFileSchema), "The files.")
    options = fields.Nested(OptionsSchema)


class SuggestionsEnvelopeSchema(EnvelopeSchema):
    """Files, options, and a pull request."""

    diff = _text("The pull request's unified diff, as git or the forge writes it.")


class CommentSchema(_Strict):
    """A comment on lines of a pull request."""

    marker = _text(
        "The same from run to run, and part of the body: update the comment that has it rather than"
        " post another."
    )
    changes = _list(fields.String(), "The ids of the changes that it suggests, together.")
    path = _text("The file.")
    first_line = _number("The first line that is replaced.", 1)
    last_line = _number("The last line that is replaced.", 1)
    body = _text("The comment.")
    payload = fields.Dict(
        required=True,
        keys=fields.String(),
        metadata={
            "description": (
                "What the forge's API wants, but for what only the caller knows, such as commit"
                " ids."
            )
        },
    )


class PullSummarySchema(_Strict):
    """The one comment that tells the rest."""

    marker = _text("The same from run to run, and part of the body.")
    body = _text("The comment.")
    patch = _text("What is no suggestion, for `git apply`; empty if everything is.")


class LeftOutSchema(_Strict):
    """A change that is no suggestion."""

    change = _text("Its id.")
    workload = _text("Kind and name.")
    reason = _word("Why.", Reason)


class SuggestionsSchema(_Strict):
    """Comments ready to post."""

    platform = _text("The forge.")
    comments = _list(fields.Nested(CommentSchema), "One for each change that fits into the diff.")
    summary = fields.Nested(PullSummarySchema, required=True)
    left_out = _list(fields.Nested(LeftOutSchema), "What is not suggested.")


class FieldErrorSchema(_Strict):
    """A field that is wrong."""

    field = _text("Its name.")
    message = _text("What it must be.")


class ProblemSchema(_Strict):
    """An error, as in RFC 9457."""

    type = _text("A URN made of the code.")
    title = _text("The status in words.")
    status = _number("The HTTP status.", 400)
    detail = _text("What is wrong and what to do about it.")
    code = _text("A stable word for programs.")
    instance = _text("The request's id, as in the log.")
    errors = fields.List(fields.Nested(FieldErrorSchema))


class DocumentationSchema(_Strict):
    """A signal, a rule or an action, explained."""

    id = _text("Its id.")
    title = _text("One line.")
    looks_for = _text("What it looks for.")
    why = _text("Why it matters.")
    example = _text("An example.")
    outcome = _text("What comes out.")


class DocumentationListSchema(_Strict):
    """All of one sort."""

    items = _list(fields.Nested(DocumentationSchema), "In the order in which they run.")


class CatalogueSchema(_Strict):
    """The catalogue of images."""

    items = _list(fields.Dict(), "The entries, in the order in which they are tried.")


class HealthSchema(_Strict):
    """Whether the process lives or takes requests."""

    status = _text("ok or draining.")


class VersionSchema(_Strict):
    """What is running."""

    name = _text("podsplit")
    version = _text("The release.")
    api = _text("The API's version.")

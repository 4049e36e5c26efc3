"""The shapes of the reports in JSON: the answers of /v1/analyze and /v1/rewrite."""

from __future__ import annotations

from marshmallow import fields, validate

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
from service.web.schemas.base import (
    StrictSchema,
    choice_field,
    flag_field,
    list_field,
    number_field,
    text_field,
)


class RangeSchema(StrictSchema):
    """Lines and columns are 1-based, columns count code points, and the end is exclusive."""

    line = number_field("First line.", 1)
    column = number_field("First column.", 1)
    end_line = number_field("Last line.", 1)
    end_column = number_field("The column after the last one.", 1)


class LocationSchema(RangeSchema):
    """A place in the input."""

    path = text_field("The file.")
    document = number_field("The document's index in the file, from 0.")


class EvidenceSchema(StrictSchema):
    """One observation of a signal."""

    signal = text_field("The signal's id; GET /v1/signals explains it.")
    weight = fields.Float(
        required=True,
        metadata={"description": "How much it counts, in log-odds (natural logarithm)."},
    )
    leans = choice_field("Whether it speaks for one group or for two.", Leans)
    message = text_field(
        "What was seen, and what it means; it starts with the other container's name and a colon"
        " where it was seen there."
    )
    about = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": (
                "The container beside it: of the two it is said that they belong together or apart."
            )
        },
    )
    location = fields.Nested(LocationSchema, required=True)


class ContainerSchema(StrictSchema):
    """What was decided about a container."""

    name = text_field("The container's name.")
    type = choice_field("How Kubernetes runs it.", ContainerType)
    image = text_field("The image as written.")
    role = choice_field("What it is in its Pod.", Role)
    serves = list_field(
        fields.String(), "The containers that a sidecar helps or an init container prepares."
    )
    pattern = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([pattern.value for pattern in Pattern]),
        metadata={"description": "What a sidecar is for."},
    )
    group = number_field("The group's number; 0 is the primary group.")
    confidence = fields.Float(
        required=True,
        validate=validate.Range(0, 1),
        metadata={"description": "From 0 to 1: that of the container's least certain pair."},
    )
    location = fields.Nested(LocationSchema, required=True)
    evidence = list_field(
        fields.Nested(EvidenceSchema),
        "The heaviest first, the prior last; none for a container alone.",
    )


class WorkloadSchema(StrictSchema):
    """An object with a pod spec."""

    api_version = text_field("As written.")
    kind = text_field("As written.")
    name = text_field("metadata.name, or generateName with a star at its end.")
    namespace = fields.String(
        required=True, allow_none=True, metadata={"description": "As written."}
    )
    bare = flag_field("Whether it is a Pod without a controller.")
    rewritable = flag_field("Whether its kind is rewritten; others are only analysed.")
    location = fields.Nested(LocationSchema, required=True)
    containers = list_field(
        fields.Nested(ContainerSchema), "In the order in which they are written."
    )


class RelatedSchema(StrictSchema):
    """Another place that a finding is about."""

    message = text_field("What is there.")
    location = fields.Nested(LocationSchema, required=True)


class SuppressionSchema(StrictSchema):
    """Where the manifest says to ignore a finding, and why."""

    reason = text_field("The reason that is given there; may be empty.")
    location = fields.Nested(LocationSchema, required=True)


class FindingSchema(StrictSchema):
    """A problem of a workload."""

    rule = text_field("The rule's id; GET /v1/rules explains it.")
    severity = choice_field("How bad it is.", Severity)
    message = text_field("What is wrong, and what it leads to.")
    workload = text_field("Kind and name.")
    location = fields.Nested(LocationSchema, required=True)
    related = list_field(fields.Nested(RelatedSchema), "Other places that it is about.")
    change = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The id of the change that fixes it."},
    )
    fingerprint = text_field(
        "The same from run to run: of the rule, the path, the object and the containers."
    )
    known = flag_field("Whether the baseline of the request has it.")
    suppressed = fields.Nested(SuppressionSchema, required=True, allow_none=True)


class RejectedSchema(StrictSchema):
    """A document or file that can't be read."""

    code = text_field("A stable code for the reason.")
    message = text_field("What is wrong and what to do.")
    location = fields.Nested(LocationSchema, required=True)


class SkippedSchema(StrictSchema):
    """A file or document that isn't a manifest."""

    path = text_field("The file.")
    document = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The document's index; null for the whole file."},
    )
    reason = text_field("Why.")


class CountsSchema(StrictSchema):
    """Findings that are neither suppressed nor known, by severity."""

    error = number_field("Errors.")
    warning = number_field("Warnings.")
    info = number_field("Notes.")


class SummarySchema(StrictSchema):
    """The report in numbers."""

    files = number_field("Files that were read.")
    documents = number_field("Documents that were read.")
    workloads = number_field("Workloads.")
    containers = number_field("Containers of all workloads.")
    findings = fields.Nested(CountsSchema, required=True)
    suppressed = number_field("Findings that a manifest says to ignore.")
    known = number_field("Findings that the baseline has.")
    rejected = number_field("Documents that can't be read.")
    skipped = number_field("Files and documents that aren't manifests.")
    changes = number_field("Changes that were made.")
    held_back = number_field("Changes that were wanted and not made.")


class AnalysisSchema(StrictSchema):
    """The answer of /v1/analyze."""

    workloads = list_field(fields.Nested(WorkloadSchema), "In the order of the input.")
    findings = list_field(fields.Nested(FindingSchema), "In the order of the input.")
    fingerprints = list_field(
        fields.String(), "Those of the findings that are not suppressed: a baseline for later."
    )
    rejected = list_field(fields.Nested(RejectedSchema), "What could not be read.")
    skipped = list_field(fields.Nested(SkippedSchema), "What is not a manifest.")
    advice = list_field(
        fields.String(),
        "What to send instead, where there was no workload to look at or the baseline doesn't fit.",
    )
    summary = fields.Nested(SummarySchema, required=True)


class FileSchema(StrictSchema):
    """A file of the rewritten set."""

    path = text_field("The file.")
    content = text_field("Its text.")
    status = choice_field("What was done to it.", FileStatus)


class EditSchema(RangeSchema):
    """A range of a file's old text, and what replaces it."""

    path = text_field("The file.")
    stage = choice_field("The first stage that has it.", Stage)
    content = text_field("The new text.")


class AssumptionSchema(StrictSchema):
    """Something that has to hold for a change to be right, beyond what the set shows."""

    code = choice_field("A stable code; docs/assumptions.md explains each.", AssumptionCode)
    message = text_field("A sentence about this change, for people.")


class ChangeSchema(StrictSchema):
    """A rewrite of one workload and of the objects that refer to it."""

    id = text_field("The same from run to run.")
    action = text_field("The action's id; GET /v1/actions explains it.")
    workload = text_field("Kind and name, as they were; `location` has the file.")
    title = text_field("One line.")
    applicability = choice_field("The lowest applicability of its parts.", Applicability)
    assumptions = list_field(
        fields.Nested(AssumptionSchema), "What must be true and can't be seen in the files."
    )
    old_pods = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([None, *(str(fate) for fate in OldPods)]),
        metadata={"description": "What becomes of bare Pods that get a controller; else null."},
    )
    becomes = text_field("Kind and name of what the workload is afterwards.")
    creates = list_field(fields.String(), "Kind and name of the new objects.")
    touches = list_field(fields.String(), "Kind and name of the edited objects.")
    edits = list_field(fields.Nested(EditSchema), "Its edits, in ranges of the old text.")
    location = fields.Nested(LocationSchema, required=True)


class StageSchema(StrictSchema):
    """The set after one stage."""

    name = choice_field("The stage.", Stage)
    files = list_field(fields.Nested(FileSchema), "Every file of the set.")


class HeldBackSchema(StrictSchema):
    """A change that was wanted and not made."""

    action = text_field("The action's id.")
    workload = text_field("Kind and name.")
    reason = text_field("A stable code; docs/refusals.md lists them.")
    message = text_field("Why, and what to do about it.")
    location = fields.Nested(LocationSchema, required=True)


class CheckSchema(StrictSchema):
    """One check of the rewritten set."""

    check = text_field("The check's id.")
    passed = flag_field("Whether it held.")
    message = text_field("What was checked, or what failed.")


class MigrationStepSchema(StrictSchema):
    """A step for a live cluster."""

    step = text_field("What to do.")
    command = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": (
                "A command that does it, if there is one; `<files of ?stage=add>` stands for the"
                " files that the stage answers with."
            )
        },
    )
    why = text_field("What goes wrong without it.")
    stage = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([None, *(stage.label for stage in Stage)]),
        metadata={"description": "The stage that it applies; null where it applies none."},
    )


class RewriteSchema(AnalysisSchema):
    """The answer of /v1/rewrite: an analysis and the rewrite."""

    files = list_field(fields.Nested(FileSchema), "Every file after the requested stage.")
    changes = list_field(fields.Nested(ChangeSchema), "The changes that were made.")
    stages = list_field(
        fields.Nested(StageSchema), "Each stage, in the order in which they are applied."
    )
    held_back = list_field(fields.Nested(HeldBackSchema), "Changes that were wanted and not made.")
    verification = list_field(fields.Nested(CheckSchema), "The checks of the new text.")
    migration = list_field(
        fields.Nested(MigrationStepSchema), "The steps for a live cluster, in order."
    )

"""The shapes of all answers but the reports."""

from __future__ import annotations

from marshmallow import fields

from service.render.suggestions import Reason
from service.web.schemas.base import (
    StrictSchema,
    choice_field,
    flag_field,
    list_field,
    number_field,
    text_field,
)


class CommentSchema(StrictSchema):
    """A comment on lines of a pull request."""

    marker = text_field(
        "The same from run to run, and part of the body: update the comment that has it instead of"
        " posting another."
    )
    changes = list_field(fields.String(), "The ids of the changes that it suggests together.")
    path = text_field("The file.")
    first_line = number_field("The first line that is replaced.", 1)
    last_line = number_field("The last line that is replaced.", 1)
    body = text_field("The comment.")
    payload = fields.Dict(
        required=True,
        keys=fields.String(),
        metadata={
            "description": (
                "The body for the forge's API, without what only the caller knows, such as commit"
                " ids."
            )
        },
    )


class PullSummarySchema(StrictSchema):
    """The one comment about everything else."""

    marker = text_field("The same from run to run, and part of the body.")
    body = text_field("The comment.")
    patch = text_field("The changes that are not suggested, for `git apply`; empty if all are.")
    quiet = flag_field(
        "Whether there are no suggestions, no other changes and no remarks: then it is worth"
        " posting only over an older one."
    )


class LeftOutSchema(StrictSchema):
    """A change that is not suggested."""

    change = text_field("Its id.")
    workload = text_field("Kind and name.")
    reason = choice_field("Why.", Reason)


class SuggestionsSchema(StrictSchema):
    """Comments ready to post."""

    platform = text_field("The forge.")
    marker_start = text_field("How the markers of this bot start, and nobody else's.")
    comments = list_field(
        fields.Nested(CommentSchema),
        "One for each change, or group of changes, that fits into the diff.",
    )
    summary = fields.Nested(PullSummarySchema, required=True)
    left_out = list_field(fields.Nested(LeftOutSchema), "The changes that are not suggested.")


class FieldErrorSchema(StrictSchema):
    """An invalid field."""

    field = text_field("Its name.")
    message = text_field("What it must be.")


class ProblemSchema(StrictSchema):
    """An error, as in RFC 9457."""

    type = text_field("A URN with the code.")
    title = text_field("The status in words.")
    status = number_field("The HTTP status.", 400)
    detail = text_field("What is wrong, and what to do about it.")
    code = text_field("A stable code for programs.")
    instance = text_field("The request's id, as in the log.")
    errors = fields.List(
        fields.Nested(FieldErrorSchema),
        metadata={"description": "The invalid fields; left out where there are none."},
    )


class DocumentationSchema(StrictSchema):
    """A signal, a rule or an action, explained."""

    id = text_field("Its id.")
    title = text_field("One line.")
    looks_for = text_field("What it looks for.")
    why = text_field("Why it matters.")
    example = text_field("An example.")
    outcome = text_field("What comes out.")


class DocumentationListSchema(StrictSchema):
    """Every signal, rule or action."""

    items = list_field(fields.Nested(DocumentationSchema), "In the order in which they run.")


class CatalogueSchema(StrictSchema):
    """The catalogue of images."""

    items = list_field(fields.Dict(), "The entries, in the order in which they are tried.")


class HealthSchema(StrictSchema):
    """Whether the process is alive, or wants requests."""

    status = text_field("ok or draining.")


class EndpointSchema(StrictSchema):
    """An endpoint."""

    method = text_field("GET or POST.")
    url = text_field("Where it is.")
    summary = text_field("One line.")


class IndexSchema(StrictSchema):
    """What there is."""

    name = text_field("podsplit")
    version = text_field("The release.")
    docs = text_field("The page of docs.")
    openapi = text_field("The contract.")
    endpoints = list_field(fields.Nested(EndpointSchema), "Every endpoint.")


class VersionSchema(StrictSchema):
    """What is running."""

    name = text_field("podsplit")
    version = text_field("The release.")
    api = text_field("The API's version.")


class AdmissionResponseSchema(StrictSchema):
    """What an admission webhook answers."""

    uid = text_field("That of the request.")
    allowed = flag_field("Always true.")
    warnings = list_field(fields.String(), "Sentences of at most 120 characters.")


class AdmissionAnswerSchema(StrictSchema):
    """An AdmissionReview with its response."""

    apiVersion = text_field("admission.k8s.io/v1")  # noqa: N815 - Kubernetes' own
    kind = text_field("AdmissionReview")
    response = fields.Nested(AdmissionResponseSchema, required=True)

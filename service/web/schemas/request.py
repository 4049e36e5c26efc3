"""The shapes of JSON bodies."""

from __future__ import annotations

from marshmallow import fields

from service.web.schemas.base import StrictSchema, list_field, text_field
from service.web.schemas.options import OptionsSchema
from service.web.uploads import paths


class InputFileSchema(StrictSchema):
    """A file to analyse."""

    path = fields.String(
        required=True,
        metadata={
            "description": "A relative path with forward slashes.",
            "pattern": paths.PATTERN,
            "maxLength": paths.MAX_LENGTH,
        },
    )
    content = text_field("The text.")


class EnvelopeSchema(StrictSchema):
    """Files and options in one JSON body."""

    files = list_field(fields.Nested(InputFileSchema), "The files.")
    options = fields.Nested(OptionsSchema, allow_none=True)


class SuggestionsEnvelopeSchema(EnvelopeSchema):
    """Files, options, and a pull request."""

    diff = text_field("The pull request's unified diff, as git or the forge writes it.")

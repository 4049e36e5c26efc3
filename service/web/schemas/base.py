"""What the schemas of answers share: strictness, and fields that are always there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from service.assumptions import AssumptionCode
from service.findings import (
    Applicability,
    ContainerType,
    FileStatus,
    Leans,
    Role,
    Severity,
    Stage,
)
from service.render.suggestions import Reason

Word = (
    Applicability
    | AssumptionCode
    | ContainerType
    | FileStatus
    | Leans
    | Reason
    | Role
    | Severity
    | Stage
)
"""The enums whose members are words in JSON."""


class StrictSchema(Schema):
    """A schema without unknown fields."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE


def text_field(description: str, **keywords: Any) -> fields.String:
    """A string."""
    return fields.String(required=True, metadata={"description": description}, **keywords)


def choice_field(description: str, words: Iterable[Word]) -> fields.String:
    """One of the words of an enum."""
    labels = [
        word.label if isinstance(word, Applicability | Severity | Stage) else word.value
        for word in words
    ]
    return text_field(description, validate=validate.OneOf(labels))


def number_field(description: str, least: int = 0) -> fields.Integer:
    """A whole number, `least` or more."""
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=least),
        metadata={"description": description},
    )


def flag_field(description: str) -> fields.Boolean:
    """True or false."""
    return fields.Boolean(required=True, metadata={"description": description})


def list_field(item: fields.Field[Any], description: str) -> fields.List[Any]:
    """A list of equal items."""
    return fields.List(item, required=True, metadata={"description": description})

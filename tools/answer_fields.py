"""Writes the tables of fields in docs/http.md from the schemas of the answers, so that they can't
drift apart. Run by `make docs`; a test holds the page against what this would write.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from marshmallow import Schema, fields, validate

from service.web.schemas.answers import (
    CatalogueSchema,
    DocumentationListSchema,
    HealthSchema,
    IndexSchema,
    ProblemSchema,
    SuggestionsSchema,
    VersionSchema,
)
from service.web.schemas.report import AnalysisSchema, LocationSchema, RewriteSchema

PAGE = Path(__file__).resolve().parent.parent / "docs" / "http.md"
_BEGIN = "<!-- Made by `make docs` from `service/web/schemas/`: change it there. -->\n"
_END = "<!-- The end of what is made. -->\n"
_ANSWERS: tuple[tuple[str, type[Schema], type[Schema] | None], ...] = (
    ("A place, `location` in the tables below", LocationSchema, None),
    ("`/v1/analyze`", AnalysisSchema, None),
    ("`/v1/rewrite`: those of `/v1/analyze`, and", RewriteSchema, AnalysisSchema),
    ("`/v1/suggestions`", SuggestionsSchema, None),
    ("A problem", ProblemSchema, None),
    ("`/v1/signals`, `/v1/rules`, `/v1/actions`", DocumentationListSchema, None),
    ("`/v1/catalog`", CatalogueSchema, None),
    ("`/`", IndexSchema, None),
    ("`/version`", VersionSchema, None),
    ("`/healthz`, `/readyz`", HealthSchema, None),
)
"""Each answer with its heading, its schema, and the schema whose fields were told before."""


def page(text: str) -> str:
    """A page with its tables made anew.

    Raises:
        ValueError: the marks that the tables stand between are missing.
    """
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError("the page has lost the marks of its tables of fields")
    tables = "\n".join(
        _table(heading, schema, told_before) for heading, schema, told_before in _ANSWERS
    )
    return f"{before}{begin}\n{tables}\n{end}{after}"


def _table(heading: str, schema: type[Schema], told_before: type[Schema] | None) -> str:
    known = set(told_before().fields) if told_before else set()
    rows = [
        f"| `{path}` | {kind} | {text} |"
        for path, kind, text in _rows(schema(), "")
        if path.partition("[")[0].partition(".")[0] not in known
    ]
    return "\n".join([f"{heading}:\n", "| field | type | what it is |", "|---|---|---|", *rows, ""])


def _rows(schema: Schema, prefix: str) -> Iterator[tuple[str, str, str]]:
    """Path, type and meaning of each field and of those in it."""
    for name, field in schema.fields.items():
        path = f"{prefix}{name}"
        yield path, _type(field), field.metadata.get("description") or _purpose(field)
        inner, dots = field, "."
        if isinstance(field, fields.List):
            inner, dots = field.inner, "[]."
        if isinstance(inner, fields.Nested) and not isinstance(inner.schema, LocationSchema):
            yield from _rows(inner.schema, path + dots)


def _purpose(field: fields.Field[object]) -> str:
    """What an object is, by its schema's own docstring."""
    if not isinstance(field, fields.Nested):
        raise ValueError(f"{field.name} has no description")  # noqa: TRY004 - the schema is wrong
    return (type(field.schema).__doc__ or "").partition("\n")[0]


def _type(field: fields.Field[object]) -> str:
    match field:
        case fields.List():
            kind = f"list of {_plural(field.inner)}"
        case fields.Nested() if isinstance(field.schema, LocationSchema):
            kind = "place"
        case fields.Nested() | fields.Dict():
            kind = "object"
        case fields.Boolean():
            kind = "true or false"
        case fields.Integer():
            kind = "integer"
        case fields.Float():
            kind = "number"
        case _:
            kind = _words(field) or "string"
    return f"{kind} or null" if field.allow_none else kind


def _plural(field: fields.Field[object]) -> str:
    match field:
        case fields.Nested() | fields.Dict():
            return "objects"
        case _:
            return "strings"


def _words(field: fields.Field[object]) -> str:
    """The words that a field may be, if it is one of some."""
    for validator in field.validators:
        if isinstance(validator, validate.OneOf):
            words = [word for word in validator.choices if word is not None]
            if len(words) <= 12:
                return ", ".join(f"`{word}`" for word in words)
    return ""


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

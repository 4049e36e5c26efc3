"""Options as callers write them: in the query, in an envelope, in `.podsplit.yaml`. One schema
reads all three.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from service.findings import Applicability, Pattern, Severity, Stage
from service.options import CatalogueEntry, Options
from service.render.platforms import PLATFORMS
from service.web.problems import Problem
from service.web.settings import Settings
from service.web.uploads.folder_options import FILE_NAME, above, holds_all, read_folders

_MOST_ENTRIES = 1000
_WHOLE = frozenset({"stage", "layout"})
"""Options that a part of a request can't have for itself."""
_SEVERITIES = tuple(severity.label for severity in Severity)
_STAGES = tuple(stage.label for stage in Stage)
_APPLY = (Applicability.SAFE.label, Applicability.REVIEW.label)
_ROLES = ("helper", "application", "either")
_PATTERNS = tuple(pattern.value for pattern in Pattern)


class Words(fields.List[Any]):
    """A list of strings, or one string with commas between, as a query has it."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[Any]:
        if isinstance(value, str):
            value = [word.strip() for word in value.split(",") if word.strip()]
        return super()._deserialize(value, attr, data, **kwargs)


def _word(words: Sequence[str], **more: Any) -> fields.String:
    """One of some words; the error names them whatever else was given."""
    message = f"must be one of {', '.join(words)}"
    return fields.String(
        validate=validate.OneOf(words, error=message),
        error_messages={"invalid": message, "null": message},
        **more,
    )


_SHARE = "must be a number from 0 to 1"
_WORDS = "must be names with commas between, or a list of them"
_LIST = "must be a list of entries with image, role and perhaps pattern"


class CatalogueEntrySchema(Schema):
    """An addition to the catalogue of images."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE

    image = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[A-Za-z0-9._/*?:\[\]!-]{1,256}\Z",
            error="must be a glob over an image's repository path",
        ),
        metadata={
            "description": "A glob over the repository path, never a regular expression.",
            "example": "example.com/team/log-*",
        },
    )
    role = _word(_ROLES, required=True)
    pattern = _word(_PATTERNS, load_default=None, allow_none=True)


class OptionsSchema(Schema):
    """The options of a run, wherever they stand."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE

    min_confidence = fields.Float(
        validate=validate.Range(0, 1, error=_SHARE),
        error_messages={"invalid": _SHARE, "special": _SHARE, "null": _SHARE, "too_large": _SHARE},
        metadata={
            "description": (
                "Below this confidence nothing is cut; the roles are still said. Default 0.8."
            )
        },
    )
    apply = _word(
        _APPLY,
        metadata={
            "description": (
                "The worst applicability that is applied. Default review; manual changes are never"
                " applied."
            )
        },
    )
    rules = Words(
        fields.String(
            validate=validate.Length(max=64, error=_WORDS),
            error_messages={"invalid": _WORDS, "null": _WORDS},
        ),
        error_messages={"invalid": _WORDS, "null": _WORDS},
        metadata={
            "description": (
                "The rules to report, with commas between; all of them when absent. GET /v1/rules"
                " lists them."
            )
        },
    )
    layout = _word(
        ("in-place", "new-files"),
        metadata={
            "description": (
                "Where new objects go: in-place, behind the document that they came from (the"
                " default), or new-files, into files beside its own, which kustomizations that list"
                " that file list too."
            )
        },
    )
    stage = _word(
        _STAGES,
        metadata={
            "description": "The stage whose text is the rewrite. Default contract, the last."
        },
    )
    fail_on = _word(
        _SEVERITIES,
        metadata={
            "description": (
                "With a finding of this severity or worse, or (as an error) a rejected document,"
                " the answer is 422 with the full report and the header `Podsplit-Gate: failed`."
            )
        },
    )
    catalogue = fields.List(
        fields.Nested(CatalogueEntrySchema),
        error_messages={"invalid": _LIST, "null": _LIST},
        validate=validate.Length(max=_MOST_ENTRIES),
        metadata={"description": "Additions to the catalogue of images."},
    )


class QuerySchema(OptionsSchema):
    """The query of a request with manifests; the catalogue doesn't fit in one."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE
        exclude = ("catalogue",)

    format = fields.String(metadata={"description": "The answer's format; goes before Accept."})
    path = fields.String(
        validate=validate.Length(min=1, max=1024),
        metadata={"description": "The name of a raw body; stdin.yaml when absent."},
    )


class SuggestionsQuerySchema(OptionsSchema):
    """The query of a request for suggestions; always for the last stage, as a merge applies it
    whole.
    """

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE
        exclude = ("catalogue", "stage", "fail_on")

    platform = fields.String(
        required=True,
        validate=validate.OneOf(
            [platform.name for platform in PLATFORMS], error="must be one of {choices}"
        ),
        metadata={"description": "The forge that the comments are for."},
        error_messages={
            "required": f"is needed: one of {', '.join(platform.name for platform in PLATFORMS)}"
        },
    )


# Made once: marshmallow copies every field when a schema is made, which takes longer than to read a
# query.
OPTIONS = OptionsSchema()
QUERY = QuerySchema()
SUGGESTIONS_QUERY = SuggestionsQuerySchema()


def read_query(query: Mapping[str, str], schema: Schema) -> dict[str, Any]:
    """The query's values, validated.

    Raises:
        Problem: 422 with the fields that are wrong.
    """
    return _load(schema, query, "")


def read_options(
    query: Mapping[str, Any],
    envelope: Mapping[str, Any],
    files: Sequence[tuple[str, bytes]],
    settings: Settings,
    rules: Collection[str],
    catalogue: tuple[CatalogueEntry, ...] = (),
) -> Options:
    """One run's options.

    Each option for itself: the query goes before the envelope, the envelope before the
    `.podsplit.yaml` of the folder that a file is in, that before those of the folders above.
    Additions to the catalogue add up, in this order. The stage and the layout are of the whole
    request, so of the files only one whose folder holds everything that was sent may name them.

    Args:
        query: validated values, from `read_query`.
        envelope: the envelope's options as they came.
        files: what was sent.
        settings: the limits of this service.
        rules: the ids of the rules that exist.
        catalogue: the service's own additions to the catalogue, behind all others.

    Raises:
        Problem: 422 with the fields that are wrong.
    """
    said = [
        _load(OPTIONS, envelope, "options."),
        {name: value for name, value in query.items() if name in OPTIONS.fields},
    ]
    folders = {
        folder: _checked(
            _load(OPTIONS, values, f"{folder}{FILE_NAME}: "), rules, f"{folder}{FILE_NAME}: "
        )
        for folder, values in read_folders(files).items()
    }
    for values in said:
        _checked(values, rules, "")
    whole = [folder for folder in folders if holds_all(folder, files)]
    parts = sorted(folders.keys() - set(whole), key=len, reverse=True)
    for folder in parts:
        for word in sorted(_WHOLE & folders[folder].keys()):
            message = (
                "is of the whole request: say it in the query, the envelope, or a folder that holds"
                " all files"
            )
            name = f"{folder}{FILE_NAME}: {word}"
            raise Problem(422, f"{name}: {message}", errors=((name, message),))
    limits = {
        "max_documents": settings.max_documents,
        "deadline": time.monotonic() + settings.request_timeout,
    }

    def combined(chain: list[str]) -> Options:
        return _options([*(folders[folder] for folder in chain), *said], catalogue, limits)

    return replace(
        combined(above(max(whole, key=len, default=""), whole)),
        folders=tuple((each, combined(above(each, folders))) for each in parts),
    )


def _checked(values: dict[str, Any], rules: Collection[str], where: str) -> dict[str, Any]:
    """Values whose rules exist."""
    if rules and not set(values.get("rules", ())) <= set(rules):
        message = f"must be rules of this service: {', '.join(sorted(rules))}"
        raise Problem(422, f"{where}rules: {message}", errors=((f"{where}rules", message),))
    return values


def _options(
    said: Sequence[Mapping[str, Any]],
    catalogue: tuple[CatalogueEntry, ...],
    limits: Mapping[str, Any],
) -> Options:
    """Options from values, the weightiest last."""
    chosen = {name: value for values in said for name, value in values.items()}
    values: dict[str, Any] = {}
    if "rules" in chosen:
        values["rules"] = frozenset(chosen.pop("rules"))
    chosen.pop("catalogue", None)
    added = [
        CatalogueEntry(**entry) for each in reversed(said) for entry in each.get("catalogue", ())
    ]
    if len(added) > _MOST_ENTRIES:
        message = f"at most {_MOST_ENTRIES} entries together"
        raise Problem(422, f"catalogue: {message}", errors=(("catalogue", message),))
    values["catalogue"] = (*added, *catalogue)
    for name, words in (("apply", Applicability), ("stage", Stage), ("fail_on", Severity)):
        if name in chosen:
            values[name] = words[chosen.pop(name).upper()]
    return Options(**values, **chosen, **limits)


def catalogue_entries(data: object) -> tuple[CatalogueEntry, ...]:
    """Additions to the catalogue, from a list of mappings.

    Raises:
        ValueError: it is no such list, or an entry has a field that is unknown or wrong.
    """
    if not isinstance(data, list):
        raise ValueError("must be a list of entries with image, role and perhaps pattern")  # noqa: TRY004 - of the file, not of a caller
    try:
        return tuple(
            CatalogueEntry(**entry) for entry in CatalogueEntrySchema(many=True).load(data)
        )
    except ValidationError as error:
        raise ValueError(str(error.messages)) from None


def _load(schema: Schema, data: Mapping[str, Any], where: str) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as error:
        raise _invalid(error, schema, where) from None
    return loaded


def _invalid(error: ValidationError, schema: Schema, where: str) -> Problem:
    errors: list[tuple[str, str]] = []
    known = ", ".join(sorted(schema.fields))
    for name, message in _flatten(error.messages, ""):
        # An unknown field's name is the sender's own text: keep it short.
        errors.append(
            (
                where + name[:80],
                (
                    f"unknown; there are {known}"
                    if message == "Unknown field." and "." not in name
                    else message
                ),
            )
        )
    shown = "; ".join(f"{name}: {message}" for name, message in errors[:5])
    return Problem(422, shown, errors=tuple(errors[:20]))


def _flatten(messages: Any, name: str) -> Iterable[tuple[str, str]]:
    match messages:
        case dict():
            for key, value in messages.items():
                yield from _flatten(value, f"{name}.{key}" if name else str(key))
        case list():
            for value in messages:
                yield from _flatten(value, name)
        case _:
            yield name, str(messages)

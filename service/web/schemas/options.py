"""The options of a request, wherever they are given: in the query, in an envelope or form, in
`.podsplit.yaml` files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from service.findings import Applicability, Pattern, Severity, Stage
from service.globs import LIST_PATTERN, MAX_LENGTH, PATTERN, path_glob
from service.render.platforms import PLATFORMS
from service.web import knowledge
from service.web.uploads import paths

MAX_ENTRIES = 1000
"""Additions to the catalogue in one request."""

MAX_GLOBS = 200
"""Globs of files to pass over in one request, those of all its folders together. A query and an
envelope have room for half of them each.
"""
MAX_PLACES = 100
"""Workloads that one request names."""
MAX_BASELINE = 25_000
"""Fingerprints in one request, likewise."""

FINGERPRINT = "p[0-9a-f]{31}"
"""A fingerprint, as a pattern."""

_ONE_PLACE = r"[^,\x00-\x20\x7f][^,\x00-\x1f\x7f]{0,1400}"
_RULE = f"({'|'.join(sorted(knowledge.rule_ids()))})"
_SEVERITIES = tuple(severity.label for severity in Severity)
_STAGES = tuple(stage.label for stage in Stage)
_APPLY = (Applicability.SAFE.label, Applicability.REVIEW.label)
_ROLES = ("helper", "application", "either")
_PATTERNS = tuple(pattern.value for pattern in Pattern)
_PLATFORMS = tuple(platform.name for platform in PLATFORMS)


class WordList(fields.List[Any]):
    """A list of strings, or one string with commas, as in a query. The metadata `as_text` is the
    pattern of such a string.
    """

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[Any]:
        if isinstance(value, str):
            value = [word.strip() for word in value.split(",") if word.strip()]
        return super()._deserialize(value, attr, data, **kwargs)


class Fingerprints(fields.List[Any]):
    """A list of fingerprints; or a text with commas or blanks between them, or with the list or a
    whole answer in JSON, as in a form.
    """

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[Any]:
        if isinstance(value, str):
            value = self._parse(value)
        if isinstance(value, dict):
            value = value.get("fingerprints")
        return super()._deserialize(value, attr, data, **kwargs)

    @staticmethod
    def _parse(text: str) -> Any:
        if not text.lstrip().startswith(("[", "{")):
            return text.replace(",", " ").split()
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None


class Flag(fields.Boolean):
    """True or false, or one of these words, as in a query. Numbers are neither."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if not isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


def _choice(choices: Sequence[str], **keywords: Any) -> fields.String:
    """One of some words. Its errors name them, whatever was given instead."""
    message = f"must be one of {', '.join(choices)}"
    return fields.String(
        validate=validate.OneOf(choices, error=message),
        error_messages={"invalid": message, "null": message},
        **keywords,
    )


def _check_glob(text: str) -> None:
    try:
        path_glob(text)
    except ValueError as error:
        raise ValidationError(str(error)) from None


_GLOBS_ERROR = "must be a list of globs, or globs separated by commas"
_FINGERPRINTS_ERROR = "must be a list of fingerprints, as an earlier answer has it"
_FLAG_ERROR = "must be true or false"
_FRACTION_ERROR = "must be a number from 0 to 1"
_PLACES_ERROR = f"must be 1 to {MAX_PLACES} workloads, each as path:name, separated by commas"
_NAMES_ERROR = "must be a list of names, or names separated by commas"
ENTRIES_ERROR = "must be a list of entries with image, role and, optionally, pattern"


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
    role = _choice(_ROLES, required=True)
    pattern = _choice(_PATTERNS, load_default=None, allow_none=True)


class OptionsSchema(Schema):
    """The options of a run, wherever they stand."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE

    min_confidence = fields.Float(
        validate=validate.Range(0, 1, error=_FRACTION_ERROR),
        error_messages={
            "invalid": _FRACTION_ERROR,
            "special": _FRACTION_ERROR,
            "null": _FRACTION_ERROR,
            "too_large": _FRACTION_ERROR,
        },
        metadata={
            "description": (
                "Below this confidence nothing is split; the roles are still reported. Default 0.8."
            )
        },
    )
    apply = _choice(
        _APPLY,
        metadata={
            "description": (
                "The worst applicability that is applied. Default review; manual changes are never"
                " applied."
            )
        },
    )
    rules = WordList(
        fields.String(
            validate=validate.Length(max=64, error=_NAMES_ERROR),
            error_messages={"invalid": _NAMES_ERROR, "null": _NAMES_ERROR},
            metadata={"enum": sorted(knowledge.rule_ids())},
        ),
        error_messages={"invalid": _NAMES_ERROR, "null": _NAMES_ERROR},
        metadata={
            "as_text": f"^({_RULE}(,{_RULE})*)?$",
            "description": (
                "The rules to report, separated by commas; all of them when absent. GET /v1/rules"
                " lists them."
            ),
        },
    )
    # marshmallow has attributes named `only` and `exclude` too: an instance's, and no fields.
    only = WordList(  # type: ignore[assignment]
        fields.String(
            validate=validate.Regexp(rf"^{_ONE_PLACE}\Z", error=_PLACES_ERROR),
            error_messages={"invalid": _PLACES_ERROR, "null": _PLACES_ERROR},
            metadata={"pattern": f"^{_ONE_PLACE}$", "example": "apps/shop.yaml:shop"},
        ),
        error_messages={"invalid": _PLACES_ERROR, "null": _PLACES_ERROR},
        validate=validate.Length(min=1, max=MAX_PLACES, error=_PLACES_ERROR),
        metadata={
            "as_text": f"^{_ONE_PLACE}(,{_ONE_PLACE})*$",
            "description": (
                "The workloads that may be changed, separated by commas, each as the path of its"
                " file, a colon and its name; a path alone stands for all in the file. All others"
                " are looked at and stay as they are. All may be changed when absent."
            ),
        },
    )
    layout = _choice(
        ("in-place", "new-files"),
        metadata={
            "description": (
                "Where new objects go: in-place, after the document that they come from (the"
                " default), or new-files, into files beside it, which are added to the"
                " kustomizations that list it."
            )
        },
    )
    stage = _choice(
        _STAGES,
        metadata={
            "description": "The stage whose text is the rewrite. Default contract, the last."
        },
    )
    fail_on = _choice(
        _SEVERITIES,
        metadata={
            "description": (
                "With a finding of this severity or worse, or (as an error) a rejected document,"
                " the answer is 422 with the full report and the header `Podsplit-Gate: failed`."
            )
        },
    )
    allow_empty = Flag(
        truthy={True, "true"},
        falsy={False, "false"},
        error_messages={"invalid": _FLAG_ERROR, "null": _FLAG_ERROR},
        metadata={
            "description": (
                "Whether `fail_on` passes where no object of Kubernetes was read. By default the"
                " answer is 422 `nothing-read`, as a folder may be misspelt."
            )
        },
    )
    exclude = WordList(  # type: ignore[assignment]
        fields.String(
            validate=[validate.Length(min=1, max=MAX_LENGTH), _check_glob],
            error_messages={"invalid": _GLOBS_ERROR, "null": _GLOBS_ERROR},
            metadata={"pattern": PATTERN, "example": "charts/**"},
        ),
        error_messages={"invalid": _GLOBS_ERROR, "null": _GLOBS_ERROR},
        validate=validate.Length(max=MAX_GLOBS // 2),
        metadata={
            "as_text": LIST_PATTERN,
            "description": (
                "Files that are passed over, as globs over their paths, separated by commas: * and"
                " ? within a part of a path, ** for any parts. A folder stands for all in it."
            ),
        },
    )
    baseline = Fingerprints(
        fields.String(
            validate=validate.Regexp(rf"^{FINGERPRINT}\Z", error=_FINGERPRINTS_ERROR),
            error_messages={"invalid": _FINGERPRINTS_ERROR, "null": _FINGERPRINTS_ERROR},
        ),
        error_messages={"invalid": _FINGERPRINTS_ERROR, "null": _FINGERPRINTS_ERROR},
        validate=validate.Length(max=MAX_BASELINE),
        metadata={
            "description": (
                "Findings that are known: the `fingerprints` of an earlier answer. They are listed"
                " as known, and don't fail the gate."
            )
        },
    )
    catalogue = fields.List(
        fields.Nested(CatalogueEntrySchema),
        error_messages={"invalid": ENTRIES_ERROR, "null": ENTRIES_ERROR},
        validate=validate.Length(max=MAX_ENTRIES),
        metadata={"description": "Additions to the catalogue of images."},
    )


class QuerySchema(OptionsSchema):
    """The query of a request with manifests. What is long does not fit into a query."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE
        exclude = ("catalogue", "baseline")

    format = fields.String(metadata={"description": "The answer's format; goes before Accept."})
    path = fields.String(
        validate=validate.Length(min=1, max=paths.MAX_LENGTH),
        metadata={
            "description": "The name of a raw body; stdin.yaml by default.",
            "pattern": paths.PATTERN,
        },
    )


class SuggestionsQuerySchema(OptionsSchema):
    """The query of a request for suggestions. There is no stage in it, as a merge applies a
    suggestion whole.
    """

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE
        exclude = ("catalogue", "baseline", "stage", "fail_on", "allow_empty")

    platform = fields.String(
        required=True,
        validate=validate.OneOf(_PLATFORMS, error="must be one of {choices}"),
        metadata={"description": "The forge that the comments are for."},
        error_messages={"required": f"is required; use one of: {', '.join(_PLATFORMS)}"},
    )
    bot = fields.String(
        validate=validate.Regexp(
            r"^[a-z0-9-]{1,40}\Z", error="must be 1 to 40 of the characters a-z, 0-9 and -"
        ),
        metadata={
            "description": (
                "A name in the markers of all comments, so that several bots can work on one pull"
                " request and each knows its own."
            )
        },
    )

"""Puts the options of a request together: from the query, from an envelope or form, from
`.podsplit.yaml` files and from the settings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from marshmallow import Schema, ValidationError

from service.findings import Applicability, Severity, Stage
from service.globs import PathGlob, path_glob
from service.options import CatalogueEntry, Options
from service.web.problems import Problem
from service.web.schemas.options import (
    ENTRIES_ERROR,
    MAX_BASELINE,
    MAX_ENTRIES,
    MAX_GLOBS,
    CatalogueEntrySchema,
    OptionsSchema,
    QuerySchema,
    SuggestionsQuerySchema,
)
from service.web.settings import Settings
from service.web.uploads.folder_options import (
    FILE_NAME,
    contains_all,
    enclosing,
    read_folders,
)
from service.web.uploads.paths import is_manifest

_MAX_ERRORS = 20
"""Invalid fields that one problem lists."""
_MAX_ERRORS_IN_DETAIL = 5
"""Of these, how many its detail names."""
_MAX_NAME = 80
"""Characters of a field's name in a problem, as an unknown one is the sender's own text."""
_OF_WHOLE_REQUEST = frozenset({"stage", "layout", "allow_empty", "only"})
"""Options that can't differ between the folders of a request."""

_ADDED_UP = ("catalogue", "exclude", "baseline")
"""Options whose values add up."""

# Made once: marshmallow copies every field when a schema is made, which takes longer than to read a
# query.
OPTIONS = OptionsSchema()
QUERY = QuerySchema()
SUGGESTIONS_QUERY = SuggestionsQuerySchema()


def read_query(query: Mapping[str, str], schema: Schema) -> dict[str, Any]:
    """Validate the query.

    Raises:
        Problem: 422 with the fields that are wrong.
    """
    return _load(schema, query, "")


def read_options(
    *,
    query: Mapping[str, Any],
    envelope: Mapping[str, Any],
    files: Sequence[tuple[str, bytes]],
    settings: Settings,
    deadline: float,
    rules: Collection[str],
    catalogue: tuple[CatalogueEntry, ...] = (),
) -> Options:
    """Put the options of one run together.

    Each option for itself: the query wins over the envelope, the envelope over the `.podsplit.yaml`
    of the folder that a file is in, that over those of the folders above. Additions to the
    catalogue add up, in this order; so do globs, each of which holds in its own folder, and
    baselines. The stage and the layout are of the whole request, so of the
    files only one whose folder contains everything that was sent may set them.

    Args:
        query: validated values, from `read_query`.
        envelope: the envelope's options as they came.
        files: path and content of what was sent.
        settings: the limits of this service.
        deadline: the moment of `time.monotonic()` at which the run gives up, in seconds.
        rules: the ids of the rules that exist.
        catalogue: the service's own additions to the catalogue, after all others.

    Raises:
        Problem: 422 with the fields that are wrong.
    """
    of_request = [
        _load(OPTIONS, envelope, "options."),
        {name: value for name, value in query.items() if name in OPTIONS.fields},
    ]
    by_folder = _folder_options(files, rules)
    for values in of_request:
        _check_rules(values, rules, "")
    whole = [folder for folder in by_folder if contains_all(folder, files)]
    parts = sorted(by_folder.keys() - set(whole), key=len, reverse=True)
    for folder in parts:
        _check_partial(by_folder[folder], f"{folder}{FILE_NAME}: ")
    folders_of_values = [*by_folder.items(), *(("", values) for values in of_request)]
    of_run = {
        "max_documents": settings.max_documents,
        "deadline": deadline,
        "exclude": _globs(folders_of_values),
        "baseline": frozenset(_added_up("baseline", folders_of_values, MAX_BASELINE)),
    }

    def combined(folders: list[str]) -> Options:
        return _options(
            [*(by_folder[folder] for folder in folders), *of_request], catalogue, of_run
        )

    return replace(
        combined(enclosing(max(whole, key=len, default=""), whole)),
        folders=tuple((folder, combined(enclosing(folder, by_folder))) for folder in parts),
    )


def _globs(values: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[PathGlob, ...]:
    """The globs in values of some folders.

    Raises:
        Problem: 422.
    """
    _added_up("exclude", values, MAX_GLOBS)
    return tuple(
        path_glob(text, folder) for folder, own in values for text in own.get("exclude", ())
    )


def _added_up(name: str, values: Sequence[tuple[str, Mapping[str, Any]]], most: int) -> list[str]:
    """What values of some folders say of an option, together.

    Raises:
        Problem: 422; it is more than the most.
    """
    found = [item for _, own in values for item in own.get(name, ())]
    if len(found) > most:
        raise _invalid_field(name, f"at most {most} entries together")
    return found


def _folder_options(
    files: Sequence[tuple[str, bytes]], rules: Collection[str]
) -> dict[str, dict[str, Any]]:
    """The validated values of each folder that has a file of its own.

    Raises:
        Problem: 422.
    """
    by_folder = {}
    for folder, raw_values in read_folders(files).items():
        where = f"{folder}{FILE_NAME}: "
        by_folder[folder] = _load(OPTIONS, raw_values, where)
        _check_rules(by_folder[folder], rules, where)
    return by_folder


def _check_rules(values: Mapping[str, Any], rules: Collection[str], where: str) -> None:
    """Check that the rules that values name exist.

    Raises:
        Problem: 422.
    """
    if rules and not set(values.get("rules", ())) <= set(rules):
        raise _invalid_field(
            f"{where}rules", f"must be rules that exist: {', '.join(sorted(rules))}"
        )


def _check_partial(values: Mapping[str, Any], where: str) -> None:
    """Check that values of a part of the request set nothing of the whole.

    Raises:
        Problem: 422.
    """
    for name in sorted(_OF_WHOLE_REQUEST & values.keys()):
        raise _invalid_field(
            f"{where}{name}",
            "applies to the whole request: set it in the query, in the envelope, or in a folder"
            " that contains all files",
        )


def _options(
    layers: Sequence[Mapping[str, Any]],
    catalogue: tuple[CatalogueEntry, ...],
    of_run: Mapping[str, Any],
) -> Options:
    """Options from layers of values, of which the last one wins, and what holds for the run."""
    chosen = {name: value for layer in layers for name, value in layer.items()}
    values: dict[str, Any] = {}
    if "rules" in chosen:
        values["rules"] = frozenset(chosen.pop("rules"))
    if "only" in chosen:
        values["only"] = frozenset(map(_place, chosen.pop("only")))
    for name in _ADDED_UP:
        chosen.pop(name, None)
    added = [
        CatalogueEntry(**entry)
        for layer in reversed(layers)
        for entry in layer.get("catalogue", ())
    ]
    if len(added) > MAX_ENTRIES:
        raise _invalid_field("catalogue", f"at most {MAX_ENTRIES} entries together")
    values["catalogue"] = (*added, *catalogue)
    for name, words in (("apply", Applicability), ("stage", Stage), ("fail_on", Severity)):
        if name in chosen:
            values[name] = words[chosen.pop(name).upper()]
    return Options(**values, **chosen, **of_run)


def _place(text: str) -> tuple[str, str]:
    """The path and the name in `path:name`. The name is empty where a path stands alone, which may
    have a colon too.
    """
    path, colon, name = text.rpartition(":")
    return (path, name) if colon and "/" not in name and not is_manifest(name) else (text, "")


def catalogue_entries(data: object) -> tuple[CatalogueEntry, ...]:
    """Additions to the catalogue, from a list of mappings.

    Raises:
        ValueError: it is not such a list, or an entry has a field that is unknown or wrong.
    """
    if not isinstance(data, list):
        raise ValueError(ENTRIES_ERROR)  # noqa: TRY004 - the file is wrong, not the caller
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
        # marshmallow raises the error from a frame that holds it. Without the traceback there is no
        # cycle, so the request and its body are freed at once and not by the garbage collector.
        error.__traceback__ = None
        raise _invalid(error, schema, where) from None
    return loaded


def _invalid(error: ValidationError, schema: Schema, where: str) -> Problem:
    known = ", ".join(sorted(schema.fields))
    errors = [
        (
            where + name[:_MAX_NAME],
            f"unknown option; use one of: {known}"
            if message == "Unknown field." and "." not in name
            else message,
        )
        for name, message in _flatten(error.messages, "")
    ]
    detail = "; ".join(f"{name}: {message}" for name, message in errors[:_MAX_ERRORS_IN_DETAIL])
    return Problem(422, detail, errors=tuple(errors[:_MAX_ERRORS]))


def _invalid_field(name: str, message: str) -> Problem:
    return Problem(422, f"{name}: {message}", errors=((name, message),))


def _flatten(messages: Any, name: str) -> Iterable[tuple[str, str]]:
    """marshmallow's tree of messages as pairs of a dotted field name and a message."""
    match messages:
        case dict():
            for key, value in messages.items():
                yield from _flatten(value, f"{name}.{key}" if name else str(key))
        case list():
            for value in messages:
                yield from _flatten(value, name)
        case _:
            yield name, str(messages)

"""From a request's body to files.

The body is read once, raw, whatever its type. Flask's own form parser would consume what plain
`curl --data-binary @file` sends, as curl calls that a form.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import IO, Any

from flask import Request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from service.web.problems import Problem
from service.web.settings import Settings
from service.web.uploads import archives, paths
from service.web.uploads.archives import ArchiveKind, Bounds
from service.web.uploads.receiving import receive

_ARCHIVE_TYPES: Mapping[str, ArchiveKind] = {
    "application/zip": ArchiveKind.ZIP,
    "application/x-zip-compressed": ArchiveKind.ZIP,
    "application/x-tar": ArchiveKind.TAR,
    "application/tar": ArchiveKind.TAR,
    "application/gzip": ArchiveKind.GZIP,
    "application/x-gzip": ArchiveKind.GZIP,
    "application/tar+gzip": ArchiveKind.GZIP,
    "application/x-gtar": ArchiveKind.GZIP,
    "application/x-tgz": ArchiveKind.GZIP,
    "application/x-compressed-tar": ArchiveKind.GZIP,
}
_FORM = "application/x-www-form-urlencoded"
_RAW_TYPES = frozenset({"", "application/octet-stream", _FORM})
_ENVELOPE_KEYS = frozenset({"files", "options", "manifests", "manifest", "documents", "yaml"})
"""What an envelope has, and what people take for its names."""
_FILE_NAME = re.compile(rb"@?[\w./~-]{1,256}\.(ya?ml|json|tar|tgz|gz|zip)\s*")
_YAML_TYPES = frozenset({"application/yaml", "application/x-yaml", "application/vnd.yaml"})

ACCEPTED = (
    "text/*",
    "application/yaml",
    "application/x-yaml",
    "application/json",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "multipart/form-data",
    *_ARCHIVE_TYPES,
)
"""What a 415 lists. A body without a Content-Type is accepted too."""

_TYPED = "pasted.yaml"
"""What is typed into a form is called."""
_MAX_OPTION_PARTS = 64
"""Parts of a form beside the files."""
_MAX_ERRORS = 20
"""Invalid fields that one problem lists."""
_MAX_ERRORS_IN_DETAIL = 5
"""Of these, how many its detail names."""

Files = tuple[tuple[str, bytes], ...]
"""Path and content of each file, in the order in which they were sent."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What was sent."""

    files: Files
    """The files."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The options of the envelope or form as they came, not validated."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What else the envelope or form holds, such as a pull request's diff."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(len(raw) for _, raw in self.files)


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it came."""

    raw: bytes
    """Its bytes, still compressed if `is_gzip`."""
    media: str
    """Its media type, in small letters; empty if none was given."""
    kind: ArchiveKind | str
    """What the media type says that it is."""
    parameters: Mapping[str, str]
    """Those of the media type."""
    is_gzip: bool
    """Whether its Content-Encoding is gzip."""


def receive_body(request: Request, settings: Settings, take: Callable[[int], None]) -> Body:
    """Read the body from the connection, if its type is one that is known.

    Args:
        request: the request, its body unread.
        settings: the limits.
        take: called with the bytes of each piece; it raises a Problem if there is no room.

    Raises:
        Problem: 400, 408, 413, 415 or 503.
    """
    media = request.mimetype.lower()
    kind = _kind(media)
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Problem(415, "unsupported Content-Encoding; use one of: gzip, identity")
    raw = receive(request, settings, take)
    if not raw:
        raise Problem(400, "the body is empty: send manifests", code="body-empty")
    return Body(raw, media, kind, request.mimetype_params, is_gzip=encoding in ("gzip", "x-gzip"))


def decode(
    body: Body, settings: Settings, *, path: str | None, extra: frozenset[str] = frozenset()
) -> Upload:
    """Take a body apart.

    Args:
        body: the body.
        settings: the limits.
        path: the name of a raw body, from the query; None for the default.
        extra: further keys that an envelope or form may have.

    Raises:
        Problem: 400, 413, 415 or 422.
    """
    bounds = Bounds(
        settings.max_unpacked_bytes, settings.max_archive_ratio, settings.max_archive_members
    )
    kind = body.kind
    raw = _content(body, settings, bounds)
    if body.media in _RAW_TYPES and (sniffed := archives.sniff(raw)):
        kind = sniffed
    match kind:
        case ArchiveKind():
            return Upload(_bounded(archives.unpack(raw, kind, bounds), settings.max_files))
        case "json":
            return _parse_json(raw, path, settings, extra)
        case "multipart":
            form, parts = _parse_form(raw, body.parameters, settings)
            return _form_upload(form, parts, settings, bounds, extra)
        case _:
            return _parse_raw(raw, body.media, path, settings, extra)


def _parse_raw(
    raw: bytes, media: str, path: str | None, settings: Settings, extra: frozenset[str]
) -> Upload:
    """A body that is a file, or JSON that curl calls a form.

    Raises:
        Problem: 400; it is what `curl -d` makes of a file, or a file's name.
    """
    if media == _FORM:
        if b"\n" not in raw and b"apiVersion:" in raw and not raw.lstrip().startswith(b"{"):
            detail = (
                "the body has no line breaks: curl -d takes them out of a file; send it with"
                " --data-binary"
            )
            raise Problem(400, detail, code="line-breaks-lost")
        if _FILE_NAME.fullmatch(raw):
            detail = (
                "the body is the name of a file, and not what it holds: with curl put an @ before"
                " it, as in --data-binary @pod.yaml"
            )
            raise Problem(400, detail, code="file-name")
    if media in _RAW_TYPES and raw.lstrip().startswith(b"{"):
        with suppress(ValueError, RecursionError):
            data = json.loads(raw)
            if isinstance(data, dict) and _is_envelope(data):
                return _parse_envelope(data, settings, extra)
    return Upload(((_raw_path(path, "stdin.yaml"), raw),))


def _is_envelope(data: Mapping[str, Any]) -> bool:
    """Whether an object of JSON is an envelope, or was meant to be one: a manifest has a kind."""
    return "kind" not in data and "apiVersion" not in data and bool(_ENVELOPE_KEYS & data.keys())


def _kind(media: str) -> ArchiveKind | str:
    if media in _ARCHIVE_TYPES:
        return _ARCHIVE_TYPES[media]
    if media == "multipart/form-data":
        return "multipart"
    if media in {"application/json", "text/json"} or media.endswith("+json"):
        return "json"
    if media in _RAW_TYPES | _YAML_TYPES or media.startswith("text/") or media.endswith("+yaml"):
        return "yaml"
    raise Problem(415, f"unsupported Content-Type; use one of: {', '.join(ACCEPTED)}")


def _content(body: Body, settings: Settings, bounds: Bounds) -> bytes:
    """The body, its Content-Encoding undone."""
    if not body.is_gzip:
        return body.raw
    try:
        return archives.inflate(body.raw, replace(bounds, unpacked=settings.max_body_bytes))
    except (zlib.error, EOFError):
        raise Problem(
            400,
            "the body is not valid gzip, although its Content-Encoding says so",
            code="encoding-unreadable",
        ) from None


def _raw_path(path: str | None, default: str) -> str:
    if path is None:
        return default
    cleaned = paths.clean(path)
    if cleaned is None:
        raise _invalid_path("path")
    return cleaned


def _invalid_path(name: str) -> Problem:
    detail = "must be a relative path with forward slashes that stays in its folder"
    return Problem(422, f"{name}: {detail}", code="invalid-path", errors=((name, detail),))


def _parse_json(raw: bytes, path: str | None, settings: Settings, extra: frozenset[str]) -> Upload:
    try:
        data = json.loads(raw)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # several objects in a row, which kubectl reads
            return Upload(((_raw_path(path, "stdin.json"), raw),))
        raise Problem(
            400,
            # What the parser says are its own words, and none of the sender's.
            f"the body is not valid JSON: line {error.lineno}, column {error.colno}:"
            f" {_wrong_in_json(error)}",
            code="json-unreadable",
        ) from None
    except UnicodeDecodeError:
        raise Problem(400, "the body is not UTF-8", code="not-utf-8") from None
    except (RecursionError, ValueError):
        raise Problem(
            400,
            "the JSON is nested too deeply, or has a number with too many digits",
            code="json-unreadable",
        ) from None
    if isinstance(data, dict) and _is_envelope(data):
        return _parse_envelope(data, settings, extra)
    return Upload(((_raw_path(path, "stdin.json"), raw),))


def _wrong_in_json(error: json.JSONDecodeError) -> str:
    """What is wrong, where the parser's own words are a riddle."""
    before = error.doc[: error.pos].rstrip()
    # The parser points at the comma or behind it, as its version has it.
    behind = error.doc[error.pos :].lstrip().lstrip(",").lstrip()
    if behind[:1] in ("}", "]") and (before.endswith(",") or error.doc[error.pos] == ","):
        return "there is a comma before the end of an object or a list"
    if not before and behind[:1] not in ("{", "[", '"'):
        return f"{error.msg}; if it is YAML, send it as application/yaml"
    return error.msg


def _parse_envelope(data: Mapping[str, Any], settings: Settings, extra: frozenset[str]) -> Upload:
    allowed = {"files", "options"} | extra
    errors = [
        (str(key)[:64], f"unknown field; use one of: {', '.join(sorted(allowed))}")
        for key in data
        if key not in allowed
    ]
    options = data.get("options")
    if options is None:
        options = {}
    if not isinstance(options, dict):
        errors.append(("options", "must be an object"))
    items = data.get("files")
    if not isinstance(items, list):
        errors.append(("files", "must be a list of objects with path and content"))
        items = []
    if len(items) > settings.max_files:
        raise _too_many_files(settings.max_files)
    files = [_parse_envelope_file(index, item) for index, item in enumerate(items)]
    errors += [
        (
            f"files.{index}",
            "must be an object with path and content, both strings, and nothing else",
        )
        for index, file in enumerate(files)
        if file is None
    ]
    if errors:
        raise Problem(
            422,
            "the envelope is invalid: "
            + "; ".join(f"{name}: {message}" for name, message in errors[:_MAX_ERRORS_IN_DETAIL]),
            code="invalid-envelope",
            errors=tuple(errors[:_MAX_ERRORS]),
        )
    unique = _unique([file for file in files if file is not None])
    return Upload(unique, options, {key: data[key] for key in extra if key in data})


def _parse_envelope_file(index: int, item: object) -> tuple[str, bytes] | None:
    """Path and content; None where the item is not a file.

    Raises:
        Problem: 422; the path is invalid.
    """
    match item:
        case {"path": str(path), "content": str(content), **rest} if not rest:
            cleaned = paths.clean(path)
            if cleaned is None:
                raise _invalid_path(f"files.{index}.path")
            # A lone surrogate stays one, so that the core rejects it with its place.
            return cleaned, content.encode("utf-8", "surrogatepass")
        case _:
            return None


def _parse_form(
    raw: bytes, parameters: Mapping[str, str], settings: Settings
) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
    """The fields and the files of a form.

    Raises:
        Problem: 400 `multipart-unreadable`, or 413 `too-many-files`.
    """
    parser = FormDataParser(
        stream_factory=_memory,
        max_form_memory_size=None,
        max_form_parts=settings.max_files + _MAX_OPTION_PARTS,
        silent=False,
    )
    try:
        _, form, parts = parser.parse(
            io.BytesIO(raw), "multipart/form-data", len(raw), dict(parameters)
        )
    except RequestEntityTooLarge:
        raise _too_many_files(settings.max_files) from None
    except ValueError:
        raise _damaged_form() from None
    if not form and not parts:
        raise _damaged_form()
    return form, parts


def _damaged_form() -> Problem:
    return Problem(
        400,
        "the multipart body is empty or damaged, or has no boundary",
        code="multipart-unreadable",
    )


def _form_upload(
    form: MultiDict[str, str],
    parts: MultiDict[str, FileStorage],
    settings: Settings,
    bounds: Bounds,
    extra: frozenset[str],
) -> Upload:
    files: list[tuple[str, bytes]] = []
    options: dict[str, Any] = {}
    others: dict[str, Any] = {}
    unpacked = 0
    for name, part in parts.items(multi=True):
        content = part.stream.read()
        if not content and not part.filename:
            continue  # what a browser sends of an input without a file
        if name in extra:
            others[name] = content.decode("utf-8", "replace")
        elif name == "baseline":
            options[name] = content.decode("utf-8", "replace")
        elif kind := archives.sniff(content):
            members = _bounded(archives.unpack(content, kind, bounds), settings.max_files)
            unpacked += sum(len(raw) for _, raw in members)
            if unpacked > bounds.unpacked:
                raise archives.too_large(bounds, unpacked)
            files += members
        elif (cleaned := paths.clean(part.filename or "")) is None:
            raise _invalid_path("filename")
        else:
            files.append((cleaned, content))
        if len(files) > settings.max_files:
            raise _too_many_files(settings.max_files)
    for name, value in form.items():
        if name == "options":
            options.update(_form_options(value))
        elif name in extra:
            others[name] = value
        elif name == "manifest":
            # A browser sends a text area's lines with these ends, whatever they were.
            if typed := value.replace("\r\n", "\n"):
                files.append((_TYPED, typed.encode()))
        else:
            options[name] = value
    return Upload(_unique(files), options, others)


def _form_options(value: str) -> Mapping[str, Any]:
    try:
        options = json.loads(value)
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict):
        raise Problem(
            422, "options: must be a JSON object", errors=(("options", "must be a JSON object"),)
        )
    return options


def _memory(*_args: object, **_keywords: object) -> IO[bytes]:
    """Where parts are kept: in memory. The body is bounded, and manifests must not reach a disk."""
    return io.BytesIO()


def _bounded(files: Iterator[tuple[str, bytes]], most: int) -> Files:
    taken = list(islice(files, most + 1))
    if len(taken) > most:
        raise _too_many_files(most)
    return _unique(taken)


def _unique(files: list[tuple[str, bytes]]) -> Files:
    if len({path for path, _ in files}) < len(files):
        detail = (
            "two files have the same path: with curl -F give each its own, as in -F"
            " 'file=@a/x.yaml;filename=a/x.yaml'"
        )
        raise Problem(
            422, detail, code="duplicate-path", errors=(("files", "two files have the same path"),)
        )
    return tuple(files)


def _too_many_files(most: int) -> Problem:
    return Problem(
        413,
        f"more than {most} files in one request: send several requests",
        code="too-many-files",
    )

"""From a request's body to files.

The body is read once, raw, whatever its type: Flask's own form parser would eat what plain `curl
--data-binary @file` sends, as curl calls that a form.
"""

from __future__ import annotations

import io
import json
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any

from flask import Request, g
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from service.web.problems import Problem
from service.web.settings import Settings
from service.web.uploads import archives, paths
from service.web.uploads.archives import ArchiveKind, Bounds

_CHUNK = 64 * 1024

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
_RAW_TYPES = frozenset({"", "application/octet-stream", "application/x-www-form-urlencoded"})
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
"""What a 415 lists; no Content-Type at all will do too."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What was sent."""

    files: tuple[tuple[str, bytes], ...]
    """Path and content, in the order in which they were sent."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The envelope's options as they came, not validated."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What else the envelope holds, such as a pull request's diff."""


def decode(
    request: Request, settings: Settings, *, path: str | None, extra: frozenset[str] = frozenset()
) -> Upload:
    """Read the body and take it apart.

    Args:
        request: the request, its body unread.
        settings: the limits.
        path: the name of a raw body, from the query; None for the usual one.
        extra: further keys that an envelope may have.

    Raises:
        Problem: 400, 408, 413, 415 or 422.
    """
    bounds = Bounds(
        settings.max_unpacked_bytes, settings.max_archive_ratio, settings.max_archive_members
    )
    media = request.mimetype.lower()
    kind = _kind(media)
    raw = _content(request, settings, bounds)
    if media in _RAW_TYPES and (sniffed := archives.sniff(raw)):
        kind = sniffed
    match kind:
        case ArchiveKind():
            upload = Upload(_bounded(archives.unpack(raw, kind, bounds), settings.max_files))
        case "json":
            upload = _json(raw, path, settings, extra)
        case "multipart":
            upload = _multipart(request, raw, settings, bounds, extra)
        case _:
            upload = Upload(((_raw_path(path, "stdin.yaml"), raw),))
    return upload


def _kind(media: str) -> ArchiveKind | str:
    if media in _ARCHIVE_TYPES:
        return _ARCHIVE_TYPES[media]
    if media == "multipart/form-data":
        return "multipart"
    if media in {"application/json", "text/json"} or media.endswith("+json"):
        return "json"
    if media in _RAW_TYPES | _YAML_TYPES or media.startswith("text/") or media.endswith("+yaml"):
        return "yaml"
    raise Problem(415, f"this type of body is not read; there are {', '.join(ACCEPTED)}")


def _content(request: Request, settings: Settings, bounds: Bounds) -> bytes:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Problem(415, "this Content-Encoding is not read; there are gzip and identity")
    raw = receive(request, settings)
    if encoding not in ("gzip", "x-gzip"):
        return raw
    try:
        return archives.inflate(raw, Bounds(settings.max_body_bytes, bounds.ratio, bounds.members))
    except (zlib.error, EOFError):
        raise Problem(
            400,
            "the body is not the gzip that its Content-Encoding says",
            code="encoding-unreadable",
        ) from None


def receive(request: Request, settings: Settings) -> bytes:
    """The raw body, read once, within its limits of size and time.

    Raises:
        Problem: 400 `body-truncated`, 408, or 413.
    """
    g.body_begun = True
    limit = settings.max_body_bytes
    too_large = Problem(413, f"the body is longer than {limit} bytes: send fewer files at once")
    until = time.monotonic() + settings.body_timeout
    if (request.content_length or 0) > limit:
        # The client is still sending: without this it would see a reset connection and not the
        # answer.
        _discard(request, min(until, time.monotonic() + 10), 16 * limit)
        raise too_large
    parts: list[bytes] = []
    total = 0
    for part in _chunks(request, until):
        total += len(part)
        if total > limit:
            _discard(request, min(until, time.monotonic() + 10), 16 * limit)
            raise too_large
        parts.append(part)
    if request.content_length is not None and total < request.content_length:
        raise _truncated()
    return b"".join(parts)


def _chunks(request: Request, until: float) -> Iterator[bytes]:
    stream = (
        request.environ["wsgi.input"]
        if request.environ.get("wsgi.input_terminated")
        else request.stream
    )
    # gunicorn hands its socket on; other servers have timeouts of their own.
    socket = request.environ.get("gunicorn.socket")
    set_timeout: Callable[[float | None], None] = (
        socket.settimeout if socket is not None else lambda _seconds: None
    )
    usual = socket.gettimeout() if socket is not None else None
    try:
        while True:
            # A timeout of 0 would mean: don't block.
            set_timeout(max(until - time.monotonic(), 0.001))
            if not (part := stream.read(_CHUNK)):
                return
            yield part
    except TimeoutError:
        detail = "the body took too long to arrive"
        raise Problem(408, detail, headers={"Connection": "close"}) from None
    except (OSError, ClientDisconnected, ParseException, ValueError):
        raise _truncated() from None
    finally:
        if socket is not None and socket.fileno() >= 0:
            socket.settimeout(usual)


def _discard(request: Request, until: float, most: int) -> None:
    total = 0
    try:
        for part in _chunks(request, until):
            total += len(part)
            if total > most:
                return
    except Problem:
        return


def discard_unread(request: Request, settings: Settings) -> None:
    """Take a body that no view read, so that the client, which is still sending, gets its answer
    rather than a reset connection.
    """
    if "body_begun" not in g and request.method in ("POST", "PUT", "PATCH", "DELETE"):
        _discard(
            request, time.monotonic() + min(settings.body_timeout, 10), 16 * settings.max_body_bytes
        )


def _truncated() -> Problem:
    return Problem(
        400,
        "the body ended early, or its chunks are malformed",
        code="body-truncated",
        headers={"Connection": "close"},
    )


def _raw_path(path: str | None, usual: str) -> str:
    if path is None:
        return usual
    cleaned = paths.clean(path)
    if cleaned is None:
        raise _bad_path("path")
    return cleaned


def _bad_path(name: str) -> Problem:
    detail = "must be a relative path with forward slashes that stays in its folder"
    return Problem(422, f"{name}: {detail}", code="invalid-path", errors=((name, detail),))


def _json(raw: bytes, path: str | None, settings: Settings, extra: frozenset[str]) -> Upload:
    try:
        data = json.loads(raw)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # several objects in a row, which kubectl reads
            return Upload(((_raw_path(path, "stdin.json"), raw),))
        raise Problem(
            400,
            f"the body is not JSON: line {error.lineno}, column {error.colno}",
            code="json-unreadable",
        ) from None
    except UnicodeDecodeError:
        raise Problem(400, "the body is not UTF-8", code="not-utf-8") from None
    except (RecursionError, ValueError):
        raise Problem(
            400,
            "the body is JSON that nests too deep or has a number too long",
            code="json-unreadable",
        ) from None
    if isinstance(data, dict) and "files" in data and "kind" not in data:
        return _envelope(data, settings, extra)
    return Upload(((_raw_path(path, "stdin.json"), raw),))


def _envelope(data: Mapping[str, Any], settings: Settings, extra: frozenset[str]) -> Upload:
    allowed = {"files", "options"} | extra
    errors = [
        (str(key)[:64], f"unknown; there are {', '.join(sorted(allowed))}")
        for key in data
        if key not in allowed
    ]
    options = data.get("options") or {}
    if not isinstance(options, dict):
        errors.append(("options", "must be an object"))
        options = {}
    sent = data["files"]
    if not isinstance(sent, list):
        errors.append(("files", "must be a list of objects with path and content"))
        sent = []
    if len(sent) > settings.max_files:
        raise _too_many(settings.max_files)
    files: list[tuple[str, bytes]] = []
    for index, item in enumerate(sent):
        match item:
            case {"path": str(path), "content": str(content), **rest} if not rest:
                if (cleaned := paths.clean(path)) is None:
                    raise _bad_path(f"files.{index}.path")
                # A lone surrogate stays one, for the core to refuse with its place.
                files.append((cleaned, content.encode("utf-8", "surrogatepass")))
            case _:
                errors.append(
                    (
                        f"files.{index}",
                        "must be an object with path and content, both strings, and nothing else",
                    )
                )
    if errors:
        raise Problem(
            422,
            "the envelope is not as it must be",
            code="invalid-envelope",
            errors=tuple(errors[:20]),
        )
    return Upload(_unique(files), options, {key: data[key] for key in extra if key in data})


def _multipart(
    request: Request, raw: bytes, settings: Settings, bounds: Bounds, extra: frozenset[str]
) -> Upload:
    parser = FormDataParser(
        stream_factory=_memory,
        max_form_memory_size=None,
        max_form_parts=settings.max_files + 64,
        silent=False,
    )
    damaged = Problem(
        400, "the multipart body is empty, damaged, or has no boundary", code="multipart-unreadable"
    )
    try:
        _, form, parts = parser.parse(
            io.BytesIO(raw), "multipart/form-data", len(raw), request.mimetype_params
        )
    except RequestEntityTooLarge:
        raise _too_many(settings.max_files) from None
    except ValueError:
        raise damaged from None
    if not form and not parts:
        raise damaged
    files: list[tuple[str, bytes]] = []
    more: dict[str, Any] = {}
    for name, part in parts.items(multi=True):
        content = part.stream.read()
        if name in extra:
            more[name] = content.decode("utf-8", "replace")
        elif kind := archives.sniff(content):
            files.extend(_bounded(archives.unpack(content, kind, bounds), settings.max_files))
        elif (cleaned := paths.clean(part.filename or "")) is None:
            raise _bad_path("filename")
        else:
            files.append((cleaned, content))
    options: dict[str, Any] = {}
    for name, value in form.items():
        if name == "options":
            options.update(_form_options(value))
        elif name in extra:
            more[name] = value
        else:
            options[name] = value
    return Upload(_unique(files), options, more)


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
    """Parts stay in memory: the body is bounded, and manifests must not reach a disk."""
    return io.BytesIO()


def _bounded(files: Iterator[tuple[str, bytes]], most: int) -> tuple[tuple[str, bytes], ...]:
    taken = list(islice(files, most + 1))
    if len(taken) > most:
        raise _too_many(most)
    return _unique(taken)


def _unique(files: list[tuple[str, bytes]]) -> tuple[tuple[str, bytes], ...]:
    if len({path for path, _ in files}) < len(files):
        detail = (
            "two files have one path: with curl -F give each its own, as in -F"
            " 'file=@a/x.yaml;filename=a/x.yaml'"
        )
        raise Problem(
            422, detail, code="duplicate-path", errors=(("files", "two files have one path"),)
        )
    return tuple(files)


def _too_many(most: int) -> Problem:
    return Problem(
        413, f"more than {most} files in one request: send them in several", code="too-many-files"
    )

"""Folders sent as tar, tar.gz or zip: read in memory, within bounds, never onto a disk."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from service.web.problems import Problem
from service.web.uploads import paths

_CHUNK = 256 * 1024
_FIRST_FEED = 1024
_MAX_GZIP_MEMBERS = 10_000
"""Members of a gzip stream; programs that compress in parallel make one for each 64 KiB or more."""
_RATIO_SLACK = 1024 * 1024
"""Bytes that an archive may unpack to whatever the ratio, as small manifests compress very well."""
_WINDOWS = 0
"""A zip member's `create_system` for FAT and NTFS (APPNOTE.TXT, section 4.4.2)."""


class ArchiveKind(StrEnum):
    """The kinds of archives that are read."""

    TAR = "tar"
    GZIP = "tar.gz"
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much an archive may unpack to."""

    unpacked: int
    """Bytes of all members together."""
    ratio: int
    """How many times its own size it may unpack to."""
    members: int
    """Members of any kind, folders and other files included."""

    def unpacked_for(self, packed: int) -> int:
        """How many bytes an archive of `packed` bytes may unpack to."""
        return min(self.unpacked, max(packed * self.ratio, _RATIO_SLACK))


def sniff(raw: bytes) -> ArchiveKind | None:
    """The kind by its magic bytes, which can't start a YAML or JSON text; None for no archive."""
    if raw[:2] == b"\x1f\x8b":
        return ArchiveKind.GZIP
    if raw[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return ArchiveKind.ZIP
    if raw[257:262] == b"ustar":
        return ArchiveKind.TAR
    return None


def unpack(raw: bytes, kind: ArchiveKind, bounds: Bounds) -> Iterator[tuple[str, bytes]]:
    """Read the manifest files of an archive.

    Yields:
        The path and the content of each, in the archive's order.

    Raises:
        Problem: 400 `archive-unreadable`, `archive-path`, `archive-link` or `archive-special-file`;
            413 `archive-too-large`, `archive-ratio` or `archive-members`.
    """
    try:
        match kind:
            case ArchiveKind.ZIP:
                yield from _zip(raw, bounds)
            case ArchiveKind.GZIP:
                yield from _tar(inflate(raw, bounds), bounds)
            case ArchiveKind.TAR:
                yield from _tar(raw, bounds)
    except Problem:
        raise
    except Exception:  # noqa: BLE001 - damaged archives make the parsers raise whatever they stumble over
        detail = (
            f"the {kind.value} archive is damaged, encrypted, or compressed by an unsupported"
            " method"
        )
        if kind is ArchiveKind.GZIP:
            detail += "; send a single compressed file with the header Content-Encoding: gzip"
        raise Problem(400, detail, code="archive-unreadable") from None


def inflate(raw: bytes, bounds: Bounds) -> bytes:
    """Undo gzip within bounds.

    Raises:
        Problem: 413 `archive-ratio` or `archive-too-large`.
        zlib.error: it is not gzip.
        EOFError: it ends early.
    """
    allowed = bounds.unpacked_for(len(raw))
    parts: list[bytes] = []
    total = offset = members = 0
    view = memoryview(raw)
    while offset < len(raw):
        members += 1
        if members > _MAX_GZIP_MEMBERS:
            detail = f"more than {_MAX_GZIP_MEMBERS} gzip members: compress the whole at once"
            raise Problem(413, detail, code="archive-members")
        decompressor = zlib.decompressobj(wbits=31)  # 31: gzip's header and checksum
        # A member may be tiny: only a large one is given much at once.
        fed, ended = _FIRST_FEED, False
        while not ended:
            given = view[offset : offset + fed]
            part = decompressor.decompress(given, _CHUNK)
            ended = decompressor.eof
            left = len(decompressor.unused_data if ended else decompressor.unconsumed_tail)
            offset += len(given) - left
            if not part and left == len(given) and not ended:
                raise EOFError
            total += len(part)
            if total > allowed:
                raise too_large(bounds, total)
            parts.append(part)
            fed = min(2 * fed, _CHUNK)
        # gzip allows several members one after another, and tar pads its end with zeros.
        while offset < len(raw) and not raw[offset]:
            offset += 1
    return b"".join(parts)


def _tar(raw: bytes, bounds: Bounds) -> Iterator[tuple[str, bytes]]:
    if len(raw) > bounds.unpacked:
        raise too_large(bounds, len(raw))
    left = bounds.unpacked
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
        for count, member in enumerate(archive, 1):
            _check_count(count, bounds)
            path = _member_path(member.name)
            if member.isdir():
                continue
            if member.issym() or member.islnk():
                raise _link()
            if not member.isreg():
                raise _special_file()
            if path is None or not paths.is_manifest(path):
                continue
            # A sparse member can claim more than the archive holds.
            left -= member.size
            if left < 0:
                raise too_large(bounds, bounds.unpacked + 1)
            file = archive.extractfile(member)
            content = file.read() if file else b""
            if len(content) != member.size:
                raise EOFError
            yield path, content
        # tarfile takes a damaged header, or none, for the end. A whole archive ends in a block of
        # zeros.
        end = raw[archive.offset : archive.offset + tarfile.BLOCKSIZE]
        if end != bytes(tarfile.BLOCKSIZE):
            raise EOFError


def _zip(raw: bytes, bounds: Bounds) -> Iterator[tuple[str, bytes]]:
    # Count in the bytes, before zipfile makes an object of each member.
    _check_count(raw.count(b"PK\x01\x02"), bounds)
    left = bounds.unpacked_for(len(raw))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for member in archive.infolist():
            # Some archivers on Windows write backslashes as separators.
            has_backslashes = member.create_system == _WINDOWS and "/" not in member.filename
            path = _member_path(
                member.filename.replace("\\", "/") if has_backslashes else member.filename
            )
            mode = member.external_attr >> 16
            if member.is_dir():
                continue
            if stat.S_ISLNK(mode):
                raise _link()
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                raise _special_file()
            if path is None or not paths.is_manifest(path):
                continue
            with archive.open(member) as file:
                content = file.read(left + 1)
            left -= len(content)
            if left < 0:
                raise too_large(bounds, bounds.unpacked_for(len(raw)) + 1)
            yield path, content


def _check_count(members: int, bounds: Bounds) -> None:
    if members > bounds.members:
        raise Problem(
            413,
            f"the archive has more than {bounds.members} members: send the manifests only",
            code="archive-members",
        )


def _member_path(name: str) -> str | None:
    """The member's path; None for the root itself.

    Raises:
        Problem: 400 `archive-path`.
    """
    if name.rstrip("/") in (".", ""):
        return None
    path = paths.clean(name)
    if path is None:
        detail = (
            "the archive has a member with an invalid path: it is absolute, leads out of the"
            " folder, or has characters that paths can't have"
        )
        raise Problem(400, detail, code="archive-path")
    return path


def _link() -> Problem:
    detail = (
        "the archive contains a link: pack what it points to instead (tar --dereference"
        " --hard-dereference), or leave it out"
    )
    return Problem(400, detail, code="archive-link")


def _special_file() -> Problem:
    return Problem(
        400,
        "the archive contains a device or a pipe: leave it out",
        code="archive-special-file",
    )


def too_large(bounds: Bounds, size: int) -> Problem:
    """The problem of an archive that unpacks to `size` bytes or more, which is over a bound."""
    if size > bounds.unpacked:
        return Problem(
            413,
            f"the archive unpacks to more than {bounds.unpacked} bytes: send the manifests only",
            code="archive-too-large",
        )
    return Problem(
        413, f"the archive unpacks to more than {bounds.ratio} times its size", code="archive-ratio"
    )

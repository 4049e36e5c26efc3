"""Archives: what is taken, what is refused."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
import zipfile
from typing import Literal

import pytest

from service.web.problems import Problem
from service.web.uploads.archives import ArchiveKind, Bounds, inflate, sniff, unpack

BOUNDS = Bounds(unpacked=4_000_000, ratio=200, members=50)
POD = b"kind: Pod\n"


def tar(
    members: dict[str, bytes], mode: Literal["w", "w:gz"] = "w", **more: tarfile.TarInfo
) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in more.values():
            archive.addfile(info)
    return buffer.getvalue()


def pack(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def code(raw: bytes, kind: ArchiveKind, bounds: Bounds = BOUNDS) -> tuple[int, str]:
    with pytest.raises(Problem) as caught:
        list(unpack(raw, kind, bounds))
    return caught.value.status, caught.value.code


MEMBERS = {
    "./app/web.yaml": POD,
    "app/api.YML": POD,
    "x.json": b"{}",
    "README.md": b"# no",
    "app/run.sh": b"exit",
}
TAKEN = [("app/web.yaml", POD), ("app/api.YML", POD), ("x.json", b"{}")]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (tar(MEMBERS), ArchiveKind.TAR),
        (tar(MEMBERS, "w:gz"), ArchiveKind.GZIP),
        (pack(MEMBERS), ArchiveKind.ZIP),
        (pack(MEMBERS, zipfile.ZIP_STORED), ArchiveKind.ZIP),
    ],
)
def test_manifests_are_taken_and_nothing_else(raw: bytes, kind: ArchiveKind) -> None:
    """YAML and JSON by their suffix, with clean paths, in the archive's order; the kind is told
    by its magic bytes.
    """
    assert sniff(raw) is kind
    assert list(unpack(raw, kind, BOUNDS)) == TAKEN


def test_folders_are_no_trouble():
    """The entries that tar makes for folders, the root included."""
    raw = tar(
        {"a/b.yaml": POD},
        root=special(".", tarfile.DIRTYPE),
        folder=special("./a", tarfile.DIRTYPE),
    )

    assert list(unpack(raw, ArchiveKind.TAR, BOUNDS)) == [("a/b.yaml", POD)]


def test_yaml_is_no_archive():
    """No text is taken for one."""
    assert sniff(POD) is None
    assert sniff(b"") is None
    assert sniff(b"PK: Pod\n") is None


@pytest.mark.parametrize(
    "name",
    ["../up.yaml", "/etc/abs.yaml", "a/../../up.yaml", "a\\b.yaml", "C:/x.yaml", "a\nb.yaml"],
)
def test_paths_that_lead_out(name):
    """Refused, in every kind of archive, whatever the member holds."""
    assert code(tar({name: POD}), ArchiveKind.TAR) == (400, "archive-path")
    assert code(tar({name: POD}, "w:gz"), ArchiveKind.GZIP) == (400, "archive-path")
    assert code(pack({name: POD}), ArchiveKind.ZIP) == (400, "archive-path")


def windows(name: str) -> bytes:
    """A zip as .NET's older archivers write it: backslashes, made on FAT."""
    raw = bytearray(
        pack({name.replace("\\", "/"): POD}).replace(
            name.replace("\\", "/").encode(), name.encode()
        )
    )
    raw[raw.index(b"PK\x01\x02") + 5] = 0
    return bytes(raw)


def test_a_zip_with_backslashes():
    """Made on Windows they separate folders; made elsewhere they are part of a name, which isn't
    taken.
    """
    assert list(unpack(windows("app\\deep\\web.yaml"), ArchiveKind.ZIP, BOUNDS)) == [
        ("app/deep/web.yaml", POD)
    ]
    assert code(windows("..\\web.yaml"), ArchiveKind.ZIP) == (400, "archive-path")
    assert code(windows("C:\\web.yaml"), ArchiveKind.ZIP) == (400, "archive-path")
    assert code(windows("a/..\\web.yaml"), ArchiveKind.ZIP) == (400, "archive-path")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_a_tar(kind):
    """Symbolic and hard links are refused."""
    assert code(tar({}, link=special("a.yaml", kind, "/etc/passwd")), ArchiveKind.TAR) == (
        400,
        "archive-link",
    )


def test_links_in_a_zip():
    """Symbolic links are refused."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("a.yaml")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")

    assert code(buffer.getvalue(), ArchiveKind.ZIP) == (400, "archive-link")


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_devices(kind):
    """Refused."""
    assert code(tar({}, device=special("a.yaml", kind)), ArchiveKind.TAR) == (
        400,
        "archive-special-file",
    )


def test_bombs():
    """What unpacks to far more than was sent is refused before it is unpacked."""
    zeros = b"#" * 60_000_000

    assert code(tar({"a.yaml": zeros}, "w:gz"), ArchiveKind.GZIP, Bounds(10**9, 200, 50)) == (
        413,
        "archive-ratio",
    )
    assert code(pack({"a.yaml": zeros}), ArchiveKind.ZIP, Bounds(10**9, 200, 50)) == (
        413,
        "archive-ratio",
    )
    assert code(tar({"a.yaml": zeros}, "w:gz"), ArchiveKind.GZIP, Bounds(4_000_000, 10**6, 50)) == (
        413,
        "archive-too-large",
    )
    assert code(pack({"a.yaml": zeros}), ArchiveKind.ZIP, Bounds(4_000_000, 10**6, 50)) == (
        413,
        "archive-too-large",
    )
    assert code(tar({"a.yaml": zeros}), ArchiveKind.TAR) == (413, "archive-too-large")


def test_many_small_members_of_a_bomb():
    """The bound is on all members together."""
    members = {f"{number}.yaml": b"#" * 300_000 for number in range(20)}

    assert code(pack(members), ArchiveKind.ZIP, Bounds(4_000_000, 10**6, 50))[0] == 413


def test_too_many_members():
    """Counted whether they are manifests or not."""
    members = {f"{number}.txt": b"" for number in range(51)}

    assert code(tar(members), ArchiveKind.TAR) == (413, "archive-members")
    assert code(pack(members), ArchiveKind.ZIP) == (413, "archive-members")


@pytest.mark.parametrize(("number", "fits"), [(50, True), (51, False)])
@pytest.mark.parametrize(("make", "kind"), [(tar, ArchiveKind.TAR), (pack, ArchiveKind.ZIP)])
def test_the_limit_of_members(make, kind, number, fits):
    """As many as the bounds say; one more is refused."""
    raw = make({f"{place}.yaml": POD for place in range(number)})

    if fits:
        assert len(list(unpack(raw, kind, BOUNDS))) == number
    else:
        assert code(raw, kind) == (413, "archive-members")


@pytest.mark.parametrize(("less", "fits"), [(0, True), (1, False)])
def test_the_limit_of_unpacked_bytes(less, fits):
    """Of a zip its manifests count, of a tar all of it; one byte more is refused."""
    members = {"a.yaml": b"x" * 30_000, "b.yaml": b"y" * 30_000, "c.txt": b"z" * 90_000}
    packed, plain, squeezed = pack(members), tar(members), tar(members, "w:gz")
    for raw, kind, size in (
        (packed, ArchiveKind.ZIP, 60_000),
        (plain, ArchiveKind.TAR, len(plain)),
        (squeezed, ArchiveKind.GZIP, len(plain)),
    ):
        bounds = Bounds(unpacked=size - less, ratio=10**6, members=50)
        if fits:
            assert len(list(unpack(raw, kind, bounds))) == 2
        else:
            assert code(raw, kind, bounds) == (413, "archive-too-large")


@pytest.mark.parametrize(
    ("packed", "allowed"),
    [
        (1, 1_048_576),
        (5_242, 1_048_576),
        (5_243, 1_048_600),
        (10_000, 2_000_000),
        (20_000, 4_000_000),
        (20_001, 4_000_000),
    ],
)
def test_what_an_archive_may_unpack_to(packed, allowed):
    """A mebibyte whatever the ratio, then as many times its size as the ratio says, up to the
    bound on bytes.
    """
    assert BOUNDS.unpacked_for(packed) == allowed


def test_a_sparse_member_that_claims_terabytes():
    """The claim counts, not what the archive holds."""
    info = tarfile.TarInfo("a.yaml")
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.realsize": str(10**13),
        "GNU.sparse.name": "a.yaml",
    }
    content = b"1\n0\n1\n".ljust(512, b"\0") + b"x" * 512
    info.size = len(content)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(content))

    assert code(buffer.getvalue(), ArchiveKind.TAR)[0] in (400, 413)


@pytest.mark.parametrize("kind", list(ArchiveKind))
def test_damage(kind):
    """Cut and garbled archives are refused, never a crash."""
    raw = {
        ArchiveKind.TAR: tar(MEMBERS),
        ArchiveKind.GZIP: tar(MEMBERS, "w:gz"),
        ArchiveKind.ZIP: pack(MEMBERS),
    }[kind]

    for broken in (raw[: len(raw) // 3], raw[:20], b"nothing of the kind" * 40, b""):
        assert code(broken, kind) == (400, "archive-unreadable")
    for place in range(0, len(raw), 7):
        garbled = raw[:place] + bytes([raw[place] ^ 0x55]) + raw[place + 1 :]
        with contextlib.suppress(Problem):
            list(unpack(garbled, kind, BOUNDS))


def test_members_of_gzip_one_after_another():
    """The format allows them, and tar pads."""
    raw = tar({"a.yaml": POD})

    assert list(
        unpack(
            gzip.compress(raw[:512]) + gzip.compress(raw[512:]) + b"\0" * 100,
            ArchiveKind.GZIP,
            BOUNDS,
        )
    ) == [("a.yaml", POD)]


def test_a_damaged_member_of_any_compression_is_a_damaged_archive():
    """Each library raises errors of its own."""
    for compression in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        raw = bytearray(pack({"a.yaml": b"kind: Pod\n" * 50}, compression))
        for place in range(36, 60):
            raw[place] ^= 0x5A
        assert code(bytes(raw), ArchiveKind.ZIP) == (400, "archive-unreadable")


def test_tiny_members_of_gzip_cost_no_more_than_they_hold():
    """Each is read from where it starts; more of them than programs make are refused."""
    member = gzip.compress(b"#")
    few = inflate(member * 2000, Bounds(10_000_000, 1000, 10))
    assert few == b"#" * 2000
    with pytest.raises(Problem) as caught:
        inflate(member * 10_001, Bounds(10_000_000, 1000, 10))
    assert (caught.value.status, caught.value.code) == (413, "archive-members")


def test_a_large_member_is_read_in_pieces():
    """However it is compressed."""
    text = bytes(range(256)) * 8000
    assert inflate(gzip.compress(text, 1) + gzip.compress(text, 9), BOUNDS_FOR_MUCH) == text * 2


BOUNDS_FOR_MUCH = Bounds(10_000_000, 1000, 10)

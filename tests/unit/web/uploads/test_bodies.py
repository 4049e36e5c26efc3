"""Every form that a body may have."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from flask import Flask

from service.web.problems import Problem
from service.web.settings import Settings
from service.web.uploads.bodies import Upload, decode, receive_body
from tests.unit.web.uploads.test_archives import MEMBERS, TAKEN, pack, tar

POD = b"kind: Pod\nmetadata: {name: a&b=c}\n"
SETTINGS = Settings(max_body_bytes=100_000, max_unpacked_bytes=1_000_000, max_files=5)


def upload(data: bytes, content_type: str | None, path: str | None = None, **more) -> Upload:
    app = Flask("test")
    with app.test_request_context(
        "/", method="POST", data=data, content_type=content_type, **more
    ) as context:
        body = receive_body(context.request, SETTINGS, lambda _size: None)
        return decode(body, SETTINGS, path=path, extra=frozenset({"diff"}))


def refused(
    data: bytes, content_type: str | None, path: str | None = None, **more
) -> tuple[int, str]:
    with pytest.raises(Problem) as caught:
        upload(data, content_type, path, **more)
    return caught.value.status, caught.value.code


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/x-www-form-urlencoded",
        "text/plain; charset=utf-8",
        "text/yaml",
        "text/x-anything",
        "application/yaml",
        "application/x-yaml",
        "application/vnd.example+yaml",
        "application/octet-stream",
        "APPLICATION/YAML",
    ],
)
def test_raw_yaml(content_type):
    """The body is the file, byte for byte, also when curl calls it a form."""
    assert upload(POD, content_type) == Upload((("stdin.yaml", POD),))


def test_no_body():
    """What was to make it may have failed, so nobody should take it for clean manifests."""
    assert refused(b"", "text/yaml") == (400, "body-empty")
    assert refused(b"", None) == (400, "body-empty")
    assert upload(b"\n", "text/yaml").files == (("stdin.yaml", b"\n"),)


def test_a_raw_body_may_be_named():
    """By the query."""
    assert upload(POD, None, "app/web.yaml").files == (("app/web.yaml", POD),)
    assert upload(b'{"kind":"Pod"}', "application/json", "web.json").files == (
        ("web.json", b'{"kind":"Pod"}'),
    )
    assert refused(POD, None, "../web.yaml") == (422, "invalid-path")


@pytest.mark.parametrize(
    "data",
    [
        b'{"kind": "Pod"}',
        b'{"kind": "List", "files": []}',
        b"[]",
        b'{"kind": "A"}\n{"kind": "B"}',
        b'\xef\xbb\xbf{"kind": "Pod"}',
    ],
)
@pytest.mark.parametrize(
    "content_type", ["application/json", "text/json", "application/vnd.api+json; charset=utf-8"]
)
def test_json_manifests(data, content_type):
    """What is no envelope is a manifest, for the core to read."""
    assert upload(data, content_type) == Upload((("stdin.json", data),))


def test_an_envelope():
    """Files with paths, options, and what else this endpoint takes."""
    envelope = {
        "files": [{"path": "./a/b.yaml", "content": "kind: Pöd"}],
        "options": {"apply": "safe"},
        "diff": "x",
    }

    assert upload(json.dumps(envelope).encode(), "application/json") == Upload(
        (("a/b.yaml", "kind: Pöd".encode()),), {"apply": "safe"}, {"diff": "x"}
    )


@pytest.mark.parametrize(
    ("envelope", "status", "code"),
    [
        ({"files": {}}, 422, "invalid-envelope"),
        ({"files": [{"path": "a.yaml"}]}, 422, "invalid-envelope"),
        ({"files": [{"path": "a.yaml", "content": 1}]}, 422, "invalid-envelope"),
        ({"files": [{"path": "a.yaml", "content": "", "mode": 1}]}, 422, "invalid-envelope"),
        ({"files": [], "nope": 1}, 422, "invalid-envelope"),
        ({"files": [], "options": None}, 200, ""),
        ({"files": [], "options": []}, 422, "invalid-envelope"),
        ({"files": [], "options": 0}, 422, "invalid-envelope"),
        ({"files": [], "options": [1]}, 422, "invalid-envelope"),
        ({"files": [{"path": "/a.yaml", "content": ""}]}, 422, "invalid-path"),
        ({"files": [{"path": "a\ud800.yaml", "content": ""}]}, 422, "invalid-path"),
        ({"files": [{"path": "a.yaml", "content": ""}] * 2}, 422, "duplicate-path"),
        (
            {"files": [{"path": f"{number}.yaml", "content": ""} for number in range(6)]},
            413,
            "too-many-files",
        ),
    ],
)
def test_envelopes_that_are_not_as_they_must_be(envelope, status, code):
    """Each with its own code."""
    data = json.dumps(envelope).encode()
    if status == 200:
        assert upload(data, "application/json").files == ()
    else:
        assert refused(data, "application/json") == (status, code)


def test_half_a_character_is_left_to_the_core():
    """A lone surrogate becomes bytes that aren't UTF-8, and so a rejected file rather than a
    crash.
    """
    envelope = {"files": [{"path": "a.yaml", "content": "\ud800"}]}

    assert upload(json.dumps(envelope).encode(), "application/json").files == (
        ("a.yaml", b"\xed\xa0\x80"),
    )


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"",
        b"kind: Pod",
        b'{"files": ',
        b'{"a": ' * 15_000,
        b"[" * 90_000,
        b"\xff{}",
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_json_that_is_none(data):
    """400 with a place where there is one, however deep or long."""
    assert refused(data, "application/json")[0] == 400


@pytest.mark.parametrize(
    "content_type",
    ["image/png", "application/pdf", "application/xml", "multipart/mixed", "nonsense"],
)
def test_types_that_are_not_read(content_type):
    """415 with the list."""
    assert refused(POD, content_type) == (415, "unsupported-media-type")


def multipart(*parts: tuple[str, str | None, bytes]) -> tuple[bytes, str]:
    lines = []
    for name, filename, content in parts:
        file = f'; filename="{filename}"' if filename is not None else ""
        lines.append(
            b'--XX\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
            % (name.encode(), file.encode(), content)
        )
    return b"".join(lines) + b"--XX--\r\n", "multipart/form-data; boundary=XX"


def test_multipart():
    """Parts with file names are files, others options."""
    body = multipart(
        ("file", "a/web.yaml", POD),
        ("file", "b.yaml", b"\r\nx"),
        ("stage", None, b"expand"),
        ("options", None, b'{"apply": "safe"}'),
    )

    assert upload(*body) == Upload(
        (("a/web.yaml", POD), ("b.yaml", b"\r\nx")), {"stage": "expand", "apply": "safe"}
    )


def test_multipart_of_a_browser():
    """A text area, whose line ends browsers change, and inputs without a file."""
    body = multipart(
        ("manifest", None, POD.replace(b"\n", b"\r\n")),
        ("files", "", b""),
        ("stage", None, b"add"),
    )

    assert upload(*body) == Upload((("pasted.yaml", POD),), {"stage": "add"})
    files = multipart(("manifest", None, b""), ("files", "b.yaml", POD), ("folder", "", b""))
    assert upload(*files) == Upload((("b.yaml", POD),))


def test_multipart_with_an_archive_and_a_diff():
    """An archive is unpacked; what this endpoint takes besides may be a file or a field."""
    packed = multipart(("file", "app.zip", pack(MEMBERS)), ("diff", "pr.diff", b"+++ x"))

    assert upload(*packed) == Upload(tuple(TAKEN), {}, {"diff": "+++ x"})
    assert upload(*multipart(("diff", None, b"+++ y"))).extra == {"diff": "+++ y"}


@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ([("file", "../a.yaml", POD)], 422, "invalid-path"),
        ([("file", "a.yaml", POD), ("file", "a.yaml", POD)], 422, "duplicate-path"),
        ([("options", None, b"[]")], 422, "invalid-options"),
        ([("file", f"{number}.yaml", POD) for number in range(90)], 413, "too-many-files"),
    ],
)
def test_multipart_that_is_refused(parts, status, code):
    """Each with its own code."""
    assert refused(*multipart(*parts)) == (status, code)


@pytest.mark.parametrize(("number", "status"), [(5, 200), (6, 413)])
def test_the_limit_of_files_in_a_form(number, status):
    """As many as the settings say, from parts and from archives together."""
    plain = multipart(*(("file", f"{place}.yaml", POD) for place in range(number)))
    packed = tar({f"{place}.yaml": POD for place in range(number - 2)})
    mixed = multipart(("file", "a.yaml", POD), ("file", "b.yaml", POD), ("file", "app.tar", packed))

    for body in (plain, mixed):
        if status == 200:
            assert len(upload(*body).files) == number
        else:
            assert refused(*body) == (413, "too-many-files")


def test_archives_in_a_form_are_counted_together():
    """Two that may each unpack to what they do are too large together."""
    first, second = (
        gzip.compress(tar({f"{name}.yaml": name.encode() * 600_000})) for name in ("a", "b")
    )

    assert len(upload(*multipart(("file", "a.tgz", first))).files) == 1
    assert refused(*multipart(("file", "a.tgz", first), ("file", "b.tgz", second))) == (
        413,
        "archive-too-large",
    )


@pytest.mark.parametrize(
    "body", [b"", b"--XX", b"--YY\r\n\r\n", multipart(("file", "a.yaml", POD))[0][:-30]]
)
def test_damaged_multipart(body):
    """400."""
    assert refused(body, "multipart/form-data; boundary=XX") == (400, "multipart-unreadable")
    assert refused(body, "multipart/form-data") == (400, "multipart-unreadable")


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "application/x-tar",
        "application/zip",
    ],
)
def test_archives(content_type):
    """By their type, or by their magic bytes where the type says nothing."""
    if content_type != "application/zip":
        assert upload(tar(MEMBERS), content_type).files == tuple(TAKEN)
    if content_type != "application/x-tar":
        assert upload(pack(MEMBERS), content_type).files == tuple(TAKEN)
    if content_type not in ("application/x-tar", "application/zip"):
        assert upload(tar(MEMBERS, "w:gz"), content_type).files == tuple(TAKEN)
    assert upload(tar(MEMBERS, "w:gz"), "application/gzip").files == tuple(TAKEN)


def test_too_many_files_in_an_archive():
    """Counted where they are manifests."""
    assert refused(tar({f"{number}.yaml": POD for number in range(6)}), "application/x-tar") == (
        413,
        "too-many-files",
    )


def test_compressed_bodies():
    """Content-Encoding: gzip is undone within the body's limit; others are not read."""
    headers = {"Content-Encoding": "gzip"}

    assert upload(gzip.compress(POD), "text/yaml", headers=headers).files == (("stdin.yaml", POD),)
    assert refused(POD, "text/yaml", headers=headers) == (400, "encoding-unreadable")
    assert refused(gzip.compress(b"#" * 200_000), "text/yaml", headers=headers)[0] == 413
    assert refused(POD, "text/yaml", headers={"Content-Encoding": "br"}) == (
        415,
        "unsupported-media-type",
    )


def test_bodies_over_the_limit():
    """413, whether the length is told or not."""
    data = b"#" * 100_001

    assert refused(data, None) == (413, "body-too-large")
    unknown = {
        "input_stream": io.BytesIO(data),
        "environ_overrides": {"wsgi.input_terminated": True},
    }
    app = Flask("test")
    with (
        app.test_request_context("/", method="POST", **unknown) as context,
        pytest.raises(Problem) as caught,
    ):
        receive_body(context.request, SETTINGS, lambda _size: None)
    assert caught.value.status == 413
    assert upload(data[:-1], None).files == (("stdin.yaml", data[:-1]),)

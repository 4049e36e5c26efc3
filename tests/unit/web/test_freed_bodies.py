"""A body that was refused is freed with its request, not when the garbage collector looks.

A worker's collector looks seldom, so bodies that are part of a cycle would take all memory.
"""

from __future__ import annotations

import gc
import io
import json
import tracemalloc
import zipfile

import pytest
from werkzeug.test import EnvironBuilder

from service.web.app import create_app
from service.web.settings import Settings

LIMIT = 400_000
BODY = b"#" * (LIMIT - 1000)
FORM = "multipart/form-data; boundary=XX"


def envelope(path: str, options: object) -> bytes:
    files = [{"path": path, "content": BODY.decode()}]
    return json.dumps({"files": files, "options": options}).encode()


def form(filename: str) -> bytes:
    head = f'--XX\r\nContent-Disposition: form-data; name="f"; filename="{filename}"\r\n\r\n'
    return head.encode() + BODY[:-500] + b"\r\n--XX--\r\n"


def archive(path: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(path, BODY[:-500])
    return buffer.getvalue()


REQUESTS = {
    "accepted": ("/v1/analyze", "text/yaml", BODY, 200),
    "too large": ("/v1/analyze", "text/yaml", b"#" * (LIMIT + 1), 413),
    "damaged form": ("/v1/analyze", FORM, BODY, 400),
    "form with a wrong path": ("/v1/analyze", FORM, form("../a.yaml"), 422),
    "damaged JSON": ("/v1/analyze", "application/json", b"{" + BODY, 400),
    "envelope with a wrong path": ("/v1/analyze", "application/json", envelope("/a", {}), 422),
    "envelope with a wrong option": (
        "/v1/analyze",
        "application/json",
        envelope("a.yaml", {"apply": "x"}),
        422,
    ),
    "damaged archive": ("/v1/analyze", "application/zip", b"PK\x03\x04" + BODY, 400),
    "archive with a wrong path": ("/v1/analyze", "application/zip", archive("../a.yaml"), 400),
    "unknown option": ("/v1/analyze?nope=1", "text/yaml", BODY, 422),
    "unknown path": ("/v1/nothing", "text/yaml", BODY, 404),
    "no diff": ("/v1/suggestions?platform=github", "application/json", envelope("a.yaml", {}), 422),
}


@pytest.mark.parametrize("chunked", [False, True], ids=["", "chunked"])
@pytest.mark.parametrize(("path", "media", "data", "status"), REQUESTS.values(), ids=REQUESTS)
def test_memory_after_a_request(path, media, data, status, chunked):
    """Without the collector, less than a tenth of the body is still held after its answer."""
    app = create_app(Settings(max_body_bytes=LIMIT))

    def ask() -> str:
        statuses: list[str] = []
        environ = EnvironBuilder(
            path, method="POST", content_type=media, input_stream=io.BytesIO(data)
        ).get_environ()
        if chunked:
            del environ["CONTENT_LENGTH"]
            environ["wsgi.input_terminated"] = True
        b"".join(app(environ, lambda status, *_: statuses.append(status)))
        return statuses[0]

    assert ask().startswith(str(status))
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(3):
            ask()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()

    assert (after - before) / 3 < len(data) / 10

"""Nothing of a manifest in logs, metrics and problems; of values nothing in what the service
says about them either.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import textwrap
from typing import Any

import pytest

from service.web.app import create_app
from service.web.formats import ANALYZE, REWRITE
from service.web.settings import Settings

CANARY = "c4n4ry"
SET = """\
apiVersion: v1
kind: Pod
metadata:
  name: shop
  labels: {app: shop}
  annotations: {note: c4n4ry}
spec:
  containers:
    - name: web # c4n4ry
      image: nginx:1.27
      ports: [{containerPort: 80}]
      command: [nginx, "--password=c4n4ry", "--upstream=http://user:c4n4ry@localhost:3000/c4n4ry?key=c4n4ry#c4n4ry"]
      env:
        - {name: DATABASE_URL, value: "postgres://user:c4n4ry@localhost:5432/shop?password=c4n4ry"}
        - {name: API_URL, value: "http://c4n4ry@127.0.0.1:3000/c4n4ry"}
        - {name: PLAIN, value: c4n4ry}
        - {name: HOST, value: localhost}
        - {name: PORT, value: "3000"}
      envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: secrets}}]
      livenessProbe:
        httpGet: {port: 3000, path: /c4n4ry, httpHeaders: [{name: Authorization, value: c4n4ry}]}
      lifecycle:
        postStart: {exec: {command: [sh, -c, "curl http://user:c4n4ry@localhost:3000/c4n4ry"]}}
    - name: api
      image: registry.example.com/api:3
      args: ["--token", "c4n4ry"]
      env: [{name: PORT, value: "3000"}]
      ports: [{containerPort: 3000}]
    - name: db
      image: postgres:17
      env: [{name: POSTGRES_PASSWORD, value: c4n4ry}]
      ports: [{containerPort: 5432}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  UPSTREAM: http://user:c4n4ry@localhost:3000/c4n4ry
  app.ini: |
    password = c4n4ry
    url = postgres://user:c4n4ry@localhost:5432/x
---
apiVersion: v1
kind: Secret
metadata: {name: secrets}
stringData: {URL: "redis://:c4n4ry@localhost:6379"}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{name: web, port: 80}, {name: api, port: 3000}]
"""
POD, REST = SET.split("---\n", 1)
DEPLOYED = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  selector:"
    " {matchLabels: {app: shop}}\n  template:\n"
)
DEPLOYED += textwrap.indent(POD.partition("kind: Pod\n")[2], "    ") + "---\n" + REST
OTHERS = [
    SET.replace("    - name: db", "    - name: redis\n      image: redis:8\n    - name: db"),
    DEPLOYED,
    SET.replace('value: "postgres://', "value: &c4n4ry postgres://").replace(
        'password=c4n4ry"}', "password=c4n4ry}"
    ),
    SET.replace("localhost", "$(C4N4RY)c4n4ry.localhost"),
    SET.replace("metadata: {name: settings}", "metadata: {name: settings}\nmetadata: c4n4ry"),
]
"""The same in other shapes: more servers, a controller, an anchor, other hosts, a key twice."""
BROKEN = [
    b"a: [c4n4ry",
    b"c4n4ry: *c4n4ry",
    b"a: !c4n4ry c4n4ry",
    b"--- {a: c4n4ry}\n",
    b"%YAML c4n4ry\n",
    b"a: c4n4ry\n...\nb: c4n4ry",
    b"kind: {{ .Values.c4n4ry }}",
    b"a: c4n4ry\xff",
    b'{"kind": "c4n4ry"',
    b"apiVersion: v1\nkind: Pod\nmetadata: c4n4ry\nspec: c4n4ry\n",
    b"apiVersion: v1\nkind: Pod\nmetadata: {name: [c4n4ry]}\nspec: {containers: c4n4ry}\n",
    b"[" * 500 + b"c4n4ry",
    b"a: !!int c4n4ry",
    b"a: !!binary c4n4ry",
    b"<<: c4n4ry",
]


@pytest.fixture
def quiet(client, lines):
    """A client; afterwards neither log nor metrics hold the canary."""
    yield client
    assert lines
    assert CANARY not in json.dumps(lines).lower()
    metrics = client.get("/metrics").text
    assert "podsplit_requests_total" in metrics
    assert CANARY not in metrics.lower()


def said(value: Any, key: str = "") -> list[str]:
    """Every string of an answer but the text of files, which is theirs."""
    match value:
        case dict():
            return [text for name, item in value.items() for text in said(item, name)]
        case list():
            return [text for item in value for text in said(item, key)]
        case str() if key != "content":
            return [value]
        case _:
            return []


@pytest.mark.parametrize("text", [SET, *OTHERS])
@pytest.mark.parametrize("path", ["/v1/analyze", "/v1/rewrite"])
def test_what_is_said_about_values(quiet, path, text):
    """Evidence, findings, changes, refusals and steps name host, port and route: no user,
    password, path or query of a value.
    """
    answer = quiet.post(path, data=text)

    assert answer.status_code == 200
    assert len(answer.json["workloads"]) == 1 or text == OTHERS[-1]
    assert [found for found in said(answer.json) if CANARY in found.lower()] == []
    assert text != SET or any("on localhost port 5432" in found for found in said(answer.json))


@pytest.mark.parametrize("form", [form.name for form in ANALYZE])
@pytest.mark.parametrize("text", [SET, *OTHERS])
def test_reports_of_an_analysis(quiet, form, text):
    """They hold no file, so nothing of a value at all."""
    assert CANARY not in quiet.post(f"/v1/analyze?format={form}", data=text).text.lower()


@pytest.mark.parametrize("form", [form.name for form in REWRITE])
@pytest.mark.parametrize("path", ["/v1/analyze", "/v1/rewrite"])
def test_what_can_not_be_read(quiet, path, form):
    """What is wrong is said without what stands there; only a file's own text may hold it."""
    for raw in BROKEN:
        answer = quiet.post(f"{path}?format={form}&fail_on=error", data=raw)
        assert answer.status_code < 500
        if answer.content_type == "application/problem+json" or (path, form) == (
            "/v1/rewrite",
            "json",
        ):
            assert [found for found in said(answer.json) if CANARY in found] == [], raw
        elif form != "yaml":
            assert CANARY not in answer.text, raw


def archive(name: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.size = kind, CANARY, 0
        packed.addfile(member)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("query", "body", "media", "headers"),
    [
        ("format=c4n4ry", b"", "", {}),
        ("min_confidence=c4n4ry", b"", "", {}),
        ("rules=c4n4ry", b"", "", {}),
        ("stage=c4n4ry&apply=c4n4ry&layout=c4n4ry&fail_on=c4n4ry", b"", "", {}),
        ("path=../c4n4ry", b"", "", {}),
        ("platform=c4n4ry", b"", "", {}),
        ("", b"", "c4n4ry/c4n4ry", {}),
        ("", b"c4n4ry", "text/yaml", {"Content-Encoding": "c4n4ry"}),
        ("", b"c4n4ry", "text/yaml", {"Content-Encoding": "gzip"}),
        ("", gzip.compress(b"c4n4ry", mtime=0)[:-9], "text/yaml", {"Content-Encoding": "gzip"}),
        ("", b"c4n4ry", "application/json", {}),
        ("", b'{"files": "c4n4ry"}', "application/json", {}),
        ("", b'{"files": [{"path": "/c4n4ry", "content": "c4n4ry"}]}', "application/json", {}),
        (
            "",
            b'{"files": [], "options": {"apply": "c4n4ry", "catalogue": [{"image": "(c4n4ry)"}]}}',
            "application/json",
            {},
        ),
        (
            "",
            b'{"files": [{"path": ".podsplit.yaml", "content": "apply: c4n4ry"}]}',
            "application/json",
            {},
        ),
        (
            "",
            b'{"files": [{"path": ".podsplit.yaml", "content": "[c4n4ry"}]}',
            "application/json",
            {},
        ),
        (
            "platform=github",
            b'{"files": [], "diff": "--- a/c4n4ry\\n+++ b/c4n4ry\\n@@ -1 +1 @@\\n?c4n4ry"}',
            "application/json",
            {},
        ),
        ("platform=github", b'{"files": [], "diff": ["c4n4ry"]}', "application/json", {}),
        ("", b"--c4n4ry", "multipart/form-data; boundary=c4n4ry", {}),
        ("", archive("../c4n4ry.yaml"), "application/gzip", {}),
        ("", archive("c4n4ry.yaml", tarfile.SYMTYPE), "application/gzip", {}),
        ("", archive("c4n4ry.yaml", tarfile.FIFOTYPE), "application/gzip", {}),
        ("", b"PK\x03\x04c4n4ry", "application/zip", {}),
        ("", b"", "", {"Accept": "c4n4ry/c4n4ry"}),
    ],
    ids=lambda value: (
        value if isinstance(value, str) else type(value).__name__
    ),  # archives hold the time at which they were made
)
@pytest.mark.parametrize("path", ["/v1/analyze", "/v1/rewrite", "/v1/suggestions"])
def test_problems(quiet, path, query, body, media, headers):
    """Whatever is wrong with a request, its problem is told in our own words."""
    answer = quiet.post(
        f"{path}?{query}", data=body, headers=headers | ({"Content-Type": media} if media else {})
    )

    assert answer.status_code < 500
    assert answer.status_code != 200 or path == "/v1/suggestions" or "platform" not in query
    assert CANARY not in answer.text.lower()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS", "C4N4RY"])
def test_other_requests(quiet, method):
    """Paths, queries, methods and headers of others' making leave no trace."""
    for path in ("/c4n4ry", "/v1/c4n4ry?c4n4ry=c4n4ry", "/healthz?c4n4ry", "/docs?c4n4ry"):
        answer = quiet.open(
            path,
            method=method,
            headers={
                "Authorization": "Bearer c4n4ry",
                "X-Request-Id": "c4n4ry c4n4ry",
                "Cookie": "c4n4ry",
            },
        )
        assert CANARY not in answer.text.lower()


def test_a_wrong_token(tmp_path, lines):
    """It is neither logged nor told."""
    (tmp_path / "tokens").write_text("right\n")
    app = create_app(Settings(tokens_file=tmp_path / "tokens"))
    answer = app.test_client().post(
        "/v1/analyze", data=SET, headers={"Authorization": "Bearer c4n4ry"}
    )

    assert answer.status_code == 401
    assert CANARY not in json.dumps([answer.text, *lines])

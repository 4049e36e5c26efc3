"""POST /v1/analyze and POST /v1/rewrite."""

from __future__ import annotations

import io
import json
import re
import tarfile

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from service.web.formats import ANALYZE, REWRITE
from service.web.views.manifests import query_values
from tests.unit.web.samples import POD


def test_an_analysis(client):
    """Plain curl, no content type: JSON with the Pod's containers."""
    answer = client.post("/v1/analyze", data=POD)

    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert [workload["name"] for workload in answer.json["workloads"]] == ["web-with-logger"]
    assert "files" not in answer.json


def test_a_rewrite(client):
    """The same, with the new text."""
    answer = client.post("/v1/rewrite?path=app/web.yaml", data=POD)
    (file,) = answer.json["files"]

    assert (file["path"], file["status"]) == ("app/web.yaml", "modified")
    assert "kind: Deployment" in file["content"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        *(("/v1/analyze", form) for form in ANALYZE),
        *(("/v1/rewrite", form) for form in REWRITE),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_every_format_has_its_media_type(client, path, form):
    """Whether the query or the header asks for it."""
    by_name = client.post(f"{path}?format={form.name}", data=POD)
    by_type = client.post(path, data=POD, headers={"Accept": form.media_type})

    assert by_name.status_code == 200
    assert by_name.mimetype == form.media_type
    assert by_name.data == by_type.data


@pytest.mark.parametrize("form", REWRITE, ids=lambda form: form.name)
def test_what_was_not_looked_at(client, form):
    """Every answer tells it in its head, as a patch can't."""
    path = f"/v1/rewrite?format={form.name}"
    told = client.post(path, data=POD + b"\n---\na: 1\n---\nkind: [\n").headers
    clean = client.post(path, data=POD).headers

    assert (told["Podsplit-Rejected"], told["Podsplit-Skipped"]) == ("1", "1")
    assert "Podsplit-Rejected" not in clean
    assert "Podsplit-Skipped" not in clean


@pytest.mark.parametrize(("level", "failed"), [("info", True), ("warning", True), ("error", False)])
def test_the_gate(client, level, failed):
    """A bare Pod is a warning: a build that fails on warnings gets 422 with the full report."""
    answer = client.post(f"/v1/analyze?fail_on={level}", data=POD)

    assert answer.status_code == (422 if failed else 200)
    assert answer.headers["Podsplit-Gate"] == ("failed" if failed else "passed")
    assert answer.json["findings"]


@pytest.mark.parametrize(
    ("sent", "query"),
    [
        (b"# nothing\n", ""),
        (b"replicas: 2\n", "&path=values.yaml"),
        (b"a: 1\n", ""),
        (b"services: {web: {image: nginx}}\n", "&path=compose.yaml"),
        (
            b"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
            "&path=kustomization.yaml",
        ),
    ],
)
def test_a_gate_that_has_checked_nothing(client, sent, query):
    """It doesn't pass, as the folder may be misspelt, unless that is said to be right."""
    path = f"/v1/analyze?fail_on=error{query}"
    answer = client.post(path, data=sent)

    assert (answer.status_code, answer.json["code"]) == (422, "nothing-read")
    assert answer.headers["Podsplit-Gate"] == "failed"
    allowed = client.post(f"{path}&allow_empty=true", data=sent)
    assert (allowed.status_code, allowed.headers["Podsplit-Gate"]) == (200, "passed")
    assert client.post(path.replace("fail_on=error", "apply=safe"), data=sent).status_code == 200


def test_a_gate_says_what_came(client):
    """Not by name, but by what it is."""
    answer = client.post("/v1/analyze?fail_on=error&path=values.yaml", data=b"secret: hunter2\n")

    assert "a Helm chart's values: render the chart first (1)" in answer.json["detail"]
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("sent", [b"kind: [\n", b"apiVersion: v1\nkind: ConfigMap\n"])
def test_a_gate_that_has_checked_something(client, sent):
    """A rejected document, or an object without containers, is something."""
    answer = client.post("/v1/analyze?fail_on=error", data=sent)

    assert answer.mimetype == "application/json"
    assert answer.headers["Podsplit-Gate"] == ("failed" if b"[" in sent else "passed")


def test_without_a_gate_nothing_fails(client):
    """Nor is there such a header."""
    answer = client.post("/v1/analyze", data=POD + b"---\na: [\n")

    assert answer.status_code == 200
    assert "Podsplit-Gate" not in answer.headers


def test_rejected_documents_fail_the_gate(client):
    """They count as errors."""
    answer = client.post("/v1/rewrite?fail_on=error", data=POD + b"---\na: [\n")

    assert (answer.status_code, answer.headers["Podsplit-Gate"]) == (422, "failed")
    assert answer.json["rejected"]


def test_ignored_findings_pass_the_gate(client):
    """The manifest says that they are meant to be so."""
    answer = client.post("/v1/analyze?fail_on=info", data=b"# podsplit: ignore[*] a test\n" + POD)

    assert answer.headers["Podsplit-Gate"] == "passed"
    assert answer.json["summary"]["suppressed"] == 1


def test_options_of_an_envelope_count(client):
    """And the query goes before them."""
    envelope = {
        "files": [{"path": "a.yaml", "content": POD.decode()}],
        "options": {"fail_on": "error"},
    }

    assert client.post("/v1/analyze", json=envelope).headers["Podsplit-Gate"] == "passed"
    assert (
        client.post("/v1/analyze?fail_on=warning", json=envelope).headers["Podsplit-Gate"]
        == "failed"
    )


def test_names_with_blanks_in_the_query_are_not_options(client):
    """An unknown name is an error that lists the known ones."""
    answer = client.post("/v1/analyze?min%20confidence=1", data=POD)

    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {
            "field": "min confidence",
            "message": (
                "unknown option; use one of: allow_empty, apply, exclude, fail_on, format, layout,"
                " min_confidence, only, path, rules, stage"
            ),
        }
    ]


def test_a_name_that_is_given_several_times_is_a_list():
    """As a form with checkboxes sends it."""
    with Flask("test").test_request_context("/?rules=a&stage=expand&rules=b"):
        assert query_values() == {"rules": "a,b", "stage": "expand"}


def test_half_a_character_in_a_path_does_not_break_the_answer(client):
    """A path of the query may hold any bytes."""
    assert client.post("/v1/rewrite?format=yaml&path=%ff.yaml", data=POD).status_code == 200


CHART = b"apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.name }}}\n"


def folder(**files: bytes) -> list[dict[str, str]]:
    """Files of an envelope; two underscores in a name stand for a slash."""
    return [
        {"path": f"{name.replace('__', '/')}.yaml", "content": content.decode()}
        for name, content in files.items()
    ]


def test_excluded_files_are_passed_over(client):
    """A chart beside the manifests fails no gate, says so, and comes back as it was."""
    files = folder(charts__web__pod=CHART, app__config=b"apiVersion: v1\nkind: ConfigMap\n")
    failing = client.post("/v1/rewrite?fail_on=error", json={"files": files})
    answer = client.post("/v1/rewrite?fail_on=error&exclude=charts", json={"files": files})

    assert failing.headers["Podsplit-Gate"] == "failed"
    assert answer.headers["Podsplit-Gate"] == "passed"
    assert answer.headers["Podsplit-Skipped"] == "1"
    assert answer.json["skipped"] == [
        {
            "path": "charts/web/pod.yaml",
            "document": None,
            "reason": "excluded by the option exclude",
        }
    ]
    assert {file["path"]: file["content"] for file in answer.json["files"]} == {
        file["path"]: file["content"] for file in files
    }


def test_excluded_files_need_not_be_text(client):
    """They aren't looked at: a picture isn't rejected."""
    parts = [
        ("file", (io.BytesIO(b"\x89PNG\r\n\x1a\n\xff"), "charts/icon.yaml")),
        ("file", (io.BytesIO(POD), "web.yaml")),
        ("exclude", "charts/**"),
    ]
    answer = client.post("/v1/analyze", data=MultiDict(parts))

    assert answer.json["rejected"] == []
    assert [item["path"] for item in answer.json["skipped"]] == ["charts/icon.yaml"]


def test_everything_excluded_is_nothing_read(client):
    """A glob that is too wide doesn't make a build green."""
    answer = client.post("/v1/analyze?fail_on=error&exclude=**", data=POD)

    assert answer.json["code"] == "nothing-read"


def test_a_baseline(client):
    """What it has is listed as known and fails nothing, in whatever line it is now; what is new
    does.
    """
    before = client.post("/v1/analyze", data=POD).json
    baseline = before["fingerprints"]
    moved = b"# one\n# two\n" + POD
    sent = {"files": folder(stdin=moved), "options": {"baseline": baseline}}
    known = client.post("/v1/analyze?fail_on=warning", json=sent)
    new = {"files": folder(stdin=moved, other=POD), "options": {"baseline": baseline}}
    answer = client.post("/v1/analyze?fail_on=warning", json=new)

    assert baseline == [finding["fingerprint"] for finding in before["findings"]] != []
    assert known.headers["Podsplit-Gate"] == "passed"
    assert [finding["known"] for finding in known.json["findings"]] == [True]
    assert known.json["summary"]["known"] == 1
    assert known.json["summary"]["findings"]["warning"] == 0
    assert known.json["fingerprints"] == baseline
    assert answer.headers["Podsplit-Gate"] == "failed"
    assert [finding["known"] for finding in answer.json["findings"]] == [True, False]


def test_a_baseline_in_a_form(client):
    """As a file: the whole of an earlier answer."""
    before = client.post("/v1/analyze", data=POD).data
    parts = [
        ("file", (io.BytesIO(POD), "stdin.yaml")),
        ("baseline", (io.BytesIO(before), "earlier.json")),
    ]
    answer = client.post("/v1/analyze?fail_on=warning", data=MultiDict(parts))

    assert answer.headers["Podsplit-Gate"] == "passed"


@pytest.mark.parametrize("form", ["sarif", "markdown", "junit", "rdjson", "codequality"])
def test_known_findings_in_other_formats(client, form):
    """Said to be known where the format has a way to, else left out as ignored ones are."""
    baseline = client.post("/v1/analyze", data=POD).json["fingerprints"]
    sent = {"files": folder(stdin=POD), "options": {"baseline": baseline}}
    text = client.post(f"/v1/analyze?format={form}", json=sent).text

    expected = {
        "sarif": '"baselineState": "unchanged"',
        "markdown": "| known | Pod/web-with-logger",
        "junit": '<skipped message="known: it is in the baseline"',
        "rdjson": '"diagnostics": []',
        "codequality": "[]",
    }
    assert expected[form] in text


@pytest.mark.parametrize(
    ("sent", "code", "says"),
    [
        (
            b"# a PodapiVersion: v1kind: Podmetadata:  name: web",
            "line-breaks-lost",
            "--data-binary",
        ),
        (b"examples/shop.yaml", "file-name", "put an @ before it"),
        (b"./my-pod.yml", "file-name", "put an @ before it"),
        (b"manifests.tar.gz\n", "file-name", "put an @ before it"),
        (
            b'{"manifests": ["a"]}',
            "invalid-envelope",
            "manifests: unknown field; use one of: files",
        ),
        (b'{"manifest": "kind: Pod"}', "invalid-envelope", "files: must be a list"),
        (b'{"files": [{"name": "a.yaml", "content": ""}]}', "invalid-envelope", "files.0: must be"),
    ],
)
def test_what_curl_d_sends(client, sent, code, says):
    """As a form, which plain curl calls it: each mistake is told from the others, with what helps;
    nothing of what was sent is quoted.
    """
    form = "application/x-www-form-urlencoded"
    answer = client.post("/v1/analyze", data=sent, content_type=form)

    assert (answer.status_code // 100, answer.json["code"]) == (4, code)
    assert says in answer.json["detail"]
    assert "my-pod" not in answer.text


@pytest.mark.parametrize(
    "sent",
    [
        b"{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: a}]}}",
        b'{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a.yaml"}}',
        b"kind: Pod",
        b"# apiVersion: v1\n",
    ],
)
def test_what_curl_d_sends_and_is_right(client, sent):
    """One line may be all that there is."""
    form = "application/x-www-form-urlencoded"

    assert client.post("/v1/analyze", data=sent, content_type=form).status_code == 200


def test_an_envelope_by_curl_d(client):
    """It is JSON, whatever curl calls it."""
    envelope = json.dumps({"files": folder(a=POD), "options": {"fail_on": "warning"}})
    form = "application/x-www-form-urlencoded"
    answer = client.post("/v1/analyze", data=envelope, content_type=form)

    assert answer.headers["Podsplit-Gate"] == "failed"


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b'{"files": [],}', "line 1, column 1[34]: there is a comma before the end"),
        (b'{"files": [1,\n ]}', "there is a comma before the end of an object or a list"),
        (b"apiVersion: v1", "if it is YAML, send it as application/yaml"),
        (b'{"a" 1}', "line 1, column 6: Expecting ':' delimiter"),
    ],
)
def test_what_is_wrong_with_json(client, sent, says):
    """Where, and in words that help."""
    answer = client.post("/v1/analyze", data=sent, content_type="application/json")

    assert answer.json["code"] == "json-unreadable"
    assert re.search(says, answer.json["detail"])


KUSTOMIZATION = (
    b"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a]\n"
)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (KUSTOMIZATION, "kubectl kustomize"),
        (b"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n", "Flux"),
        (b"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n", "helm template"),
        (b"apiVersion: argoproj.io/v1alpha1\nkind: Application\n", "Argo CD"),
        (b"services: {web: {image: nginx}}\n", "Compose file"),
        (b"replicaCount: 1\n", "helm template"),
    ],
)
def test_advice_where_there_is_no_workload(client, sent, says):
    """What came, and what to send instead, in JSON, in Markdown and where a gate fails for it."""
    answer = client.post("/v1/analyze", data=sent)
    text = client.post("/v1/analyze?format=markdown", data=sent).text

    assert says in " ".join(answer.json["advice"])
    assert text.startswith("### Podsplit: there was no workload to look at")
    assert says in text


def test_no_advice_where_there_is_a_workload(client):
    """A kustomization beside its base is as it should be."""
    assert client.post("/v1/analyze", data=POD + b"---\n" + KUSTOMIZATION).json["advice"] == []


def test_advice_on_an_archive_without_manifests(client):
    """Which files are taken, and that the folder may be another one."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("README.md"))
    answer = client.post("/v1/analyze", data=packed.getvalue())
    gate = client.post("/v1/analyze?fail_on=error", data=packed.getvalue())

    assert "end in .yaml, .yml or .json" in answer.json["advice"][0]
    assert "Files that came: 0: no file came" in gate.json["detail"]


def test_a_baseline_of_other_paths(client):
    """It matches nothing, which is said: most likely the folder was sent in another way."""
    baseline = client.post("/v1/analyze?path=a/pod.yaml", data=POD).json["fingerprints"]
    sent = {"files": folder(pod=POD), "options": {"baseline": baseline}}

    assert (
        "the baseline has none of these" in client.post("/v1/analyze", json=sent).json["advice"][0]
    )
    sent["files"] = folder(a__pod=POD)
    assert client.post("/v1/analyze", json=sent).json["advice"] == []


def test_advice_on_a_set_without_workloads(client):
    """A Service alone leads nowhere that could be looked at."""
    service = b"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"

    assert "send the workloads along" in client.post("/v1/analyze", data=service).json["advice"][0]

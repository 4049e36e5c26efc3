"""POST /v1/analyze and POST /v1/rewrite."""

from __future__ import annotations

import pytest
from flask import Flask

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
                "unknown option; use one of: allow_empty, apply, fail_on, format, layout,"
                " min_confidence, path, rules, stage"
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

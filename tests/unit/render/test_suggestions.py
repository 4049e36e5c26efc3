"""Which changes become suggestions, and for which reasons others don't."""

from __future__ import annotations

import subprocess

import pytest

from service.findings import Report
from service.render.suggestions import key_of, suggest
from tests.unit.render.pull_requests import CONFIG, POD, ask, pull_request
from tests.unit.render.reports import TWO_SERVERS, rewritten


def test_only_workloads_that_the_pull_request_touches():
    """The other Pod is context: no comment, nothing in the summary, but a reason."""
    other = POD.replace("name: web", "name: other").replace("app: web", "app: other")
    new = {"web.yaml": POD, "other.yaml": other}
    answer, _ = ask(new, pull_request({"other.yaml": other}, new))

    assert [comment["path"] for comment in answer["comments"]] == ["web.yaml"]
    assert [item["reason"] for item in answer["left_out"]] == ["not-touched"]
    assert "other" not in answer["summary"]["body"]


def test_a_change_that_is_larger_than_the_hunk(tmp_path):
    """Not half a suggestion: the whole change as a patch in the summary, which git takes."""
    old = POD.replace("image: nginx", "image: httpd")
    answer, report = ask(
        {"web.yaml": POD}, pull_request({"web.yaml": old}, {"web.yaml": POD}, context=0)
    )

    assert answer["comments"] == []
    assert [item["reason"] for item in answer["left_out"]] == ["outside-hunk"]
    (tmp_path / "web.yaml").write_text(POD)
    subprocess.run(
        ["git", "apply", "-"], cwd=tmp_path, input=answer["summary"]["patch"].encode(), check=True
    )
    assert (tmp_path / "web.yaml").read_text() == report.rewrite.files[0].content
    assert "outside-hunk" not in answer["summary"]["body"]
    assert "not all in one hunk" in answer["summary"]["body"]


def test_a_range_swallows_no_other_document():
    """Between the Pod and its Service lies a ConfigMap: the change goes to the summary."""
    pod, service = TWO_SERVERS.split("---\n")
    text = f"{pod}---\n{CONFIG}---\n{service}"
    answer, _ = ask({"web.yaml": text}, pull_request({}, {"web.yaml": text}))

    assert answer["comments"] == []
    assert {item["reason"] for item in answer["left_out"]} == {"other-document"}


def test_changes_over_several_files():
    """The Service stands in another file."""
    pod, service = TWO_SERVERS.split("---\n")
    new = {"web.yaml": pod, "service.yaml": service}
    answer, _ = ask(new, pull_request({}, new))

    assert {item["reason"] for item in answer["left_out"]} == {"several-files"}
    assert answer["summary"]["patch"].count("diff --git") == 2


def test_a_file_of_another_version():
    """The diff leads to other lines than were sent: nothing is suggested on them."""
    answer, _ = ask(
        {"web.yaml": POD}, pull_request({}, {"web.yaml": POD.replace("nginx", "httpd")})
    )

    assert [item["reason"] for item in answer["left_out"]] == ["other-version"]


def test_crlf_goes_to_the_summary():
    """Platforms don't keep such line endings in suggestions."""
    text = POD.replace("\n", "\r\n")
    answer, _ = ask({"web.yaml": text}, pull_request({}, {"web.yaml": text}))

    assert [item["reason"] for item in answer["left_out"]] == ["line-endings"]


def test_a_rewrite_that_makes_files():
    """A suggestion can't, so the whole is in the summary."""
    answer, _ = ask(
        {"web.yaml": TWO_SERVERS}, pull_request({}, {"web.yaml": TWO_SERVERS}), layout="new-files"
    )

    assert {item["reason"] for item in answer["left_out"]} == {"new-files"}
    assert "new file mode" in answer["summary"]["patch"]


def test_without_a_rewrite_there_is_nothing_to_suggest():
    """Asking an analysis for it is a bug of the caller."""
    with pytest.raises(ValueError, match="no rewrite"):
        suggest(Report({}, (), (), (), (), 0), {})
    assert suggest(rewritten({"a.yaml": "a: 1\n"}, {}), {}) == ([], [])


def test_markers_stay_and_differ():
    """Equal for equal parts, and different for parts that only look the same together."""
    assert key_of("a", "b") == key_of("a", "b")
    assert len({key_of("b", "c"), key_of("bc"), key_of("b", "c", "")}) == 3


def test_what_must_not_run_twice_is_no_suggestion():
    """A merge applies it at once, and two would write to the same data."""
    image, claim = "api:3\n", "persistentVolumeClaim: {claimName: data}"
    mount = "      volumeMounts: [{name: data, mountPath: /data}]\n"
    text = TWO_SERVERS.replace(image, image + mount)
    text = text.replace("spec:\n", f"spec:\n  volumes: [{{name: data, {claim}}}]\n", 1)
    answer, report = ask({"web.yaml": text}, pull_request({}, {"web.yaml": text}))
    codes = {item.code for change in report.rewrite.changes for item in change.assumptions}

    assert "data-taken-over" in codes
    assert answer["comments"] == []
    assert {item["reason"] for item in answer["left_out"]} == {"needs-stages"}
    assert "must not run twice" in answer["summary"]["body"]

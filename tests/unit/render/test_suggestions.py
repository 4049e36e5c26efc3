"""Suggestions on pull requests, checked by applying them as the platforms would."""

from __future__ import annotations

import difflib
import re
import subprocess

import pytest

from service.errors import InputError
from service.options import Options
from service.pipeline import run
from service.render.diff_parser import parse_diff
from service.render.platforms import PLATFORMS, render_suggestions
from tests.unit.render.test_machine_formats import TWO_SERVERS

BY_NAME = {platform.name: platform for platform in PLATFORMS}
POD = (
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: web}\nspec:\n "
    " containers:\n    - name: web\n      image: nginx\n"
)
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\ndata:\n  a: b\n"


def pull_request(old: dict[str, str], new: dict[str, str], context: int = 3) -> str:
    """A diff as git writes it."""
    parts = []
    for path, text in new.items():
        before = old.get(path, "")
        lines = difflib.unified_diff(
            before.splitlines(keepends=True),
            text.splitlines(keepends=True),
            f"a/{path}" if before else "/dev/null",
            f"b/{path}",
            n=context,
        )
        parts += [
            line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"
            for line in lines
        ]
    return "".join(parts)


def ask(new: dict[str, str], diff: str, platform: str = "github", **options):
    report = run(
        [(path, text.encode()) for path, text in new.items()], Options(**options), rewrite=True
    )
    return render_suggestions(report, parse_diff(diff), BY_NAME[platform]), report


def block(body: str, word: str) -> tuple[str, str]:
    """The word behind a fence and what is fenced, as Markdown reads it."""
    match = re.search(rf"^(`{{3,}})({word}[^\n]*)\n(.*?)^\1$", body, re.MULTILINE | re.DOTALL)
    assert match is not None
    return match[2], match[3]


def as_github(text: str, payload: dict) -> str:
    """What GitHub makes of the file when somebody presses the button."""
    lines = text.splitlines(keepends=True)
    _, content = block(payload["body"], "suggestion")
    first = payload.get("start_line", payload["line"])
    assert payload.get("start_line", 0) < payload["line"]
    return "".join(lines[: first - 1]) + content + "".join(lines[payload["line"] :])


def as_gitlab(text: str, payload: dict) -> str:
    """Likewise GitLab."""
    lines = text.splitlines(keepends=True)
    head, content = block(payload["body"], "suggestion")
    above, below = (
        int(number) for number in re.fullmatch(r"suggestion:-(\d+)\+(\d+)", head).groups()
    )
    assert above <= 100
    assert below <= 100
    line = payload["position"]["new_line"]
    return "".join(lines[: line - 1 - above]) + content + "".join(lines[line + below :])


@pytest.mark.parametrize(
    "text",
    [POD, TWO_SERVERS, TWO_SERVERS.removesuffix("\n"), POD + "---\n" + CONFIG],
    ids=["wrap", "split", "no-newline", "neighbour"],
)
@pytest.mark.parametrize(("platform", "apply"), [("github", as_github), ("gitlab", as_gitlab)])
def test_applying_the_suggestion_gives_the_rewrite(text, platform, apply):
    """A pull request that adds the file: one suggestion holds the change whole."""
    answer, report = ask({"a/web.yaml": text}, pull_request({}, {"a/web.yaml": text}), platform)

    (comment,) = answer["comments"]
    assert apply(text, comment["payload"]).rstrip("\n") == report.rewrite.files[0].content.rstrip(
        "\n"
    )
    assert comment["marker"] in comment["body"]
    assert answer["summary"]["patch"] == ""


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
    assert "outside" not in answer["summary"]["body"]
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


def test_a_second_run_says_the_same():
    """Markers and bodies are equal, so that a bot has nothing to post."""
    diff = pull_request({}, {"web.yaml": TWO_SERVERS})

    assert ask({"web.yaml": TWO_SERVERS}, diff)[0] == ask({"web.yaml": TWO_SERVERS}, diff)[0]


def test_a_fence_in_a_manifest():
    """The suggestion's fence is longer."""
    text = POD.replace("image: nginx", "image: nginx # ````")
    answer, report = ask({"web.yaml": text}, pull_request({}, {"web.yaml": text}))

    assert as_github(text, answer["comments"][0]["payload"]) == report.rewrite.files[0].content


@pytest.mark.parametrize("platform", ["gitea", "bitbucket"])
def test_platforms_without_suggestions(platform, tmp_path):
    """A plain diff block that git takes."""
    answer, report = ask({"web.yaml": POD}, pull_request({}, {"web.yaml": POD}), platform)
    _, diff = block(answer["comments"][0]["body"], "diff")
    (tmp_path / "web.yaml").write_text(POD)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diff.encode(), check=True)

    assert (tmp_path / "web.yaml").read_text() == report.rewrite.files[0].content
    keys = {
        "gitea": {"path", "body", "new_position", "old_position"},
        "bitbucket": {"content", "inline"},
    }
    assert answer["comments"][0]["payload"].keys() == keys[platform]


def test_limits_of_a_platform():
    """Not more comments than a reader can bear, none longer than allowed; the rest is in the
    summary, which fits too.
    """
    new = {
        f"{number}.yaml": POD.replace("web", f"web{number}").replace("nginx", f"app{number}")
        for number in range(40)
    }
    answer, _ = ask(new, pull_request({}, new))

    assert len(answer["comments"]) == 30
    assert [item["reason"] for item in answer["left_out"]] == ["platform-limit"] * 10
    for platform in PLATFORMS:
        answer, _ = ask(new, pull_request({}, new), platform.name)
        assert len(answer["summary"]["body"]) <= platform.max_length
        assert all(len(comment["body"]) <= platform.max_length for comment in answer["comments"])


def test_gitlab_wants_the_old_line_of_an_unchanged_one():
    """A comment on a context line carries both numbers."""
    old = POD.replace("kind: Pod", "kind: Pods")
    diff = pull_request({"web.yaml": old}, {"web.yaml": POD}, context=20)
    answer, _ = ask({"web.yaml": POD}, diff, "gitlab")
    position = answer["comments"][0]["payload"]["position"]

    assert position["old_line"] == position["new_line"]


def test_diffs_are_read_as_git_writes_them():
    """Paths with quotes and letters, files that are added, deleted and renamed, hunks without
    lengths.
    """
    diff = (
        'diff --git "a/gr\\303\\274n.yaml" "b/gr\\303\\274n.yaml"\n--- "a/gr\\303\\274n.yaml"\n+++'
        ' "b/gr\\303\\274n.yaml"\n@@ -1 +1 @@\n-a\n+b\ndiff --git a/x.yaml b/x.yaml\ndeleted file'
        " mode 100644\n--- a/x.yaml\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n--- a/old name.yaml\t\n+++"
        " b/new name.yaml\t\n@@ -1,3 +1,2 @@ kind: Pod\n a\n--- b\n c\n\\ No newline at end of"
        " file\n"
    )
    files = parse_diff(diff)

    assert files.keys() == {"grün.yaml", "new name.yaml"}
    assert files["grün.yaml"].hunks[0].changed == {1}
    assert files["new name.yaml"].old_path == "old name.yaml"
    assert files["new name.yaml"].hunks[0].lines == ("a", "c")
    assert files["new name.yaml"].hunks[0].old_lines == {1: 1, 2: 3}


@pytest.mark.parametrize(
    "diff", ["--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n?\n"]
)
def test_diffs_that_are_damaged(diff):
    """An error with a code, not a guess."""
    with pytest.raises(InputError) as caught:
        parse_diff(diff)
    assert caught.value.code == "diff-unreadable"

"""Suggestions on pull requests, checked by applying them as the platforms would."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from service.options import Options
from service.pipeline import run
from service.render.diff_parser import parse_diff
from service.render.platforms import PLATFORMS
from service.render.pull_request import Asker, render_suggestions
from service.text import Edit, Span
from tests.unit.render.pull_requests import (
    CONFIG,
    POD,
    as_github,
    as_gitlab,
    ask,
    block,
    pull_request,
)
from tests.unit.render.reports import BARE, TWO_SERVERS, rewritten
from tests.unit.render.reports import POD as LOGGED_POD

LIMITS = {"github": 65_536, "gitlab": 1_000_000, "gitea": 65_536, "bitbucket": 32_768}


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


def test_a_second_run_says_the_same():
    """Markers and bodies are equal, so that a bot has nothing to post."""
    diff = pull_request({}, {"web.yaml": TWO_SERVERS})

    assert ask({"web.yaml": TWO_SERVERS}, diff)[0] == ask({"web.yaml": TWO_SERVERS}, diff)[0]


def test_a_fence_in_a_manifest():
    """The suggestion's fence is longer."""
    text = POD.replace("image: nginx", "image: nginx # ````")
    answer, report = ask({"web.yaml": text}, pull_request({}, {"web.yaml": text}))

    assert as_github(text, answer["comments"][0]["payload"]) == report.rewrite.files[0].content


@pytest.mark.parametrize(
    ("platform", "comments"), [("github", 1), ("gitlab", 0)], ids=["github", "gitlab"]
)
def test_a_manifest_that_would_command_the_bot(platform, comments):
    """Some versions of GitLab end code at three backticks, and run lines behind it."""
    image = "image: nginx # ```"
    text = POD.replace("image: nginx", f"{image}\n      args:\n      - |\n        /close")
    answer, report = ask({"web.yaml": text}, pull_request({}, {"web.yaml": text}), platform)

    assert report.rewrite.files[0].content != text
    assert len(answer["comments"]) == comments


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


def padded(length: int) -> str:
    """A Pod whose rewrite holds a comment of that length."""
    return BARE.replace("NAME", "web").replace("image: nginx", f"image: nginx # {'x' * length}")


@pytest.mark.parametrize("platform", LIMITS)
def test_the_longest_comment(platform, tmp_path):
    """A body of just as many characters as the platform takes is posted; with one more the
    change is in the summary's patch.
    """
    longest = LIMITS[platform]
    text = padded(1000)
    (comment,) = ask({"web.yaml": text}, pull_request({}, {"web.yaml": text}), platform)[0][
        "comments"
    ]
    # What is behind the suggestion is only there where there is room.
    essential = comment["body"].split("\n| Workload |")[0]
    copies = essential.count("x" * 1000)
    room, rest = divmod(longest - len(essential), copies)
    text = padded(1000 + room)
    (comment,) = ask({"web.yaml": text}, pull_request({}, {"web.yaml": text}), platform)[0][
        "comments"
    ]
    assert len(comment["body"]) == longest - rest

    text = padded(1001 + room)
    answer, report = ask({"web.yaml": text}, pull_request({}, {"web.yaml": text}), platform)
    assert answer["comments"] == []
    assert [item["reason"] for item in answer["left_out"]] == ["platform-limit"]
    assert len(answer["summary"]["body"]) <= longest
    (tmp_path / "web.yaml").write_text(text)
    subprocess.run(
        ["git", "apply", "-"], cwd=tmp_path, input=answer["summary"]["patch"].encode(), check=True
    )
    assert (tmp_path / "web.yaml").read_text() == report.rewrite.files[0].content


@pytest.mark.parametrize(("lines", "comments"), [(201, 1), (202, 0)])
def test_a_suggestion_on_gitlab_reaches_a_hundred_lines_each_way(lines, comments):
    """The commented line, 100 above and 100 below; a longer range goes to the summary."""
    report = rewritten(
        {"web.yaml": LOGGED_POD + "# more\n" * 300},
        {"web.yaml": [Edit(Span(len(LOGGED_POD), len(LOGGED_POD) + 7 * lines), "# less\n")]},
    )
    diff = pull_request({}, {"web.yaml": report.sources["web.yaml"].text})
    platform = next(platform for platform in PLATFORMS if platform.name == "gitlab")
    found = render_suggestions(report, parse_diff(diff), Asker(platform))["comments"]

    assert len(found) == comments
    if found:
        assert "```suggestion:-100+100\n" in found[0]["body"]


def test_a_summary_of_very_many_changes():
    """It fits, in whole lines, and says how many more there are."""
    new = {
        f"{number}.yaml": BARE.replace("NAME", f"web{number}").replace("nginx", f"app{number}")
        for number in range(900)
    }
    diff = pull_request(
        {path: text.replace("app", "web") for path, text in new.items()}, new, context=0
    )
    for platform, longest in LIMITS.items():
        answer, _ = ask(new, diff, platform)
        body = answer["summary"]["body"]
        assert len(body) <= longest
        if platform != "gitlab":
            assert "\n- and " in body
            assert "too long for a comment" in body


@pytest.mark.parametrize(("number", "left_out"), [(30, 0), (31, 1)])
def test_the_most_comments_of_one_review(number, left_out):
    """As many as a reader bears; the next is in the summary."""
    new = {
        f"{place}.yaml": POD.replace("web", f"web{place}").replace("nginx", f"app{place}")
        for place in range(number)
    }
    answer, _ = ask(new, pull_request({}, new), "github")

    assert len(answer["comments"]) == 30
    assert [item["reason"] for item in answer["left_out"]] == ["platform-limit"] * left_out


UNSURE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: shop/web:1
        args: ["--backend=localhost:3000"]
        ports: [{containerPort: 8080}]
      - name: chat
        image: shop/chat:1
        ports: [{containerPort: 3000}]
"""
"""Two containers of which nobody can be sure."""


def test_bitbucket_shows_html_as_text():
    """So there is none: a marker that Markdown hides otherwise, and everything unfolded."""
    answer, _ = ask(
        {"web.yaml": TWO_SERVERS}, pull_request({}, {"web.yaml": TWO_SERVERS}), "bitbucket"
    )
    outside, _ = ask(
        {"web.yaml": POD},
        pull_request({"web.yaml": POD + "#"}, {"web.yaml": POD}, context=0),
        "bitbucket",
    )
    bodies = [comment["body"] for comment in answer["comments"]]
    bodies += [answer["summary"]["body"], outside["summary"]["body"]]

    for body in bodies:
        assert re.match(r"\[//\]: # \(podsplit:(suggestion|summary):[0-9a-f]{16}\)\n\n", body)
        assert not re.search(r"<[a-z/!]", body)
        assert "mermaid" not in body


def test_bots_know_their_own_comments():
    """Markers hold the bot's name, and start as the answer says."""
    report = run([("web.yaml", POD.encode())], Options(), rewrite=True)
    diffs = parse_diff(pull_request({}, {"web.yaml": POD}))
    starts = set()
    for platform in PLATFORMS:
        for bot in ("", "one", "two"):
            answer = render_suggestions(report, diffs, Asker(platform, bot))
            start = answer["marker_start"]
            starts.add(start)
            for comment in (*answer["comments"], answer["summary"]):
                assert comment["marker"].startswith(start)
                assert comment["body"].startswith(comment["marker"])
    assert len(starts) == 6
    assert not any(one.startswith(other) for one in starts for other in starts - {one})


@pytest.mark.parametrize("platform", LIMITS)
def test_every_comment_has_the_containers(platform):
    """Role, group and reason of each container of what the pull request touches."""
    answer, _ = ask(
        {"web.yaml": TWO_SERVERS}, pull_request({}, {"web.yaml": TWO_SERVERS}), platform
    )

    for comment in (*answer["comments"], answer["summary"]):
        assert "| Pod/shop | api | unrelated | 1 |" in comment["body"]


def test_a_pull_request_that_nothing_is_wrong_with():
    """Its summary has the containers, and says that it is worth posting only over another one."""
    sure = UNSURE.replace("shop/chat:1", "fluent/fluent-bit:3")
    summary = ask({"web.yaml": sure}, pull_request({}, {"web.yaml": sure}))[0]["summary"]

    assert "nothing to change in the workloads of this pull request" in summary["body"]
    assert "| Deployment/web | chat | logging sidecar of web | 0 |" in summary["body"]
    assert summary["quiet"] is True


def test_a_pull_request_that_it_is_not_sure_about():
    """What it would want to know is said, and so is what can't be read."""
    broken = "a: [\n"
    files = {"web.yaml": UNSURE, "broken.yaml": broken, "other.yaml": broken}
    touched = {path: text for path, text in files.items() if path != "other.yaml"}
    summary = ask(files, pull_request({}, touched))[0]["summary"]

    assert "**Not changed**" in summary["body"]
    assert "`low-confidence`" in summary["body"]
    assert "`broken.yaml:2` can't be read" in summary["body"]
    assert "other.yaml" not in summary["body"]
    assert summary["quiet"] is False


def test_a_file_of_the_diff_that_was_not_sent():
    """It isn't taken for one that nothing is wrong with: paths may differ from the diff's."""
    diff = pull_request({}, {"manifests/web.yaml": POD, "README.md": "x\n"})
    summary = ask({"web.yaml": POD}, diff)[0]["summary"]

    assert "`manifests/web.yaml` is in the diff and was not sent" in summary["body"]
    assert "README" not in summary["body"]
    assert summary["quiet"] is False


def test_an_old_pod_that_has_to_be_gone_first():
    """A button would merge what is to be prepared: it is in the summary, with what to do."""
    text = Path("examples/bare-database.yaml").read_text()
    answer, _ = ask({"db.yaml": text}, pull_request({}, {"db.yaml": text}))

    assert [item["reason"] for item in answer["left_out"]] == ["needs-stages"]
    assert "to do: delete the old Pod before this is applied" in answer["summary"]["body"]

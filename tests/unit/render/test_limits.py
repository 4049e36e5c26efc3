"""The platforms' limits at their edges, and answers that grow no faster than what they are
about.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest

from service.findings import Finding, Location, Report, Severity
from service.options import Options
from service.pipeline import run
from service.render.diff_parser import parse_diff
from service.render.fixes import MAX_INSERTED
from service.render.markdown import render_markdown
from service.render.platforms import PLATFORMS, render_suggestions
from service.render.sarif import MAX_RESULTS, render_sarif
from service.text import Edit, SourceFile, Span
from service.web.formats import ANALYZE, REWRITE
from tests.unit.render.reports import POD, place, rewritten
from tests.unit.render.test_suggestions import ask, pull_request

LIMITS = {"github": 65_536, "gitlab": 1_000_000, "gitea": 65_536, "bitbucket": 32_768}
BARE = (
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: NAME\n  labels: {app: NAME}\nspec:\n "
    " containers:\n    - name: app\n      image: nginx\n"
)


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
    copies = comment["body"].count("x" * 1000)
    room, rest = divmod(longest - len(comment["body"]), copies)
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
        {"web.yaml": POD + "# more\n" * 300},
        {"web.yaml": [Edit(Span(len(POD), len(POD) + 7 * lines), "# less\n")]},
    )
    diff = pull_request({}, {"web.yaml": report.sources["web.yaml"].text})
    platform = next(each for each in PLATFORMS if each.name == "gitlab")
    found = render_suggestions(report, parse_diff(diff), platform)["comments"]

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


def test_more_findings_than_github_takes():
    """25,000 results, less than 10 MB gzipped; what is left out is the least severe, and it is
    said how many.
    """
    where = Location("a.yaml", 0, Span(0, 0))
    severities = [Severity.INFO] * 10_001 + [Severity.ERROR] * 15_000
    findings = tuple(
        Finding("bare-pod", severity, f"message {number}", where, f"Pod/{number}")
        for number, severity in enumerate(severities)
    )
    text = render_sarif(Report({"a.yaml": SourceFile("a.yaml", "")}, (), findings, (), (), 1))
    (sarif,) = json.loads(text)["runs"]

    assert len(sarif["results"]) == MAX_RESULTS == 25_000
    assert sum(result["level"] == "error" for result in sarif["results"]) == 15_000
    assert (
        "1 findings are left out"
        in sarif["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    )
    assert len(gzip.compress(text.encode(), 6)) < 10_000_000


def test_fixes_that_would_be_too_much():
    """The first that fit are there, the others are said to be left out."""
    report = rewritten(
        {"web.yaml": POD},
        {"web.yaml": [Edit(place(POD, "nginx").span, "x" * (MAX_INSERTED // 2))]},
    )
    finding = Finding(
        "bare-pod", Severity.WARNING, "m", place(POD, "Pod"), "Pod/web", change="wrap/Pod/web"
    )
    grown = Report(report.sources, (), (finding,) * 3, (), (), 1, report.rewrite)
    (sarif,) = json.loads(render_sarif(grown))["runs"]

    assert ["fixes" in result for result in sarif["results"]] == [True, True, False]
    assert (
        "1 fixes are left out"
        in sarif["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    )


def test_a_markdown_summary_is_a_comment():
    """Everything at once, each part long: still a comment on GitHub, with room for a bot's
    marker.
    """
    pods = "---\n".join(
        BARE.replace("NAME", f"web{number}").replace("nginx", f"app{number}")
        for number in range(2000)
    )
    broken = "---\n" + "---\n".join("a: [\n" for _ in range(500))
    report = run([("web.yaml", (pods + broken).encode())], Options(), rewrite=True)
    text = render_markdown(report)

    assert len(text) <= 65_000
    assert text.count("more") >= 3


def calls(job) -> int:
    """Python functions called, which unlike seconds are the same every time."""
    count = 0

    def seen(_frame, event, _argument):
        nonlocal count
        count += event == "call"

    sys.setprofile(seen)
    try:
        job()
    finally:
        sys.setprofile(None)
    return count


SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: NAME\nspec:\n  selector: {app: NAME}\n "
    " ports: [{port: 80}, {name: q, port: 5672}]\n"
)
TWO = (
    BARE.replace("image: nginx", "image: nginx\n      ports: [{containerPort: 80}]")
    + "    - name: queue\n      image: rabbitmq\n      ports: [{containerPort: 5672}]\n"
)


@pytest.fixture(scope="module")
def reports() -> tuple[Report, Report]:
    """One file of Pods to split, their Services far behind them; and one of twice as many."""

    def report(number: int) -> Report:
        texts = [
            text.replace("NAME", f"n{count}") for text in (TWO, SERVICE) for count in range(number)
        ]
        return run([("web.yaml", "---\n".join(texts).encode())], Options(), rewrite=True)

    return report(40), report(80)


@pytest.mark.parametrize(
    "form", {each.name: each for each in (*REWRITE, *ANALYZE)}.values(), ids=lambda form: form.name
)
def test_formats_grow_with_their_reports(reports, form):
    """Twice the documents: no more than about twice the work and twice the text."""
    small, large = (calls(lambda report=report: form.render(report)) for report in reports)
    before, after = (len(form.render(report)) for report in reports)

    assert large < 2.4 * small + 1000
    assert after < 2.4 * before


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)
def test_suggestions_grow_with_their_reports(reports, platform):
    """Likewise."""
    texts = [report.sources["web.yaml"].text for report in reports]
    diffs = [parse_diff(pull_request({}, {"web.yaml": text})) for text in texts]
    small, large = (
        calls(lambda report=report, diff=diff: render_suggestions(report, diff, platform))
        for report, diff in zip(reports, diffs, strict=True)
    )

    assert large < 2.4 * small + 1000

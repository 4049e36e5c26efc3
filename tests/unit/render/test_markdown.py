"""The summary for a pull request."""

from __future__ import annotations

import re
from pathlib import Path

from service.findings import Finding, Location, Report, Severity
from service.options import Options
from service.pipeline import run
from service.render.markdown import MAX_LENGTH, render_markdown
from service.text import Edit, SourceFile, Span
from tests.unit.render.reports import BARE, POD, full, place, rewritten


def test_everything_is_told():
    """Findings, the ignored ones with their reason, changes with assumptions, what was held back
    or not readable, evidence, patch.
    """
    text = render_markdown(full())

    for words in (
        "1 error, 1 warning, 1 document not readable in 1 workload",
        "| warning | Pod/web<br>`web.yaml:3` | nothing restarts it | `bare-pod` |",
        "_(ignored: known)_",
        "assumes: nothing else makes this Pod",
        "Held back",
        "`broken.yaml`: not valid YAML",
        "| log | logging sidecar of web | 97% | together +3.1: fluentd ships logs |",
        "```diff\ndiff --git a/web.yaml b/web.yaml",
    ):
        assert words in text
    assert text.count("<details>") == text.count("</details>") == 2


def test_nothing_to_say():
    """One line."""
    assert (
        render_markdown(Report({}, (), (), (), (), 0))
        == "### Podsplit: there was no workload to look at\n\n"
    )


def test_the_patch_is_fenced_by_more_backticks_than_it_holds():
    """A manifest with a fence in a comment doesn't break out."""
    text = POD + "# ````\n"
    report = rewritten({"web.yaml": text}, {"web.yaml": [Edit(place(text, "fluentd").span, "x")]})

    assert "\n`````diff\n" in render_markdown(report)


def test_it_fits_into_a_comment():
    """Of very many findings the worst are shown, and it says how many more there are."""
    where = Location("a.yaml", 0, Span(0, 0))
    severities = [Severity.INFO] * 1990 + [Severity.ERROR] * 10
    findings = tuple(
        Finding("r", severity, "m" * 100, where, f"Pod/{number}")
        for number, severity in enumerate(severities)
    )
    text = render_markdown(Report({"a.yaml": SourceFile("a.yaml", "")}, (), findings, (), (), 1))
    shown = len(re.findall(r"^\| (error|note) \|", text, re.MULTILINE))

    assert len(text) < MAX_LENGTH
    assert text.count("| error |") == 10
    assert f"and {2000 - shown} more" in text


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


def test_the_longest_summary():
    """Just the limit is taken whole; with a character more the patch is left out, and it says
    so.
    """

    def summary(length: int) -> str:
        edits = [Edit(place(POD, "a comment").span, "x" * length)]
        return render_markdown(rewritten({"web.yaml": POD}, {"web.yaml": edits}))

    room = MAX_LENGTH - len(summary(1000).removesuffix("\n"))

    assert len(summary(1000 + room).removesuffix("\n")) == MAX_LENGTH == 60_000
    assert "section left out" not in summary(1000 + room)
    assert "1 section left out here" in summary(1001 + room)
    assert "```diff" not in summary(1001 + room)


def test_a_report_whose_findings_are_all_known():
    """The headline promises nothing that the text doesn't hold."""
    text = BARE.replace("NAME", "web").encode()
    known = {
        finding.fingerprint
        for finding in run([("a.yaml", text)], Options(), rewrite=False).findings
    }
    report = run([("a.yaml", text)], Options(baseline=frozenset(known)), rewrite=True)

    assert render_markdown(report).startswith(
        "### Podsplit: nothing new in 1 workload (1 known or ignored)\n"
    )


def test_findings_that_no_change_mends():
    """They stay, and the gate with them."""
    text = Path("examples/web-with-logger.yaml").read_bytes()
    report = run([("a.yaml", text)], Options(), rewrite=True)

    assert render_markdown(report).count("_(no change mends it)_") == 1

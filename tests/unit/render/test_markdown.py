"""The summary for a pull request."""

from __future__ import annotations

import re

from service.findings import Finding, Location, Report, Severity
from service.render.markdown import MAX_LENGTH, render_markdown
from service.render.markdown_text import code, escape, fenced
from service.text import Edit, SourceFile, Span
from tests.unit.render.reports import POD, full, place, rewritten


def test_everything_is_told():
    """Findings, the ignored ones with their reason, changes with assumptions, what was held back
    or not readable, evidence, patch.
    """
    text = render_markdown(full())

    for words in (
        "1 error, 1 warning, 1 not readable in 1 workload",
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
        == "### Podsplit: nothing to change in 0 workloads\n\n"
    )


def test_the_patch_is_fenced_by_more_backticks_than_it_holds():
    """A manifest with a fence in a comment doesn't break out."""
    text = POD + "# ````\n"
    report = rewritten({"web.yaml": text}, {"web.yaml": [Edit(place(text, "fluentd").span, "x")]})

    assert "\n`````diff\n" in render_markdown(report)
    assert fenced("`\n", "") == "```\n`\n```\n"


def test_text_from_manifests_is_shown_as_it_is():
    """No markup, no table cell, no mention comes out of a name or a message."""
    assert (
        escape("a|b *c* <img> [x](y) `z`\n@team")
        == r"a\|b \*c\* \<img\> \[x\](y) \`z\` " + "@\u200bteam"
    )
    assert code("a`b|c") == "``a`b\\|c``"


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

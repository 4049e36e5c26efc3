"""What people are told of containers and changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.findings import Report
from service.options import Options
from service.pipeline import run
from service.render.common import NOBODY, Producer
from service.render.explanations import change_lines, container_table, percent, why
from service.render.markdown import render_markdown
from tests.unit.render.reports import BARE

EXAMPLES = Path("examples")


def rewritten(*names: str) -> Report:
    files = [(name, (EXAMPLES / name).read_bytes()) for name in names]
    return run(files, Options(), rewrite=True)


def reasons(report: Report) -> dict[str, str]:
    return {
        verdict.name: why(workload, verdict)
        for workload in report.workloads
        for verdict in workload.containers
    }


def test_why_a_container_is_what_it_is():
    """The application by what helps it or what it does, a helper by what ties it, an unrelated one
    by what sets it apart; each in one sentence.
    """
    assert reasons(rewritten("shop.yaml")) == {
        "web": "what the workload is for; it is helped by log-shipper",
        "log-shipper": (
            "web: mounts the volume 'logs', which log-shipper mounts too: one writes and the other"
            " reads"
        ),
        "api": (
            "web: serves traffic of its own, as api serves traffic of its own; neither is called a"
            " helper"
        ),
    }
    assert reasons(rewritten("wordpress-and-mysql.yaml"))["wordpress"].startswith(
        "what the workload is for: its image is wordpress"
    )
    assert reasons(rewritten("one-shot.yaml")) == {"report": "the only container"}


def test_why_where_nothing_speaks():
    """The prior is said, as there is nothing else."""
    pod = BARE.replace("NAME", "x") + "    - {name: other, image: registry.example.com/b}\n"
    report = run([("x.yaml", pod.encode())], Options(), rewrite=False)

    assert "the prior" in reasons(report)["other"]


@pytest.mark.parametrize(
    ("confidence", "text"), [(1.0, "100%"), (0.9999, "99%"), (0.995, "99%"), (0.63, "63%")]
)
def test_hundred_percent_is_only_said_of_the_certain(confidence, text):
    """What is left to doubt is never rounded away."""
    assert percent(confidence) == text


def test_the_table_is_there_whatever_was_found():
    """With changes, with none, and where it isn't sure."""
    head = "| Workload | Container | Role | Group | Sure | Why |"
    for name in ("shop.yaml", "app-with-sidecars.yaml", "one-shot.yaml"):
        text = render_markdown(rewritten(name))
        assert head in text, name

    row = r"\| Pod/shop \| log-shipper \| logging sidecar of web \| 0 \| 100% \| web: mounts"
    assert re.search(row, render_markdown(rewritten("shop.yaml")))


def test_many_workloads_of_one_container_are_counted():
    """Those that something is found of are listed, the others are a number."""
    deployment = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: NAME}\nspec:\n  selector:"
        " {matchLabels: {app: NAME}}\n  template:\n    metadata: {labels: {app: NAME}}\n    spec:"
        " {containers: [{name: app, image: nginx}]}\n"
    )
    texts = [deployment.replace("NAME", f"web{number}") for number in range(20)]
    texts.append(BARE.replace("NAME", "bare"))
    report = run([("x.yaml", "---\n".join(texts).encode())], Options(), rewrite=False)
    table = container_table(report, report.workloads, 10_000)

    assert table.count("| Pod/bare |") == 1
    assert "Deployment/" not in table
    assert "20 workloads of one container each" in table


def test_a_change_is_explained():
    """Why, how sure, what it makes and assumes, how to silence it, and where more is told."""
    report = rewritten("wordpress-and-mysql.yaml")
    (change,) = report.rewrite.changes
    lines = list(change_lines(report, change, Producer("1.0", "http://podsplit.example.com/docs")))

    assert [line.split(": ")[0] for line in lines] == [
        "- why",
        "- how sure",
        "- makes",
        *["- assumes"] * len(change.assumptions),
        "- to silence it",
        "- more",
    ]
    assert (
        "[_review_](http://podsplit.example.com/docs#review): right if what it assumes holds"
        in lines[1]
    )
    assert "# podsplit: ignore[unrelated-containers]" in lines[-2]
    assert "(http://podsplit.example.com/docs#actions-split)" in lines[-1]
    assert not any("- more" in line for line in change_lines(report, change, NOBODY))


def test_what_it_says_to_silence_a_change_does():
    """The comment, put above the document, keeps the Pod as it is."""
    report = rewritten("one-shot.yaml")
    (change,) = report.rewrite.changes
    line = next(line for line in change_lines(report, change, NOBODY) if "silence" in line)
    comment = re.search("`(.*)`", line)[1]
    text = (EXAMPLES / "one-shot.yaml").read_text()
    silenced = run([("x.yaml", f"{comment}\n{text}".encode())], Options(), rewrite=True)

    assert silenced.rewrite.changes == ()


def test_stages_are_explained_where_they_are_spoken_of():
    """And only there."""
    assert "A _stage_ is" in render_markdown(rewritten("wordpress-and-mysql.yaml"))
    assert "_stage_" not in render_markdown(rewritten("one-shot.yaml"))

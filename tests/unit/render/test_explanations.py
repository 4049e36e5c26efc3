"""What people are told of containers and changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.findings import Report, Stage
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
            "its image is fluent-bit, a known logging helper that runs beside the container that"
            " it serves"
        ),
        "api": "port 3000 of Service shop leads to it: it is called from outside the Pod",
    }
    assert reasons(rewritten("wordpress-and-mysql.yaml"))["mysql"] == (
        "wordpress, beside it: its image is wordpress, a web app that is commonly run as a workload"
        " of its own"
    )
    assert reasons(rewritten("wordpress-and-mysql.yaml"))["wordpress"].startswith(
        "what the workload is for: its image is wordpress"
    )
    assert reasons(rewritten("one-shot.yaml")) == {"report": "the only container"}


def test_why_where_nothing_speaks():
    """That is said."""
    pod = BARE.replace("NAME", "x") + "    - {name: other, image: registry.example.com/b}\n"
    report = run([("x.yaml", pod.encode())], Options(), rewrite=False)

    assert "nothing else is known" in reasons(report)["other"]


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

    row = r"\| Pod/shop \| log-shipper \| logging sidecar of web \| 0 \| 100% \| its image"
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
    """With those that change something here, and how to get the next one's patch; and only
    there.
    """
    text = render_markdown(rewritten("wordpress-and-mysql.yaml"))
    assert "it comes in _stages_" in text
    assert "here `add`, `switch`, `contract`." in text
    assert "`POST /v1/rewrite?format=diff&stage=add`" in text
    assert "_stages_" not in render_markdown(rewritten("one-shot.yaml"))


def test_what_is_to_be_done_about_old_pods():
    """Before or after, as somebody has to do it; nothing where a controller takes them over."""

    def told(name: str) -> str:
        report = rewritten(name)
        return "".join(change_lines(report, report.rewrite.changes[0], NOBODY))

    assert "- to do: delete the old Pod before this is applied" in told("bare-database.yaml")
    assert "- to do: delete the old Pod when the new ones run" in told("shop.yaml")
    assert "to do" not in told("wordpress-and-mysql.yaml")


def test_how_to_silence_json():
    """It has no comments, so there is an annotation."""
    report = rewritten("two-servers.json")
    lines = "".join(change_lines(report, report.rewrite.changes[0], NOBODY))

    assert "- to silence it: the annotation `podsplit.dev/ignore: " in lines


def test_two_workloads_of_one_name_are_told_apart():
    """By their files, wherever they are named."""
    text = (EXAMPLES / "shop.yaml").read_bytes()
    files = [("dev/shop.yaml", text), ("prod/shop.yaml", text)]
    found = render_markdown(run(files, Options(), rewrite=True))

    for path in ("dev/shop.yaml", "prod/shop.yaml"):
        assert f"| Pod/shop in {path} | web | main |" in found
        assert f"<summary>Evidence for Pod/shop in {path}</summary>" in found


def test_a_split_between_its_stages_is_not_silenced():
    """It is gone on with, or taken back."""
    report = rewritten("wordpress-and-mysql.yaml")
    stage = next(item for item in report.rewrite.stages if item.stage is Stage.SWITCH)
    between = run([("x.yaml", stage.files[0].content.encode())], Options(), rewrite=True)
    text = render_markdown(between)

    assert "split-in-progress" in text
    assert "to silence it" not in text
    assert "here `contract`." in text

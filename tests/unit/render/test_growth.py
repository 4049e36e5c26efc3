"""Answers that grow no faster than what they are about."""

from __future__ import annotations

import sys

import pytest

from service.findings import Report
from service.options import Options
from service.pipeline import run
from service.render.common import NOBODY
from service.render.diff_parser import parse_diff
from service.render.platforms import PLATFORMS
from service.render.pull_request import Asker, render_suggestions
from service.web.formats import ANALYZE, REWRITE
from tests.unit.render.pull_requests import pull_request
from tests.unit.render.reports import BARE

SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: NAME\nspec:\n  selector: {app: NAME}\n "
    " ports: [{port: 80}, {name: q, port: 5672}]\n"
)
TWO = (
    BARE.replace("image: nginx", "image: nginx\n      ports: [{containerPort: 80}]")
    + "    - name: queue\n      image: rabbitmq\n      ports: [{containerPort: 5672}]\n"
)


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
    "form", {form.name: form for form in (*REWRITE, *ANALYZE)}.values(), ids=lambda form: form.name
)
def test_formats_grow_with_their_reports(reports, form):
    """Twice the documents: no more than about twice the work and twice the text."""
    small, large = (calls(lambda report=report: form.render(report, NOBODY)) for report in reports)
    before, after = (len(form.render(report, NOBODY)) for report in reports)

    assert large < 2.4 * small + 1000
    assert after < 2.4 * before


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)
def test_suggestions_grow_with_their_reports(reports, platform):
    """Likewise."""
    texts = [report.sources["web.yaml"].text for report in reports]
    diffs = [parse_diff(pull_request({}, {"web.yaml": text})) for text in texts]
    small, large = (
        calls(lambda report=report, diff=diff: render_suggestions(report, diff, Asker(platform)))
        for report, diff in zip(reports, diffs, strict=True)
    )

    assert large < 2.4 * small + 1000

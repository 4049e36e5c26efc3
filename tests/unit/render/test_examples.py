"""Every example of the repository through every format."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from service.options import Options
from service.pipeline import run
from service.render.codequality import render_codequality
from service.render.diff import render_diff
from service.render.diff_parser import parse_diff
from service.render.junit import render_junit
from service.render.markdown import render_markdown
from service.render.platforms import PLATFORMS
from service.render.pull_request import Asker, render_suggestions
from service.render.rdjson import render_rdjson
from service.render.sarif import render_sarif
from service.web.json_report import rewrite_to_dict
from service.web.schemas.report import RewriteSchema
from tests.unit.render.pull_requests import as_github, as_gitlab, pull_request

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_diff_and_suggestions_lead_to_the_rewrite(example, tmp_path):
    """`git apply` of the diff gives the rewritten text; so do the suggestions on a pull request
    that adds the file, where all fit.
    """
    text = example.read_text(encoding="utf-8")
    report = run([("app/x.yaml", text.encode())], Options(), rewrite=True)
    assert report.rewrite is not None
    new = report.rewrite.files[0].content

    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "x.yaml").write_text(text, encoding="utf-8")
    subprocess.run(
        ["git", "apply", "--allow-empty", "-"],
        cwd=tmp_path,
        input=render_diff(report).encode(),
        check=True,
    )
    assert (tmp_path / "app" / "x.yaml").read_text(encoding="utf-8") == new

    diff = parse_diff(pull_request({}, {"app/x.yaml": text}))
    for platform, apply in zip(PLATFORMS, (as_github, as_gitlab), strict=False):
        answer = render_suggestions(report, diff, Asker(platform))
        applied = text
        for comment in sorted(answer["comments"], key=lambda comment: -comment["first_line"]):
            applied = apply(applied, comment["payload"])
        if not answer["summary"]["patch"]:
            assert applied == new


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_format_takes_it(example):
    """No format fails on it, and the JSON has its declared shape."""
    report = run([("x.yaml", example.read_bytes())], Options(), rewrite=True)

    assert RewriteSchema().validate(rewrite_to_dict(report)) == {}
    assert all(
        render(report)
        for render in (
            render_sarif,
            render_rdjson,
            render_markdown,
            render_junit,
            render_codequality,
        )
    )

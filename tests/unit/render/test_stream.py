"""The rewritten set as YAML."""

from __future__ import annotations

import pytest
import yaml

from service.errors import InputError
from service.findings import Applicability, Report, SkippedInput
from service.options import Options
from service.pipeline import run
from service.render.stream import render_stream
from service.text import Edit
from tests.unit.render.reports import POD, place, rewritten


def test_one_file_is_its_text():
    """No separator, no comment, nothing that wasn't there."""
    report = rewritten(
        {"web.yaml": POD}, {"web.yaml": [Edit(place(POD, "Pod").span, "Deployment")]}
    )

    assert render_stream(report) == POD.replace("kind: Pod", "kind: Deployment")


def test_several_files_make_a_stream():
    """Each has a line with its source before it."""
    report = rewritten({"a.yaml": "a: 1\n", "b/c.yaml": "c: 1\n"}, {})

    assert render_stream(report) == "---\n# Source: a.yaml\na: 1\n---\n# Source: b/c.yaml\nc: 1\n"


@pytest.mark.parametrize(
    "first",
    [
        "a: 1",
        "---\na: 1\n",
        "\ufeffa: 1\n",
        "---\r\na: 1\r\n",
        "--- # why\na: 1\n",
        "a: 1\n...\n",
        "",
        "a: |+\n  x\n\n",
    ],
)
def test_a_stream_holds_the_documents_of_its_files(first):
    """Whatever a file begins or ends with, the next one's documents are read as they are."""
    report = rewritten(
        {"a.yaml": first, "b.yaml": "---\nb: 1\n---\nc: 1\n"}, {}, {"d.yaml": "d: 1\n"}
    )
    whole = [
        document for document in yaml.safe_load_all(render_stream(report)) if document is not None
    ]
    parts = [document for document in yaml.safe_load_all(first) if document is not None]

    assert whole == [*parts, {"b": 1}, {"c": 1}, {"d": 1}]


def test_files_that_are_no_manifests_are_left_out():
    """For kubectl would refuse a chart's values."""
    report = rewritten({"values.yaml": "a: 1\n", "b.yaml": "b: 1\n", "c.yaml": "c: 1\n"}, {})
    skipping = Report(
        report.sources,
        (),
        (),
        (),
        (SkippedInput("values.yaml", None, "values"),),
        3,
        report.rewrite,
    )

    assert "values.yaml" not in render_stream(skipping)
    assert "c.yaml" in render_stream(skipping)


@pytest.mark.parametrize("others", [[], [("b.yaml", b"b: 1\n")]])
def test_a_file_that_can_not_be_decoded(others):
    """An error rather than a text without it, which somebody might write back."""
    report = run([("a.yaml", b"a: 1\n# gr\xfcn\n"), *others], Options(), rewrite=True)

    with pytest.raises(InputError) as caught:
        render_stream(report)
    assert caught.value.code == "not-utf-8"


BROKEN = "a: [\n---\n"


@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_what_could_not_be_read_is_in_the_first_line(bom):
    """Where it is, with how much wasn't looked at; and only once, however often it is sent."""
    text = f"{bom}{BROKEN}{POD}---\nnot: an object\n"

    def answer(sent: str) -> str:
        options = Options(apply=Applicability.SAFE)
        return render_stream(run([("web.yaml", sent.encode())], options, rewrite=True))

    def remark(line: int) -> str:
        return (
            f"# Podsplit: 1 not readable (web.yaml:{line}), 1 not looked at; format=json says why\n"
        )

    once = answer(text)

    assert once.startswith(f"{bom}{remark(2)}{BROKEN}")
    assert answer(once) == once.replace(remark(2), remark(3))


def test_json_has_no_comments():
    """Nothing is put before it."""
    text = '{"not": "an object"}'
    report = run([("web.json", text.encode())], Options(), rewrite=True)

    assert report.skipped
    assert render_stream(report) == text

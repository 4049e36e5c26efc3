"""Which edits have to be made together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.findings import Applicability, Change, FileResult, FileStatus, Location, Report, Stage
from service.render.fixes import connected_changes, edits_by_change
from service.text import Edit, Span
from tests.unit.render.reports import POD, place, rewritten


def change(
    name: str,
    *touches: str,
    path: str = "a.yaml",
    creates: tuple[str, ...] = (),
    namespace: str | None = None,
) -> Change:
    """A change of a workload that touches and makes other objects."""
    return Change(
        id=name,
        action="wrap",
        workload=f"Pod/{name}",
        title=name,
        applicability=Applicability.SAFE,
        assumptions=(),
        creates=creates,
        touches=touches,
        edits={path: (Edit(Span(0, 0), name),)},
        becomes="Deployment/web",
        location=Location(path, 0, Span(0, 0)),
        namespace=namespace,
    )


def groups(*changes: Change) -> list[str]:
    """The ids of each group, joined."""
    base = rewritten({"a.yaml": POD}, {})
    assert base.rewrite is not None
    return [
        "+".join(item.id for item in group)
        for group in connected_changes(replace(base.rewrite, changes=changes))
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([change("a"), change("b")], ["a", "b"]),
        ([change("a"), change("b"), change("a")], ["a+a", "b"]),
        ([change("a", "Service/s"), change("b"), change("c", "Service/s")], ["a+c", "b"]),
        ([change("a", "x"), change("b", "y"), change("c", "x", "y")], ["a+b+c"]),
        ([change("a", creates=("Service/s",)), change("b", "Service/s")], ["a+b"]),
        ([change("a", "s", path="x/a.yaml"), change("b", "s", path="y/a.yaml")], ["a", "b"]),
        ([change("a", "s", path="x/a.yaml"), change("b", "s", path="x/b.yaml")], ["a+b"]),
        ([change("a", "s", namespace="x"), change("b", "s", namespace="y")], ["a", "b"]),
        ([change("a", "s", namespace="x"), change("b", "s", namespace="x")], ["a+b"]),
        (
            [change("a", "s", namespace="x"), change("b", "s"), change("c", "s", namespace="y")],
            ["a+b+c"],
        ),
        ([], []),
    ],
    ids=[
        "apart",
        "one workload",
        "one Service",
        "by a third",
        "made",
        "folders",
        "files",
        "namespaces",
        "one namespace",
        "a namespace that isn't named",
        "none",
    ],
)
def test_changes_that_touch_a_common_object_are_together(changes, expected):
    """Directly or through others; the same name in another folder or namespace is another
    object.
    """
    assert groups(*changes) == expected


def test_edits_of_connected_changes_are_those_of_all():
    """Each change has the edits of its whole group."""
    base = rewritten({"a.yaml": POD}, {})
    assert base.rewrite is not None
    wrap = change("a", "Service/s")
    split = replace(change("b", "Service/s"), edits={"a.yaml": (Edit(Span(5, 6), "x"),)})
    found = edits_by_change(replace(base, rewrite=replace(base.rewrite, changes=(wrap, split))))

    assert found["a"] == found["b"] == {"a.yaml": [Edit(Span(0, 0), "a"), Edit(Span(5, 6), "x")]}


@pytest.mark.parametrize("status", [FileStatus.ADDED, FileStatus.DELETED])
def test_edits_alone_are_no_change_where_files_come_or_go(status):
    """Half a change is an outage."""
    report = rewritten({"a.yaml": POD}, {"a.yaml": [Edit(place(POD, "Pod").span, "Job")]})
    assert report.rewrite is not None
    files = (*report.rewrite.files, FileResult("b.yaml", "", status))

    assert edits_by_change(report) != {}
    assert edits_by_change(replace(report, rewrite=replace(report.rewrite, files=files))) == {}


def test_an_analysis_has_no_edits():
    """There is nothing to fix."""
    assert edits_by_change(Report({}, (), (), (), (), 0)) == {}


@pytest.mark.parametrize("stage", Stage)
def test_edits_are_those_up_to_the_requested_stage(stage):
    """Later ones are not in the text that was asked for."""
    edits = [Edit(Span(place, place), f"{name}\n", name) for place, name in enumerate(Stage)]
    report = rewritten({"a.yaml": "xyz\n"}, {"a.yaml": edits})
    assert report.rewrite is not None
    files = report.rewrite.stages[stage].files
    asked = replace(report, rewrite=replace(report.rewrite, files=files))

    assert edits_by_change(asked) == {"wrap/Pod/web": {"a.yaml": edits[: stage + 1]}}

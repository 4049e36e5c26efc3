"""Pictures of a workload before and after."""

from __future__ import annotations

import re

from service.options import Options
from service.pipeline import run
from service.render.mermaid import pictures
from service.render.topology import Topology
from tests.unit.render.reports import BARE, TWO_SERVERS


def drawn(files: dict[str, str], **options) -> list[str]:
    """The charts of all pictures."""
    report = run(
        [(path, text.encode()) for path, text in files.items()], Options(**options), rewrite=True
    )
    text = pictures(Topology(report), report.rewrite.changes)
    return re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)


def test_a_split_is_drawn():
    """Before: one box that the Service's ports lead into. After: a box each, and each port leads to
    the container that it led to.
    """
    before, after = drawn({"shop.yaml": TWO_SERVERS})

    assert before.splitlines() == [
        "flowchart LR",
        '  subgraph w0["Pod/shop"]',
        '    w0c0["frontend"]',
        '    w0c1["api"]',
        "  end",
        '  s0(["Service/shop"])',
        '  s0 -- "80" --> w0c0',
        '  s0 -- "3000" --> w0c1',
    ]
    assert after.splitlines() == [
        "flowchart LR",
        '  subgraph w0["Deployment/shop"]',
        '    w0c0["frontend"]',
        "  end",
        '  subgraph w1["Deployment/shop-api"]',
        '    w1c0["api"]',
        "  end",
        '  s0(["Service/shop"])',
        '  s0 -- "80" --> w0c0',
        '  s0 -- "3000" --> w1c0',
    ]


def test_namesakes_in_other_namespaces():
    """Each has a picture of its own, and its name says which one it is."""
    spaced = [
        TWO_SERVERS.replace("metadata:", f"metadata:\n  namespace: {namespace}")
        for namespace in ("one", "two")
    ]
    report = run([("shop.yaml", "---\n".join(spaced).encode())], Options(), rewrite=True)
    items = list(Topology(report).drawn(report.rewrite.changes))

    assert [item.workload for item in items] == [
        "Pod/shop in shop.yaml, namespace one",
        "Pod/shop in shop.yaml, namespace two",
    ]
    for item in items:
        assert [box.title for box in item.before] == ["Pod/shop"]
        assert [box.title for box in item.after] == ["Deployment/shop", "Deployment/shop-api"]


def test_the_service_in_another_file():
    """It is found, and so are new files."""
    pod, service = TWO_SERVERS.split("---\n")
    _, after = drawn({"a/pod.yaml": pod, "a/service.yaml": service}, layout="new-files")

    assert 'subgraph w1["Deployment/shop-api"]' in after
    assert '-- "3000" --> w1c0' in after


def test_the_same_names_in_another_folder():
    """Each folder is a set of its own."""
    files = {f"{folder}/shop.yaml": TWO_SERVERS for folder in ("a", "b")}
    charts = drawn(files)

    assert len(charts) == 4
    assert all(
        chart.count("subgraph") == number
        for chart, number in zip(charts, (1, 2, 1, 2), strict=True)
    )


def test_hostile_names_stay_labels():
    """Whatever means something to Mermaid or Markdown is a number."""
    name = '"]; end click <b>`${{x}}\\u2028'
    text = BARE.replace("NAME", "web").replace("name: app", f"name: '{name}'")
    for chart in drawn({"x.yaml": text}):
        for line in chart.splitlines():
            assert re.fullmatch(r'[\w ]*(\(?\["[\w ./:;#-]*"\]\)?)?( -- "\d+" --> \w+)?', line), (
                line
            )


def test_bounds(monkeypatch):
    """A few pictures, of a few containers and arrows; a very large set is not drawn at all."""
    many = "".join(f"    - {{name: c{number}, image: nginx}}\n" for number in range(40))
    before, _ = drawn({"x.yaml": BARE.replace("NAME", "web") + many})
    assert '["29 containers more"]' in before
    assert before.count("w0c") == 12

    files = {f"{number}.yaml": BARE.replace("NAME", f"web{number}") for number in range(9)}
    assert len(drawn(files)) == 2 * 3

    monkeypatch.setattr("service.render.topology._MOST_TEXT", 100)
    assert drawn(files) == []


def test_nothing_to_draw():
    """Without a change there is no picture, and nothing is read for one."""
    _, after = drawn({"x.yaml": TWO_SERVERS})
    report = run([("x.yaml", TWO_SERVERS.encode())], Options(), rewrite=False)

    assert after
    assert pictures(Topology(report), []) == ""

"""Reports for Policy Reporter and others, by the schemas of their CRDs."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from service.findings import Severity
from service.options import Options
from service.pipeline import run
from service.render.openreports import render_openreports, render_policyreport
from tests.support.crds import REPORTS
from tests.unit.render.reports import TWO_SERVERS, full

EXAMPLES = sorted(Path("examples").glob("*.yaml"))
FORMATS = pytest.mark.parametrize("render", [render_openreports, render_policyreport])


def report_of(*texts: str, **options):
    files = [(f"{number}.yaml", text.encode()) for number, text in enumerate(texts)]
    return run(files, Options(**options), rewrite=False)


def items(*texts: str, render=render_openreports, **options):
    return json.loads(render(report_of(*texts, **options)))["items"]


@FORMATS
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_they_are_what_the_crds_ask_for(render, path):
    """Every field and word, and the counts are those of the results."""
    for item in items(path.read_text(), render=render):
        jsonschema.validate(item, REPORTS[item["apiVersion"], item["kind"]])
        results = [result["result"] for result in item["results"]]
        assert item["summary"] == {
            word: results.count(word) for word in ("pass", "fail", "warn", "error", "skip")
        }
        assert results


@FORMATS
def test_everything_that_a_report_can_hold(render):
    """Ignored and known findings are skipped, with why."""
    report = full()
    first = next(finding for finding in report.findings if finding.suppression)
    one = first._replace(suppression=None, known=True)
    found = json.loads(render(replace(report, findings=(*report.findings, one))))["items"]

    for item in found:
        jsonschema.validate(item, REPORTS[item["apiVersion"], item["kind"]])
    messages = [result["message"] for item in found for result in item["results"]]
    assert any(text.startswith("ignored: ") for text in messages)
    assert any(text.startswith("known: ") for text in messages)


def test_the_real_kubectl_reads_the_list(kubectl):
    """Object by object."""
    text = render_openreports(report_of(TWO_SERVERS))
    command = [kubectl, "label", "--local", "-f", "-", "x=y", "-o", "name"]
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["report.openreports.io/podsplit-pod-shop"]


def test_a_report_is_in_the_namespace_of_its_object_and_goes_with_it():
    """A live object has a uid, which its report names as its owner."""
    live = TWO_SERVERS.replace("  name: shop\n", "  name: shop\n  namespace: a\n  uid: u-1\n", 1)
    (item,) = items(live)

    assert item["metadata"]["namespace"] == item["scope"]["namespace"] == "a"
    assert item["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Pod", "name": "shop", "uid": "u-1"}
    ]
    assert item["scope"]["uid"] == "u-1"
    (file,) = items(TWO_SERVERS)
    assert file["metadata"].keys() == {"name", "labels"}


POD = (
    "apiVersion: {}\nkind: {}\nmetadata: {{name: {}, namespace: {}}}\nspec:\n"
    "  containers: [{{name: a, image: nginx}}]\n"
)


def test_names():
    """The same in every run, other ones for other objects, and no longer than a name may be."""
    texts = [
        POD.format("v1", "Pod", "web", "a"),
        POD.format("v1", "Pod", "web", "b"),
        POD.format("v1", "Pod", "x" * 250, "a"),
        POD.format("v1", "Pod", "x" * 251, "a"),
        POD.format("v1", "Pod", "odd_Name", "a"),
    ]
    found = items("---\n".join(texts))
    keys = [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in found]

    assert keys == [
        (item["metadata"]["namespace"], item["metadata"]["name"])
        for item in items("---\n".join(texts))
    ]
    assert keys[:2] == [("a", "podsplit-pod-web"), ("b", "podsplit-pod-web")]
    assert len(set(keys)) == len(texts)
    assert all(len(name) <= 253 for _, name in keys)


def test_namesakes_in_one_list():
    """Each has its own findings."""
    both = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "web", "namespace": name, "annotations": notes},
            "spec": {"containers": [{"name": "a", "image": "nginx"}]},
        }
        for name, notes in (("a", {}), ("b", {"podsplit.dev/ignore": "bare-pod ours"}))
    ]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": both})
    found = {item["metadata"]["namespace"]: item["summary"] for item in items(text)}

    assert (found["a"]["warn"], found["a"]["skip"]) == (1, 0)
    assert (found["b"]["warn"], found["b"]["skip"]) == (0, 1)


def test_what_passes():
    """A Pod that stays bare for a reason, containers that belong together; a workload of one
    container has nothing to report.
    """
    text = Path("examples/app-with-sidecars.yaml").read_text()
    results = {
        result["rule"]: result["result"] for item in items(text) for result in item["results"]
    }
    assert results["unrelated-containers"] == "pass"

    one = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  selector:"
        " {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec:"
        " {containers: [{name: a, image: nginx}]}\n"
    )
    assert items(one) == []


def test_severities():
    """Errors fail, warnings warn, what is only noted is skipped; what broke is an error."""
    report = full()
    finding = next(finding for finding in report.findings if finding.is_open)
    results = {}
    for severity in Severity:
        changed = replace(report, findings=(finding._replace(severity=severity),))
        rows = [
            result
            for item in json.loads(render_openreports(changed))["items"]
            for result in item["results"]
        ]
        results[severity] = next(row for row in rows if row["rule"] == finding.rule)
    assert [(results[each]["result"], results[each]["severity"]) for each in Severity] == [
        ("skip", "low"),
        ("warn", "medium"),
        ("fail", "high"),
    ]
    broken = replace(report, findings=(finding._replace(rule="not-analysed"),))
    (item, *_) = json.loads(render_openreports(broken))["items"]
    assert item["summary"]["error"] == 1

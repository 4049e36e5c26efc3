"""What is done so that reports are those that the service made."""

from __future__ import annotations

from clients.audit.reconcile import marked, plan, selector_of


def report(name, namespace="a", **fields):
    return {"metadata": {"name": name, "namespace": namespace}, "results": [], **fields}


def test_only_what_differs_is_applied():
    """Whatever the API server has added to what is there."""
    there = [
        report("same", kind="Report", metadata={"name": "same", "namespace": "a", "uid": "u"}),
        report("other", results=[{"result": "warn"}]),
    ]
    done = plan(there, [report("same"), report("other"), report("new")], {"a"})

    assert [item["metadata"]["name"] for item in done.apply] == ["other", "new"]
    assert (done.delete, done.kept) == ((), 1)


def test_only_reports_of_namespaces_that_were_looked_at_go():
    """A part of the cluster that couldn't be asked about keeps its reports."""
    there = [report("gone"), report("gone", "b")]

    assert plan(there, [], {"a"}).delete == (there[0],)
    assert plan(there, [], set()).delete == ()


def test_namesakes_of_namespaces_are_others():
    """A report has a namespace and a name."""
    done = plan([report("x", "a")], [report("x", "b")], {"a", "b"})

    assert [item["metadata"]["namespace"] for item in done.apply] == ["b"]
    assert [item["metadata"]["namespace"] for item in done.delete] == ["a"]


def test_an_audit_marks_what_is_its_own():
    """By its name, so that it finds its own reports and no others; the report itself stays."""
    plain = {"metadata": {"name": "x", "labels": {"app.kubernetes.io/managed-by": "podsplit"}}}
    own = marked(plain, "tools.podsplit")
    wanted = dict(part.split("=") for part in selector_of("tools.podsplit").split(","))

    assert own["metadata"]["labels"] == wanted
    assert "app.kubernetes.io/instance" not in plain["metadata"]["labels"]

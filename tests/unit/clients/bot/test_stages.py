"""What the next pull request of a split is, and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from clients.bot.hosted.stages import (
    Mark,
    digest,
    explain,
    names_of,
    plan_next,
    read_mark,
    workloads_of,
    write_mark,
)
from service.options import Options
from service.pipeline import run
from service.web.json_report import rewrite_to_dict
from tests.conftest import ROOT

HIDDEN = ("<!-- ", " -->")
MARK = Mark("add", "Deployment/blog", ("a--b.yaml:blog",), ("a--b.yaml",), "0", "1", 7, "issues-8")
BLOG = (ROOT / "examples" / "wordpress-and-mysql.yaml").read_text()
POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\n"
    "spec: {containers: [{name: web, image: nginx}]}\n"
)


def answered(files: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    report = run([(path, text.encode()) for path, text in files.items()], Options(), rewrite=True)
    return rewrite_to_dict(report), [{"path": path, "content": files[path]} for path in files]


@pytest.mark.parametrize("hidden", [HIDDEN, ("[//]: # (", ")")])
def test_a_mark_is_read_as_it_was_written(hidden):
    """Whatever the paths hold; with the line ends of the forge."""
    line = write_mark(MARK, hidden)
    assert "--" not in line.removeprefix("<!--").removesuffix("-->")
    assert read_mark(f"{line}\r\n\r\ntext", hidden) == MARK


@pytest.mark.parametrize(
    "body", ["", "text", "<!-- podsplit-bot:stage:e30= -->", "<!-- podsplit-bot:stage:? -->"]
)
def test_what_is_no_mark(body):
    """A person's text, or one that somebody has changed."""
    assert read_mark(body, HIDDEN) is None


def test_the_stages_follow_each_other():
    """Each is planned from the text of the one before; the last leaves nothing."""
    files: dict[str, Any] = {
        "a.yaml": BLOG,
        "other.yaml": POD.replace("web", "other"),
        "notes.yaml": "a: 1\n",
    }
    seen = []
    for _ in range(5):
        answer, sent = answered(files)
        plan = plan_next(answer, sent)
        if plan is None:
            break
        seen.append((plan.stage, plan.later))
        assert digest(files, plan.paths) == plan.before
        files |= dict(plan.texts)
        assert digest(files, plan.paths) == plan.after
    # The bare Pod's controller comes with the first, as nothing says that it isn't wanted.
    assert [stage for stage, _ in seen] == ["expand", "add", "switch", "contract"]
    assert [later for _, later in seen][-1] == ()
    assert files["notes.yaml"] == "a: 1\n"


def test_what_a_pull_request_says():
    """What it does, what to wait for before and after it, how to go back, what comes next."""
    answer, sent = answered({"a.yaml": BLOG})
    plan = plan_next(answer, sent)
    assert plan is not None
    ((_, changes),) = workloads_of(answer).items()
    text = explain(plan, changes, answer, "https://podsplit.example.com")
    assert "The stage **add** makes what is new" in text
    assert "**To go back**, revert this pull request" in text
    assert "What follows: *switch*, *contract*." in text
    assert "https://podsplit.example.com/docs#stages" in text
    assert "<files" not in text
    switched, sent = answered(dict(plan.texts))
    plan = plan_next(switched, sent)
    assert plan is not None
    text = explain(plan, changes, switched, "")
    assert "kubectl wait --for=delete pod" in text.partition("After it is merged")[2]
    last, sent = answered(dict(plan.texts))
    plan = plan_next(last, sent)
    assert plan is not None
    text = explain(plan, changes, last, "")
    assert "kubectl wait --for=delete pod" in text.partition("After it is merged")[0]
    assert "kubectl rollout status deployment/blog-mysql" in text.partition("After it is merged")[2]
    assert "This is the last stage" in text


def test_a_pod_is_called_as_its_controller_too():
    """Which has another name where it stands for several Pods."""
    two = "---\n".join(
        POD.replace("{name: web, l", f"{{name: web-{number}, l") for number in (1, 2)
    )
    answer, sent = answered({"a.yaml": two})
    ((workload, changes),) = workloads_of(answer).items()
    assert workload == "a.yaml:web-1"
    assert names_of(workload, changes) == ("a.yaml:web-1", "a.yaml:web")
    plan = plan_next(answer, sent)
    assert plan is not None
    assert (plan.stage, plan.later) == ("expand", ())


def test_steps_without_a_command_are_said_too():
    """Some are what a split depends on: Pods that have to be deleted, Jobs that have to end."""
    answer, sent = answered({"a.yaml": BLOG})
    plan = plan_next(answer, sent)
    assert plan is not None
    told = {"command": None, "why": "it must not run twice", "stage": None}
    switch = next(
        index for index, step in enumerate(answer["migration"]) if step["stage"] == "switch"
    )
    answer["migration"].insert(switch, told | {"step": "wait for the Jobs to end"})
    answer["migration"].insert(1, told | {"step": "delete the old Pod"})
    ((_, changes),) = workloads_of(answer).items()
    before, after = explain(plan, changes, answer, "").split("**After it is merged**")
    assert (
        "- delete the old Pod: it must not run twice" in before.split("**Before it is merged**")[1]
    )
    assert "- wait for the Jobs to end: it must not run twice" in after

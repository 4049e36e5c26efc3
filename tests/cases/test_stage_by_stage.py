"""Every case, taken through its stages as the hosted bot does: each workload by itself, each stage
planned from the text that the one before left. It ends with the text of the whole rewrite.
"""

from __future__ import annotations

from typing import Any

import pytest

from clients.bot.hosted.stages import names_of, plan_next, workloads_of
from service.options import Options
from service.pipeline import run
from service.web.json_report import rewrite_to_dict
from tests.cases.test_cases import CASES, HERE, inputs_of

_MOST = 6
"""Stages, and one more than there are."""


def answer_of(files: dict[str, str], layout: str, only: tuple[str, ...] | None) -> dict[str, Any]:
    """The service's answer on a rewrite."""
    places = None if only is None else frozenset(_place(workload) for workload in only)
    contents = [(path, text.encode()) for path, text in files.items()]
    return rewrite_to_dict(run(contents, Options(layout=layout, only=places), rewrite=True))


def _place(workload: str) -> tuple[str, str]:
    path, _, name = workload.rpartition(":")
    return path, name


def follow(files: dict[str, str], layout: str, only: tuple[str, ...]) -> dict[str, str]:
    """The files once all stages are merged."""
    now = dict(files)
    for _ in range(_MOST):
        answer = answer_of(now, layout, only)
        sent = [{"path": path, "content": text} for path, text in now.items()]
        plan = plan_next(answer, sent)
        if plan is None:
            return now
        merged = now | dict(plan.texts)
        now = {path: text for path, text in merged.items() if text is not None}
        names = [names_of(*item) for item in workloads_of(answer).items()]
        only = tuple(dict.fromkeys([*only, *(name for own in names for name in own)]))
    raise AssertionError("there is no end to the stages")


@pytest.mark.parametrize("layout", ["in-place", "new-files"])
@pytest.mark.parametrize("case", CASES, ids=lambda path: str(path.relative_to(HERE)))
def test_the_stages_end_with_the_rewrite(case: Any, layout: str) -> None:
    """Byte for byte, whichever workload is taken first."""
    try:
        files = {path: raw.decode() for path, raw in inputs_of(case).items()}
    except UnicodeDecodeError:
        pytest.skip("the case is about what is no text")
    for item in workloads_of(answer_of(files, layout, None)).items():
        only = names_of(*item)
        whole = answer_of(files, layout, only)["files"]
        wanted = {file["path"]: file["content"] for file in whole if file["status"] != "deleted"}
        assert follow(files, layout, only) == wanted

"""The declared shapes of answers that are no reports."""

from __future__ import annotations

import pytest

from service.render.suggestions import Reason
from service.web.problems import Problem, problem_document
from service.web.schemas.answers import LeftOutSchema, ProblemSchema


@pytest.mark.parametrize(
    "problem", [Problem(400, "d"), Problem(422, "d", errors=(("a", "b"), ("c", "d")))]
)
def test_a_problem(problem):
    """With or without fields that are wrong."""
    assert ProblemSchema().validate(problem_document(problem, "r-1")) == {}


@pytest.mark.parametrize(
    ("name", "value"), [("status", 399), ("code", None), ("errors", [{"field": "a"}]), ("more", 1)]
)
def test_what_is_no_problem(name, value):
    """A status that is no error, a field too many or too few."""
    document = problem_document(Problem(400, "d"), "r-1") | {name: value}

    assert ProblemSchema().validate(document).keys() == {name}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_declared(reason):
    """Each for which a change is not suggested."""
    left_out = {"change": "a", "workload": "Pod/a", "reason": reason.value}

    assert LeftOutSchema().validate(left_out) == {}
    assert LeftOutSchema().validate(left_out | {"reason": "other"}).keys() == {"reason"}

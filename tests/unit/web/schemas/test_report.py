"""The declared shape of reports; that the reports have it is tested with json_report."""

from __future__ import annotations

import copy

import pytest

from service.web.json_report import analysis_to_dict, rewrite_to_dict
from service.web.schemas.report import AnalysisSchema, RewriteSchema
from tests.unit.render.reports import full


def objects(value: object, route: tuple[object, ...] = ()):
    """The route to every object in a tree of JSON."""
    match value:
        case dict():
            yield route
            for key, item in value.items():
                yield from objects(item, (*route, key))
        case list():
            for place, item in enumerate(value):
                yield from objects(item, (*route, place))


def at(value, route):
    for key in route:
        value = value[key]
    return value


REWRITE = rewrite_to_dict(full())


@pytest.mark.parametrize(
    "route", list(objects(REWRITE)), ids=lambda route: ".".join(map(str, route))
)
def test_every_object_is_strict(route):
    """Neither a field more nor one less is the declared shape."""
    for change in ("more", "less"):
        data = copy.deepcopy(REWRITE)
        target = at(data, route)
        if change == "more":
            target["more"] = 1
        else:
            target.popitem()
        assert RewriteSchema().validate(data) != {}


def test_an_analysis_is_a_part_of_a_rewrite():
    """The same fields, and those of the rewrite besides."""
    assert set(AnalysisSchema().fields) == set(analysis_to_dict(full()))
    assert set(RewriteSchema().fields) == set(REWRITE) > set(AnalysisSchema().fields)


@pytest.mark.parametrize("name", ["line", "column", "end_line", "end_column"])
def test_places_count_from_one(name):
    """There is no line 0."""
    data = copy.deepcopy(REWRITE)
    data["findings"][0]["location"][name] = 0

    assert RewriteSchema().validate(data).keys() == {"findings"}

"""The list of endpoints."""

from __future__ import annotations

import inspect

from service.web.formats import ANALYZE, REWRITE
from service.web.routes import ROUTES


def test_every_path_is_listed_once():
    """And its operation has a name of its own."""
    assert len({route.path for route in ROUTES}) == len(ROUTES)
    assert len({route.operation_id for route in ROUTES}) == len(ROUTES)


def test_every_view_says_what_it_answers():
    """Its docstring is the summary in openapi.yaml and on the page of the docs."""
    assert [route.path for route in ROUTES if not inspect.getdoc(route.view)] == []


def test_bodies_come_with_post_only():
    """What asks for no body is read with GET."""
    assert {(route.method, route.body is not None) for route in ROUTES} == {
        ("POST", True),
        ("GET", False),
    }


def test_formats_are_those_that_the_views_know():
    """Every one of them has its media type among the answers."""
    routes = {route.path: route for route in ROUTES}
    for path, formats in (("/v1/analyze", ANALYZE), ("/v1/rewrite", REWRITE)):
        assert routes[path].formats == tuple(item.name for item in formats)
        assert list(routes[path].answers) == [item.media_type for item in formats]

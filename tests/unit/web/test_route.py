"""What an endpoint is."""

from __future__ import annotations

import pytest
from flask import Response

from service.web.route import Route, needs_token


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/analyze", True),
        ("/v1/", True),
        ("/v1/unknown/path", True),
        ("/v1", False),
        ("/v10/analyze", False),
        ("/V1/analyze", False),
        ("/docs/v1/", False),
        ("/healthz", False),
        ("/", False),
    ],
)
def test_which_paths_need_a_token(path, expected):
    """Everything below /v1/, known or not."""
    assert needs_token(path) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/v1/analyze", "analyze"), ("/healthz", "healthz"), ("/openapi.yaml", "openapi_yaml")],
)
def test_the_name_of_an_operation(path, expected):
    """The path without what is common to all, as a word."""
    route = Route(method="GET", path=path, view=Response, tag="t", answers={})

    assert route.operation_id == expected

"""The format of an answer."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from service.web.formats import REWRITE
from service.web.negotiation import choose_format
from service.web.problems import Problem


def chosen(accept: str | None, wanted: str | None = None) -> str:
    return choose_format(REWRITE, wanted, parse_accept_header(accept, MIMEAccept)).name


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "json"),
        ("*/*", "json"),
        ("application/json", "json"),
        ("application/*", "json"),
        ("application/yaml", "yaml"),
        ("text/yaml", "yaml"),
        ("application/x-yaml;q=0.9, text/css", "yaml"),
        ("text/x-diff", "diff"),
        ("text/x-patch", "diff"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "html"),
        ("application/json;q=0.1, text/x-diff", "diff"),
        ("application/yaml, */*;q=0.1", "yaml"),
    ],
)
def test_accept(accept, name):
    """The best that is accepted; JSON where nothing particular is."""
    assert chosen(accept) == name


def test_the_query_goes_first():
    """`?format=` wins over Accept."""
    assert chosen("application/json", "diff") == "diff"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [("text/css", None), ("image/*", None), ("application/json", "toml"), (None, "")],
)
def test_formats_that_are_not_there(accept, wanted):
    """406 with the list."""
    with pytest.raises(
        Problem, match=r"json \(application/json\), yaml \(application/yaml\), diff"
    ) as caught:
        chosen(accept, wanted)

    assert caught.value.status == 406

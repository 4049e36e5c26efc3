"""Every operation with generated requests: no answer is a 5xx, and each is described."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS
from schemathesis.core.media_types import YAML_MEDIA_TYPES
from schemathesis.generation.meta import TestPhase

from service.web.app import create_app
from service.web.settings import Settings

pytestmark = pytest.mark.no_cover  # thousands of requests, whose lines smaller tests reach

schema = schemathesis.openapi.from_wsgi("/openapi.yaml", create_app(Settings()))

# schemathesis sends bytes for these types; other tests are about how they are read.
_BINARY = (
    "application/zip",
    "application/x-zip-compressed",
    "application/x-tar",
    "application/tar",
    "application/gzip",
    "application/x-gzip",
    "application/tar+gzip",
    "application/x-gtar",
    "application/x-tgz",
    "application/x-compressed-tar",
    "application/x-yaml",
)

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


@schemathesis.serializer(*_BINARY)
def _to_bytes(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.deserializer(*YAML_MEDIA_TYPES)
def _to_text(_context: Any, response: schemathesis.Response) -> str:
    """A YAML answer as text: the description calls it a string. schemathesis would parse it."""
    return response.content.decode()


@schema.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_api_keeps_its_description(case: schemathesis.Case[Any]) -> None:
    """The answer to any request has a status, a media type and a shape of openapi.yaml, and is
    never a 5xx. What openapi.yaml allows is taken, and what it doesn't is refused.
    """
    response = case.call()
    left_out = {"missing_required_header", "ignored_auth", "unsupported_method"}
    # What is made up at random may be no diff, or no text. No schema says what an archive is, or
    # how the parts of a form are named. And a gate that closes is no refusal.
    assert case.meta is not None
    is_systematic = case.meta.phase.name is TestPhase.COVERAGE
    if not is_systematic or "podsplit-gate" in response.headers:
        left_out |= {"positive_data_acceptance", "negative_data_rejection"}
    elif case.media_type in (*_BINARY, *_FORMS):
        left_out.add("positive_data_acceptance")
    checks: list[Any] = [check for check in CHECKS.get_all() if check.__name__ not in left_out]
    case.validate_response(response, checks=checks)


def test_the_edges_are_tried() -> None:
    """Values at and beyond every limit, missing ones and ones of other types are among the
    requests above.
    """
    assert schema.config.phases_for(operation=None).coverage.enabled

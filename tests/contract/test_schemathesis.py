"""Every operation under requests that nobody would write: no 5xx, no answer that isn't
described.
"""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS

from service.web.app import create_app
from service.web.settings import Settings

pytestmark = pytest.mark.no_cover  # thousands of requests, whose lines smaller tests reach

schema = schemathesis.openapi.from_wsgi("/openapi.yaml", create_app(Settings()))

# Bodies of these types are bytes to schemathesis; how they are read has tests of its own.
_BINARY = (
    "application/zip",
    "application/x-zip-compressed",
    "application/x-tar",
    "application/tar",
    "application/gzip",
    "application/x-gzip",
)
_MORE = (
    "application/tar+gzip",
    "application/x-gtar",
    "application/x-tgz",
    "application/x-compressed-tar",
    "application/x-yaml",
)


@schemathesis.serializer(*_BINARY, *_MORE)
def _binary(_context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schema.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_api_keeps_its_description(case):
    """Whatever is sent, the answer has a status, a type and a shape that openapi.yaml names, and
    is never a 5xx.
    """
    left_out = {
        "positive_data_acceptance",
        "negative_data_rejection",
        "missing_required_header",
        "ignored_auth",
        "unsupported_method",
    }
    case.call_and_validate(
        checks=[check for check in CHECKS.get_all() if check.__name__ not in left_out]
    )

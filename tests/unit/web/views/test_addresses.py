"""The address of the service, as others reach it."""

from __future__ import annotations

import pytest

from service.web.app import create_app
from service.web.settings import Settings
from service.web.views.addresses import this_service


@pytest.mark.parametrize("host", ["xn--a", "podsplit_svc", "a b"])
def test_a_host_that_is_no_name(host):
    """No links, and no error of ours."""
    app = create_app(Settings())
    with app.test_request_context("/", headers={"Host": host}):
        assert this_service().docs == ""

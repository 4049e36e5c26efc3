"""Settings from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.web.settings import Settings, SettingsError


def test_nothing_set():
    """Every setting has a default."""
    assert Settings.from_environment({}) == Settings()


def test_values_are_read():
    """Numbers, seconds, words and paths, blanks around them ignored."""
    read = Settings.from_environment(
        {
            "PODSPLIT_MAX_BODY_BYTES": " 4096 ",
            "PODSPLIT_REQUEST_TIMEOUT": "2.5",
            "PODSPLIT_LOG_LEVEL": "Debug",
            "PODSPLIT_TOKENS_FILE": "/run/tokens",
            "PODSPLIT_MAX_FILES": "",
        }
    )

    assert (read.max_body_bytes, read.request_timeout, read.log_level, read.tokens_file) == (
        4096,
        2.5,
        "debug",
        Path("/run/tokens"),
    )
    assert read.max_files == Settings().max_files


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("MAX_BODY_BYTES", "16M", "must be a whole number"),
        ("MAX_BODY_BYTES", "-1", "must be a whole number"),
        ("MAX_FILES", "0", "1 or more"),
        ("REQUEST_TIMEOUT", "soon", "must be a number of seconds"),
        ("REQUEST_TIMEOUT", "nan", "must be a number of seconds"),
        ("LOG_LEVEL", "loud", "must be one of debug, info, warning, error"),
        ("MAX_BODY", "1", "not a setting; there are PODSPLIT_MAX_BODY_BYTES"),
    ],
)
def test_what_cannot_be_used_stops_the_start(name, value, says):
    """The error names the variable and what is allowed."""
    with pytest.raises(SettingsError, match=f"PODSPLIT_{name}: .*{says}"):
        Settings.from_environment({f"PODSPLIT_{name}": value})


def test_what_the_kubelet_sets_is_no_trouble():
    """A Service named podsplit puts its addresses into the environment, under our prefix."""
    environ = {
        "PODSPLIT_SERVICE_HOST": "10.0.0.1",
        "PODSPLIT_SERVICE_PORT": "80",
        "PODSPLIT_SERVICE_PORT_HTTP": "80",
        "PODSPLIT_PORT": "tcp://10.0.0.1:80",
        "PODSPLIT_PORT_80_TCP": "tcp://10.0.0.1:80",
        "PODSPLIT_PORT_80_TCP_ADDR": "10.0.0.1",
        "PODSPLIT_CANARY_SERVICE_HOST": "10.0.0.2",
        "PODSPLIT_CANARY_PORT_80_TCP_PROTO": "tcp",
    }

    assert Settings.from_environment(environ) == Settings()


def test_all_troubles_are_told_at_once():
    """Nobody wants to find them one by one."""
    with pytest.raises(SettingsError, match=r"MAX_FILES.*LOG_LEVEL"):
        Settings.from_environment({"PODSPLIT_MAX_FILES": "x", "PODSPLIT_LOG_LEVEL": "x"})


def test_what_gunicorn_reads_is_no_trouble():
    """Its configuration has variables under the same prefix."""
    assert Settings.from_environment({"PODSPLIT_THREADS": "8"}) == Settings()

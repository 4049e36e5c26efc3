"""Settings from the environment."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from service.web.settings import (
    SERVER_VARIABLES,
    ServerSettings,
    Settings,
    SettingsError,
    default_graceful_timeout,
)


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
        ("MAX_BODY", "1", "unknown setting; use one of: PODSPLIT_MAX_BODY_BYTES"),
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


def test_variables_of_the_server_are_known():
    """They have the same prefix, and the application ignores them."""
    environ = dict.fromkeys(SERVER_VARIABLES, "8")

    assert SERVER_VARIABLES == (
        "PODSPLIT_HEADER_TIMEOUT",
        "PODSPLIT_TLS_CERT_FILE",
        "PODSPLIT_TLS_KEY_FILE",
        "PODSPLIT_GRACEFUL_TIMEOUT",
    )
    assert Settings.from_environment(environ) == Settings()


def variable(field) -> str:
    return field.metadata.get("variable", f"PODSPLIT_{field.name.upper()}")


@pytest.mark.parametrize(
    "field",
    [field for field in (*fields(Settings), *fields(ServerSettings)) if field.type == "int"],
    ids=variable,
)
def test_the_least_whole_number_of_each_setting(field):
    """It is accepted, and one less is not."""
    least = field.metadata["least"]

    def read(number: int) -> object:
        environ = {variable(field): str(number)}
        settings = Settings.from_environment(environ)
        server = ServerSettings.from_environment(environ, settings)
        return getattr(settings if hasattr(settings, field.name) else server, field.name)

    assert read(least) == least
    with pytest.raises(SettingsError, match=f"{variable(field)}: .*{least} or more"):
        read(least - 1)


@pytest.mark.parametrize(
    ("name", "least"), [("REQUEST_TIMEOUT", 0.1), ("BODY_TIMEOUT", 0.1), ("DRAIN_SECONDS", 0)]
)
def test_the_bounds_of_seconds(name, least):
    """From a tenth of a second, or none for the drain, to a day."""

    def read(seconds: float) -> float:
        settings = Settings.from_environment({f"PODSPLIT_{name}": str(seconds)})
        return getattr(settings, name.lower())

    assert (read(least), read(86_400)) == (least, 86_400)
    for seconds in (least - 0.01, 86_400.1):
        with pytest.raises(SettingsError, match=f"from {least} to 86400"):
            read(seconds)


def test_the_server_without_variables():
    """It listens on this machine only, and a stop allows for the longest request."""
    assert ServerSettings.from_environment({}, Settings()) == ServerSettings(
        host="127.0.0.1", port=8080, workers=2, header_timeout=15, graceful_timeout=35
    )


def test_the_servers_variables():
    """Host, port and workers have no prefix, as is usual; empty ones count as unset."""
    environ = {
        "HOST": "[::]",
        "PORT": "80",
        "WORKERS": "",
        "PODSPLIT_HEADER_TIMEOUT": "1",
        "PODSPLIT_GRACEFUL_TIMEOUT": "7",
    }

    assert ServerSettings.from_environment(environ, Settings()) == ServerSettings(
        host="[::]", port=80, workers=2, header_timeout=1, graceful_timeout=7
    )


def test_all_troubles_of_the_server_are_told_at_once():
    """As for the application's settings."""
    with pytest.raises(SettingsError, match=r"PORT: must be.*PODSPLIT_HEADER_TIMEOUT: must be"):
        ServerSettings.from_environment({"PORT": "x", "PODSPLIT_HEADER_TIMEOUT": "0"}, Settings())


@pytest.mark.parametrize(("request_timeout", "expected"), [(0.1, 6), (30, 35), (60.5, 66)])
def test_a_stop_takes_longer_than_a_request(request_timeout, expected):
    """Whole seconds, rounded up, and five more."""
    assert default_graceful_timeout(request_timeout) == expected


def test_a_variable_in_lower_case_is_unknown():
    """Nobody would read it, so it must not pass in silence."""
    with pytest.raises(SettingsError, match="PODSPLIT_max_files: unknown setting"):
        Settings.from_environment({"PODSPLIT_max_files": "1"})

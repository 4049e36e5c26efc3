"""Settings from the environment, read and checked once at start.

Every variable has the prefix `PODSPLIT_`; each field of `Settings` is one, explained by the text
below it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

PREFIX = "PODSPLIT_"
_SERVICE_LINK = re.compile(
    r"\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)|PODSPLIT_PORT\w*"
)
"""What the kubelet puts into every container for each Service of the namespace, and so for one
that is named podsplit.
"""

_DAY = 86_400
_LEVELS = ("debug", "info", "warning", "error")


class SettingsError(ValueError):
    """One or more variables that can't be used; the message names each with what is allowed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How one process serves. The metadata of a field is what it accepts."""

    max_body_bytes: int = field(default=16 * 1024 * 1024, metadata={"least": 1024})
    """The longest request body, in bytes, after a Content-Encoding is undone."""
    max_unpacked_bytes: int = field(default=64 * 1024 * 1024, metadata={"least": 1024})
    """What an archive may hold, in bytes, all members together."""
    max_archive_ratio: int = field(default=200, metadata={"least": 2})
    """How many times its own size an archive or a compressed body may unpack to."""
    max_archive_members: int = field(default=20_000, metadata={"least": 1})
    """Members of an archive, those that are not manifests counted too."""
    max_files: int = field(default=5_000, metadata={"least": 1})
    """Manifest files in one request."""
    max_documents: int = field(default=20_000, metadata={"least": 1})
    """YAML documents in one request."""
    request_timeout: float = field(default=30.0, metadata={"least": 0.1})
    """Seconds that one request may take, its body's arrival not counted."""
    body_timeout: float = field(default=30.0, metadata={"least": 0.1})
    """Seconds that a request's body may take to arrive, and its answer to be taken."""
    max_runs: int = field(default=4, metadata={"least": 1})
    """Runs of the pipeline at once in one process; more wait for a slot."""
    large_body_bytes: int = field(default=1024 * 1024, metadata={"least": 1})
    """From this size on a request is large: one at a time in each process, so that it leaves
    slots for small ones.
    """
    drain_seconds: float = field(default=5.0, metadata={"least": 0.0})
    """After SIGTERM: how long new requests are still served while readiness is down."""
    drain_file: Path | None = None
    """Readiness is down while this file exists; gunicorn's configuration sets it when unset."""
    tokens_file: Path | None = None
    """A file of bearer tokens, one a line; unset, the API is open. It is read again when it
    changes.
    """
    catalogue_file: Path | None = None
    """A YAML list of additions to the catalogue of images, as in the option `catalogue`; read at
    start.
    """
    log_level: str = field(default="info", metadata={"choices": _LEVELS})
    """The least level that is logged: debug, info, warning or error."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the variables with our prefix.

        Raises:
            SettingsError: a value that can't be used, or a variable that nobody reads.
        """
        # gunicorn's configuration has variables of its own under the same prefix.
        known = {item.name: item for item in fields(cls)}
        troubles: list[str] = []
        values: dict[str, object] = {}
        for name, item in known.items():
            raw = environ.get(PREFIX + name.upper(), "").strip()
            if not raw:
                continue
            try:
                values[name] = _READERS[str(item.type)](raw, item.metadata)
            except ValueError as error:
                troubles.append(f"{PREFIX}{name.upper()}: {error}")
        ours = [
            name
            for name in environ
            if name.startswith(PREFIX) and not _SERVICE_LINK.fullmatch(name)
        ]
        unknown = [
            name for name in ours if name.removeprefix(PREFIX).lower() not in known.keys() | SERVER
        ]
        troubles += [
            f"{name}: not a setting; there are"
            f" {', '.join(PREFIX + known_name.upper() for known_name in known)}"
            for name in unknown
        ]
        if troubles:
            raise SettingsError("; ".join(troubles))
        return cls(**values)  # type: ignore[arg-type]

    @property
    def level(self) -> int:
        """The level as `logging` counts."""
        return logging.getLevelNamesMapping()[self.log_level.upper()]


SERVER = frozenset({"threads", "header_timeout", "graceful_timeout"})
"""Settings that gunicorn's configuration reads, lower-case and without the prefix."""


def _integer(raw: str, accepted: Mapping[str, int]) -> int:
    if not raw.isascii() or not raw.isdigit() or int(raw) < accepted["least"]:
        raise ValueError(f"must be a whole number, {accepted['least']} or more")
    return int(raw)


def _seconds(raw: str, accepted: Mapping[str, float]) -> float:
    try:
        value = float(raw)
    except ValueError:
        value = -1.0
    if not accepted["least"] <= value <= _DAY:
        raise ValueError(f"must be a number of seconds from {accepted['least']:g} to {_DAY}")
    return value


def _word(raw: str, accepted: Mapping[str, tuple[str, ...]]) -> str:
    if raw.lower() not in accepted["choices"]:
        raise ValueError(f"must be one of {', '.join(accepted['choices'])}")
    return raw.lower()


def _path(raw: str, _accepted: Mapping[str, object]) -> Path:
    return Path(raw)


_READERS: Mapping[str, Callable[[str, Mapping[str, object]], object]] = {
    "int": _integer,  # type: ignore[dict-item]
    "float": _seconds,  # type: ignore[dict-item]
    "str": _word,  # type: ignore[dict-item]
    "Path | None": _path,
}

"""The settings of the hosted bot: a file with the forges, and a folder with their secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from marshmallow import RAISE, Schema, ValidationError, fields, validate

EXTENSION = "podsplit-bot"
"""Where the application keeps its `Work`, for gunicorn's configuration."""
KINDS = ("github", "gitlab", "gitea", "bitbucket")
"""What a forge may be; Forgejo is a `gitea`."""
_APIS = {
    "github": "https://api.github.com",
    "gitlab": "https://gitlab.com/api/v4",
    "bitbucket": "https://api.bitbucket.org/2.0",
}
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")
_REPOSITORY = re.compile(r"[\w.-]+(/[\w.-]+)*/([\w.-]+|\*)\Z")


NUMBERS = {
    "WORKERS": (1, 32),
    "QUEUE": (1, 100_000),
    "SWEEP_SECONDS": (1, 86_400),
    "MAX_FILES": (1, 100_000),
    "MAX_BYTES": (1000, 100_000_000),
}
"""The variables PODSPLIT_BOT_... that are numbers, each with its least and its most."""


class SettingsError(Exception):
    """A setting is missing or wrong; the message says which, what is allowed, and no secret."""


class ForgeSchema(Schema):
    """What the file says of one forge."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    api = fields.String(validate=validate.Regexp(r"^https?://[^\s/]+(/[^\s]*)?\Z"))
    repositories = fields.List(
        fields.String(
            validate=validate.Regexp(
                _REPOSITORY, error="must be owner/name, or owner/* for all that an owner has"
            )
        ),
        required=True,
        validate=validate.Length(min=1),
    )
    paths = fields.List(fields.String(validate=validate.Length(min=1)))
    account = fields.String()
    app = fields.Integer(strict=True)
    strict = fields.Boolean(truthy={True}, falsy={False})


class FileSchema(Schema):
    """The file."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE

    forges = fields.Dict(
        keys=fields.String(validate=validate.Regexp(_NAME)),
        values=fields.Nested(ForgeSchema),
        required=True,
        validate=validate.Length(min=1),
    )
    name = fields.String(validate=validate.Regexp(r"^[a-z0-9-]{1,40}\Z"))
    docs = fields.String()


@dataclass(frozen=True)
class ForgeSettings:
    """A forge that the bot works on."""

    name: str
    """What it is called, in the address of its webhooks and in metrics."""
    kind: str
    """One of `KINDS`."""
    api: str
    """Where its API is."""
    repositories: tuple[str, ...]
    """The repositories that are looked at, as `owner/name`, or `owner/*` for all of an owner."""
    secrets: Path
    """The folder with `<name>.secret` and `<name>.token`, or `<name>.key` for a GitHub App."""
    paths: tuple[str, ...] = ()
    """Folders and files to look at; empty for all."""
    account: str = ""
    """Who the bot is, where the forge doesn't tell its token."""
    app: int | None = None
    """The id of the GitHub App that it is; None for a token."""
    strict: bool = False
    """Whether the status of a commit fails while there is something to change."""

    def allows(self, repository: str) -> bool:
        """Whether a repository is one of those that are looked at; case is of no matter."""
        wanted = repository.lower()
        owner = wanted.rpartition("/")[0]
        return any(entry.lower() in (wanted, f"{owner}/*") for entry in self.repositories)

    def named(self, repository: str) -> str:
        """A repository as the settings write it, whose case may be another one than the forge's."""
        return next(
            (entry for entry in self.repositories if entry.lower() == repository.lower()),
            repository,
        )

    def secret(self, kind: str) -> str:
        """A secret: read each time, as it may be renewed.

        Args:
            kind: `secret`, `token` or `key`.

        Raises:
            SettingsError: there is none.
        """
        path = self.secrets / f"{self.name}.{kind}"
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            text = ""
        if not text:
            raise SettingsError(f"{path.name} is missing or empty among the secrets")
        return text


@dataclass(frozen=True)
class Settings:
    """All settings."""

    forges: Mapping[str, ForgeSettings]
    """By name."""
    name: str = ""
    """What tells this bot's comments from those of another one; empty for the only one."""
    docs: str = ""
    """Where people find the documentation; empty for nowhere."""
    workers: int = 2
    """How many pull requests are worked on at once."""
    queue: int = 1000
    """How many wait at most."""
    sweep_seconds: float = 300.0
    """Seconds from one look at all pull requests to the next."""
    max_files: int = 2000
    """Manifests of one repository."""
    max_bytes: int = 8_000_000
    """Their bytes."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read PODSPLIT_BOT_CONFIG (a file) and PODSPLIT_BOT_SECRETS (a folder); and
        PODSPLIT_BOT_WORKERS, _QUEUE, _SWEEP_SECONDS, _MAX_FILES and _MAX_BYTES.

        Raises:
            SettingsError: one is missing or wrong.
        """
        path = _required(environ, "PODSPLIT_BOT_CONFIG")
        secrets = Path(_required(environ, "PODSPLIT_BOT_SECRETS"))
        content = _read(Path(path))
        forges = {name: _forge(name, values, secrets) for name, values in content["forges"].items()}
        for forge in forges.values():
            forge.secret("secret")
            forge.secret("token" if forge.app is None else "key")
        return cls(
            forges=forges,
            name=content.get("name", ""),
            docs=content.get("docs", "").rstrip("/"),
            workers=int(_number(environ, "WORKERS", cls.workers)),
            queue=int(_number(environ, "QUEUE", cls.queue)),
            sweep_seconds=_number(environ, "SWEEP_SECONDS", cls.sweep_seconds),
            max_files=int(_number(environ, "MAX_FILES", cls.max_files)),
            max_bytes=int(_number(environ, "MAX_BYTES", cls.max_bytes)),
        )


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    least, most = NUMBERS[name]
    text = environ.get(f"PODSPLIT_BOT_{name}", "")
    try:
        value = float(text) if text else default
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise SettingsError(f"PODSPLIT_BOT_{name} must be a number from {least:g} to {most:g}")
    return value


def _read(path: Path) -> dict[str, Any]:
    """The validated content of the file."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        loaded: dict[str, Any] = FileSchema().load(raw if isinstance(raw, dict) else {})
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise SettingsError(f"{path} is not YAML") from None
    except ValidationError as error:
        raise SettingsError(f"{path}: {'; '.join(_flat(error.messages, ''))}") from None
    return loaded


def _flat(messages: Any, place: str) -> Iterator[str]:
    """marshmallow's tree of messages, each with the place that it is about."""
    if isinstance(messages, dict):
        for key, value in messages.items():
            # It tells keys and values of a mapping apart, which a reader needs no word for.
            inner = place if key in ("key", "value") else f"{place}.{key}" if place else str(key)
            yield from _flat(value, inner)
    else:
        yield from (f"{place}: {message}" for message in messages)


def _forge(name: str, values: Mapping[str, Any], secrets: Path) -> ForgeSettings:
    kind = values["kind"]
    api = values.get("api", _APIS.get(kind, ""))
    if not api:
        raise SettingsError(f"forges.{name}.api is not set: a {kind} has no address of its own")
    if values.get("app") is not None and kind != "github":
        raise SettingsError(f"forges.{name}.app: only GitHub has Apps")
    return ForgeSettings(
        name=name,
        kind=kind,
        api=api.rstrip("/"),
        repositories=tuple(values["repositories"]),
        secrets=secrets,
        paths=tuple(filter(None, map(_folder, values.get("paths", ())))),
        account=values.get("account", ""),
        app=values.get("app"),
        strict=values.get("strict", False),
    )


def _folder(path: str) -> str:
    """A folder or a file as git names it; empty for the top."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))

"""Writes a new version wherever it stands: `make release VERSION=1.2.3`.

`service/web/version.py` is where the version comes from. The wheel and the service read it there;
the other files can't, so this writes them, and a test holds all of them equal.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "service/web/version.py"
CHANGELOG = "CHANGELOG.md"
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_IMAGE = r"\bpodsplit:(\d+\.\d+\.\d+)"
_RELEASE = r"(?:@|rev: |@v|rev: v)(\d+\.\d+\.\d+)"

PLACES: Mapping[str, str] = {
    SOURCE: r'^__version__ = "(.*)"$',
    "Dockerfile": r"^ARG VERSION=(.*)$",
    "helm/Chart.yaml": r"^(?:version|appVersion): (.*)$",
    "openapi.yaml": r"^info:\n(?:  .*\n)*?  version: (.*)$",
    "README.md": _IMAGE,
    "docs/operations.md": _IMAGE,
    "docs/ci.md": _RELEASE,
    "templates/podsplit.yml": _RELEASE,
    "helm/README.md": _IMAGE,
}
"""Each file that has the version, with a pattern whose group is the version."""


def versions(text: str, pattern: str) -> list[str]:
    """Read every version that a pattern finds in a text, in its order."""
    return re.findall(pattern, text, re.MULTILINE)


def replaced(text: str, pattern: str, version: str) -> str:
    """Write a version in every place that a pattern finds.

    Args:
        text: the content of a file.
        pattern: a regular expression with one group, the version.
        version: what is to stand there.

    Returns:
        The text, with nothing else changed.

    Raises:
        ValueError: the pattern finds no place.
    """
    for match in reversed(list(re.finditer(pattern, text, re.MULTILINE))):
        text = text[: match.start(1)] + version + text[match.end(1) :]
    if version not in versions(text, pattern):
        raise ValueError(f"no version found by {pattern}")
    return text


def dated(changelog: str, version: str, date: str) -> str:
    """Turn what is unreleased into the section of a version, and begin a new one above it.

    Args:
        changelog: the text, as in Keep a Changelog.
        version: the version that is released.
        date: the day, as in 2026-01-31.

    Returns:
        The new text.

    Raises:
        ValueError: nothing is unreleased.
    """
    match = re.search(r"^## \[Unreleased\]\n+(?!## )(?=\S)", changelog, re.MULTILINE)
    if match is None:
        raise ValueError(f"{CHANGELOG} says nothing of what is new: write it below [Unreleased]")
    heading = f"## [Unreleased]\n\n## [{version}] - {date}\n\n"
    return changelog[: match.start()] + heading + changelog[match.end() :]


def check(old: str, new: str) -> None:
    """Refuse what is no later version.

    Raises:
        ValueError: it is not of the form 1.2.3, or not higher than the present one.
    """
    if not _VERSION.fullmatch(new):
        raise ValueError(f"{new!r} is no version: give one such as VERSION=1.2.3")
    if _parts(new) <= _parts(old):
        raise ValueError(f"{new} is not higher than {old}")


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def released(files: Mapping[str, str], version: str, date: str) -> dict[str, str]:
    """The files of the repository as they are in a new version.

    Args:
        files: the content of each file of PLACES, and of the changelog, by its path.
        version: the new version.
        date: the day, as in 2026-01-31.

    Returns:
        The new content, by path.

    Raises:
        ValueError: it is no later version, nothing is unreleased, or a file has no version.
    """
    (old,) = versions(files[SOURCE], PLACES[SOURCE])
    check(old, version)
    changed = {name: replaced(files[name], pattern, version) for name, pattern in PLACES.items()}
    return changed | {CHANGELOG: dated(files[CHANGELOG], version, date)}


def main() -> None:
    """Write the files; commit and tag are for a person."""
    parser = argparse.ArgumentParser(description="Writes a new version wherever it stands.")
    parser.add_argument("version", nargs="?", default="", help="such as 1.2.3")
    version = parser.parse_args().version
    files = {name: (ROOT / name).read_text() for name in (*PLACES, CHANGELOG)}
    try:
        changed = released(files, version, dt.datetime.now(dt.UTC).date().isoformat())
    except ValueError as error:
        raise SystemExit(str(error)) from None
    for name, text in changed.items():
        (ROOT / name).write_text(text)
        print(f"wrote {name}")
    print(f"Now read the diff, commit it, and tag it v{version}.")


if __name__ == "__main__":
    main()

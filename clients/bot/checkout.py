"""What of a checkout the service is sent: what may be manifests, and the pull request's diff."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from clients.bot.selection import (
    ENDINGS,
    LOCKS,
    MAX_BYTES,
    MAX_FILE_BYTES,
    looks_like_manifest,
    may_be_manifest,
)
from clients.bot.trouble import Trouble


def manifests(paths: Sequence[str]) -> list[dict[str, str]]:
    """The files of the checkout that may be manifests, with path and content.

    The service needs all of them: what it says of a Pod depends on what refers to the Pod.

    Args:
        paths: folders and files to look at; empty for all.

    Raises:
        Trouble: git can't list them, or they are too many.
    """
    files = []
    total = 0
    for entry in _git("ls-files", "--stage", "-z", "--", *paths).split("\0")[:-1]:
        mode, path = entry.split(" ", 1)[0], entry.split("\t", 1)[1]
        # A regular file, no link or submodule.
        if not mode.startswith("100") or not may_be_manifest(path):
            continue
        try:
            raw = Path(path).read_bytes()
        except FileNotFoundError:  # of a sparse checkout, or deleted since
            continue
        if not looks_like_manifest(path, raw):
            continue
        if len(raw) > MAX_FILE_BYTES:
            _left_out(path, f"it has more than {MAX_FILE_BYTES} bytes")
            continue
        try:
            files.append({"path": path, "content": raw.decode()})
        except UnicodeDecodeError:
            _left_out(path, "it is not UTF-8")
            continue
        total += len(raw)
    if total > MAX_BYTES:
        raise Trouble(
            f"the checkout has {total} bytes of manifests, more than {MAX_BYTES}: name the folders"
            " to look at with --paths"
        )
    return files


def difference(base: str, paths: Sequence[str]) -> str:
    """The diff that forges show: since the branch left its base, with three lines of context,
    whatever git's configuration says.

    Args:
        base: the branch or commit that the pull request is to be merged into.
        paths: folders and files to look at; empty for all.

    Raises:
        Trouble: git doesn't know the base, or not what both have in common.
    """
    options = (
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--unified=3",
        "--src-prefix=a/",
        "--dst-prefix=b/",
    )
    try:
        return _git("diff", *options, f"{base}...HEAD", "--", *_patterns(paths), *_NOT_IN_DIFF)
    except Trouble:
        raise Trouble(
            f"git can't compare HEAD with {base!r}: is that the base of the pull request, and was"
            " it fetched with its history (fetch-depth: 0, GIT_DEPTH: 0)?"
        ) from None


_NOT_IN_DIFF = tuple(
    f":(exclude,glob)**/{name}" for name in (*sorted(LOCKS), "node_modules/**", "*.min.json")
)


def _patterns(paths: Sequence[str]) -> list[str]:
    """What of a diff is about manifests: nothing else of a repository is sent."""
    folders = [path.rstrip("/") for path in paths] or ["."]
    return [
        pattern
        for folder in folders
        for ending in ENDINGS
        for pattern in (
            f":(glob){'' if folder == '.' else folder + '/'}**/*{ending}",
            *([f":(literal){folder}"] if folder.endswith(ending) else []),
        )
    ]


def _left_out(path: str, why: str) -> None:
    print(f"left out, because {why}: {path!r}", file=sys.stderr)


def _git(*words: str) -> str:
    """The output of a git command.

    Raises:
        Trouble: it failed, or there is no git.
    """
    try:
        done = subprocess.run(["git", *words], check=True, capture_output=True)
    except FileNotFoundError:
        raise Trouble("there is no git on PATH") from None
    except subprocess.CalledProcessError as error:
        first = error.stderr.decode("utf-8", "replace").partition("\n")[0]
        raise Trouble(f"git {words[0]} failed: {first}") from None
    return done.stdout.decode("utf-8", "replace")

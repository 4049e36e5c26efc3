"""Posts what Podsplit says of a pull request: `podsplit-bot github origin/main`, in a checkout of
the pull request's head.

PODSPLIT_URL is the service, PODSPLIT_TOKEN its token if it needs one. The other variables are in
the module of each forge. It ends with 0 when the pull request says what it should, 1 when the forge
refused a comment or, with --strict, when there is something to change, and 2 when it couldn't work.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests

from clients.bot import bitbucket, gitea, github, gitlab
from clients.bot.checkout import difference, manifests
from clients.bot.forge import Conversation, is_refusal
from clients.bot.reconcile import Outcome, reconcile
from clients.bot.service import from_environment
from clients.bot.trouble import Trouble

_FORGES: Mapping[str, tuple[str, Callable[[Mapping[str, str]], Conversation]]] = {
    "github": ("github", github.from_environment),
    "gitlab": ("gitlab", gitlab.from_environment),
    "gitea": ("gitea", gitea.from_environment),
    "forgejo": ("gitea", gitea.from_environment),
    "bitbucket": ("bitbucket", bitbucket.from_environment),
}
"""By the word on the command line: the service's name for the platform, and its adapter."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code.

    Args:
        arguments: the words behind the command; those of the process by default.
    """
    options = _parser().parse_args(arguments)
    try:
        return _run(options, os.environ)
    except Trouble as trouble:
        print(f"podsplit-bot: {trouble}", file=sys.stderr)
    except requests.HTTPError as error:
        print(f"podsplit-bot: {_refusal(error.response)}", file=sys.stderr)
    except requests.RequestException as error:
        kind = type(error).__name__
        print(f"podsplit-bot: the forge can't be reached ({kind})", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="podsplit-bot", description="Posts what Podsplit says of a pull request."
    )
    parser.add_argument("platform", choices=_FORGES, help="where the pull request is")
    parser.add_argument("base", help="the branch or commit that it is to be merged into")
    parser.add_argument(
        "--paths", nargs="+", default=[], help="folders and files to look at; all by default"
    )
    parser.add_argument(
        "--name", default="", help="tells this bot's comments from those of another (a-z, 0-9, -)"
    )
    parser.add_argument(
        "--strict", action="store_true", help="fail while there is something to change"
    )
    parser.add_argument("--no-status", action="store_true", help="set no status at the commit")
    return parser


def _run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    platform, adapter = _FORGES[options.platform]
    forge = adapter(environ)
    answer = from_environment(environ).suggestions(
        platform, options.name, manifests(options.paths), difference(options.base, options.paths)
    )
    passed = answer["summary"]["quiet"] or not options.strict
    try:
        outcome = reconcile(forge, answer)
    except requests.HTTPError as error:
        is_forbidden = error.response.status_code == requests.codes.forbidden
        # Some forges answer so to too many requests, too.
        if not (is_forbidden and is_refusal(error.response) and _is_from_fork(forge)):
            raise
        print(
            "the token may not comment, as the branch is in a fork; this is the summary:",
            file=sys.stderr,
        )
        print(answer["summary"]["body"])
        return 0 if passed else 1
    if not options.no_status:
        _set_status(forge, options.name, answer, passed=passed)
    print(_said(outcome), *outcome.refused, sep="\n", file=sys.stderr)
    return 0 if passed and not outcome.refused else 1


def _set_status(forge: Conversation, name: str, answer: dict[str, Any], *, passed: bool) -> None:
    """Set the status; a token that may comment need not be allowed to."""
    text = "nothing to change"
    if not answer["summary"]["quiet"]:
        text = f"suggestions: {len(answer['comments'])}; the summary has the rest"
    try:
        forge.set_status(f"podsplit/{name}" if name else "podsplit", text, passed=passed)
    except requests.HTTPError as error:
        print(f"no status was set: the forge answers {error.response.status_code}", file=sys.stderr)


def _is_from_fork(forge: Conversation) -> bool:
    try:
        return forge.is_from_fork()
    except requests.RequestException:
        return False


def _said(outcome: Outcome) -> str:
    return (
        f"{outcome.created} comments posted, {outcome.updated} changed, {outcome.deleted} deleted,"
        f" {outcome.dismissed} left as somebody dismissed them"
    )


def _refusal(response: requests.Response) -> str:
    """What a status of the forge means for whoever set the bot up."""
    host = response.url.split("/")[2] if "//" in response.url else "the forge"
    meanings = {
        401: "the token is not valid: is it set, and has it run out?",
        403: "the token may not do this: see which rights the module of the forge names",
        404: "there is no such pull request, or the token may not see it",
    }
    meaning = meanings.get(response.status_code, response.reason)
    return f"{host} answers {response.status_code} to {response.request.method}: {meaning}"


if __name__ == "__main__":
    sys.exit(main())

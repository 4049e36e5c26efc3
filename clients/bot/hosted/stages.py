"""A split, stage by stage: what the next pull request is, and what it says.

The service plans from the text as it is, and goes on with a split that was begun. What a pull
request was made from and what it comes to is in its description, unseen by readers, so that the bot
sees whether the manifests still are what they were.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from clients.bot.forge import Texts, first_line
from clients.bot.service import File

Json = dict[str, Any]

_WHAT = {
    "expand": (
        "prepares: the running Pods get the port names and labels that Services will ask for, and"
        " bare Pods get a controller. Nobody is led elsewhere"
    ),
    "add": "makes what is new beside what there is. Nobody is led to it yet",
    "switch": (
        "leads the Services to the new Pods; what must not run twice is stopped here instead, and"
        " is down until the next stage has been rolled out"
    ),
    "contract": "takes what has moved out of the old workload, and the marks of the split with it",
}
"""What a stage does, as the concepts of Podsplit have it."""
_BACK = {
    "contract": "revert this pull request, then that of the stage before it",
}
_REVERT = "revert this pull request: every container is still in the old workload"


@dataclass(frozen=True)
class Mark:
    """What the bot has to know of a pull request that it has opened for a stage."""

    stage: str
    """The stage."""
    workload: str
    """Kind and name, for people."""
    only: tuple[str, ...]
    """The workload by its file and its names, as the service takes them."""
    paths: tuple[str, ...]
    """The files that the split touches, in whatever stage."""
    before: str
    """The digest of their texts that it was made from."""
    after: str
    """The digest of the texts that it comes to."""
    origin: int
    """The pull request that the split was asked for on."""
    asked: str
    """The number of the comment that asked for it."""


def write_mark(mark: Mark, hidden: tuple[str, str]) -> str:
    """A line that readers don't see."""
    text = base64.b64encode(json.dumps(asdict(mark)).encode()).decode()
    return f"{hidden[0]}podsplit-bot:stage:{text}{hidden[1]}"


def read_mark(body: str, hidden: tuple[str, str]) -> Mark | None:
    """The mark in a description; None if there is none."""
    start = f"{hidden[0]}podsplit-bot:stage:"
    line = first_line(body)
    if not line.startswith(start):
        return None
    try:
        data = json.loads(base64.b64decode(line.removeprefix(start).removesuffix(hidden[1])))
        return Mark(**data | {"only": tuple(data["only"]), "paths": tuple(data["paths"])})
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        return None


def digest(texts: Mapping[str, str], paths: Iterable[str]) -> str:
    """What tells the texts of some files from other ones; a file that isn't there counts too."""
    parts = [(path, texts.get(path)) for path in sorted(paths)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Plan:
    """The next stage of a split."""

    stage: str
    """Its name."""
    texts: Texts
    """What it changes."""
    paths: tuple[str, ...]
    """The files that this stage or a later one touches."""
    before: str
    """As in `Mark`."""
    after: str
    """As in `Mark`."""
    later: tuple[str, ...]
    """The stages after it that change anything."""


def workloads_of(answer: Json) -> dict[str, list[Json]]:
    """The changes of a rewrite by the workload that they are of, as `path:name`."""
    found: dict[str, list[Json]] = {}
    for change in answer["changes"]:
        name = change["workload"].rpartition("/")[2]
        found.setdefault(f"{change['location']['path']}:{name}", []).append(change)
    return found


def names_of(workload: str, changes: Sequence[Json]) -> tuple[str, ...]:
    """A workload and what becomes of it, as the service takes it: a Pod's controller may have
    another name.
    """
    path = workload.rpartition(":")[0]
    later = [f"{path}:{change['becomes'].rpartition('/')[2]}" for change in changes]
    return tuple(dict.fromkeys([workload, *later]))


def plan_next(answer: Json, files: Sequence[File]) -> Plan | None:
    """The first stage that changes anything; None if none does.

    Args:
        answer: of a rewrite of one workload.
        files: what was sent.
    """
    sent = {file["path"]: file["content"] for file in files}
    texts = dict(sent)
    steps: list[tuple[str, dict[str, str]]] = []
    for stage in answer["stages"]:
        now = {
            file["path"]: file["content"] for file in stage["files"] if file["status"] != "deleted"
        }
        # What the service can't read it doesn't answer with either.
        now = {**{path: sent[path] for path in sent.keys() - _paths(stage)}, **now}
        if now != texts:
            steps.append((stage["name"], now))
            texts = now
    if not steps:
        return None
    paths = tuple(sorted({path for _, now in steps for path in _changed(sent, now)}))
    name, first = steps[0]
    return Plan(
        stage=name,
        texts={path: first.get(path) for path in _changed(sent, first)},
        paths=paths,
        before=digest(sent, paths),
        after=digest(first, paths),
        later=tuple(later for later, _ in steps[1:]),
    )


def _paths(stage: Json) -> set[str]:
    return {file["path"] for file in stage["files"]}


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    paths = before.keys() | after.keys()
    return sorted(path for path in paths if before.get(path) != after.get(path))


def title_of(plan: Plan, changes: Sequence[Json]) -> str:
    """The title of the pull request."""
    main = next((change for change in changes if change["action"] == "split"), changes[0])
    return f"Podsplit, stage {plan.stage}: {main['title']}"


def explain(plan: Plan, changes: Sequence[Json], answer: Json, docs: str) -> str:
    """The description of the pull request: what it does, what to wait for, how to go back.

    Args:
        plan: the stage.
        changes: those of the workload.
        answer: the service's, for the steps and what has to hold.
        docs: where people find the documentation; empty for nowhere.
    """
    # The first and the last are about kubectl and GitOps as a whole.
    before, after = _steps_around(answer["migration"][1:-1], plan.stage)
    text = f"The stage **{plan.stage}** {_WHAT[plan.stage]}.\n\n"
    text += "".join(f"- {change['title']} (`{change['id']}`)\n" for change in changes)
    text += _listed("Before it is merged", before)
    text += _listed("After it is merged", after)
    if not after:
        text += "\n**After it is merged, wait** until it has been rolled out.\n"
    text += f"\n**To go back**, {_BACK.get(plan.stage, _REVERT)}.\n"
    assumptions = dict.fromkeys(
        assumption["message"] for change in changes for assumption in change["assumptions"]
    )
    if assumptions:
        text += "\n**It holds if**\n\n" + "".join(f"- {message}\n" for message in assumptions)
    if plan.later:
        stages = ", ".join(f"*{stage}*" for stage in plan.later)
        text += (
            f"\nWhat follows: {stages}. Once this is rolled out, comment `/podsplit next` here:"
            " Podsplit sees no cluster, so it takes your word for it.\n"
        )
    else:
        text += "\nThis is the last stage.\n"
    if docs:
        text += f"\n[What the stages are]({docs}/docs#stages)\n"
    return text


def _steps_around(migration: Sequence[Json], stage: str) -> tuple[list[Json], list[Json]]:
    """The steps before a stage is applied that follow the stage before it, and those after it until
    the next is.
    """
    before: list[Json] = []
    after: list[Json] = []
    is_applied = False
    for step in migration:
        if step["stage"] == stage:
            is_applied = True
            wait = _without_apply(step["command"])
            if wait:
                after.append(step | {"step": "wait for the rollout", "command": wait})
        elif step["stage"] is not None:
            if is_applied:
                break
            before = []
        elif is_applied:
            after.append(step)
        else:
            before.append(step)
    return before, after


def _without_apply(command: str | None) -> str:
    """The rest of a command once the merge has applied the files."""
    words = (command or "").split(" && ")
    return " && ".join(word for word in words if "<files" not in word)


def _listed(title: str, steps: Sequence[Json]) -> str:
    if not steps:
        return ""
    items = "".join(
        f"- {step['step']}: {step['why']}\n"
        + (f"  ```sh\n  {step['command']}\n  ```\n" if step["command"] else "")
        for step in steps
    )
    return f"\n**{title}**\n\n{items}"

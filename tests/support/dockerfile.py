"""Reads a Dockerfile and a .dockerignore, and follows the steps in folders, as far as that goes
without a Docker engine.

Each stage has a folder for its root, every absolute path of an instruction is taken below it, and a
virtual environment with pip at usr/local stands for the base image of Python. What only an engine
does (layers, namespaces) is left out.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_INSTRUCTION = re.compile(r"([A-Z]+)\s+(.*)", re.DOTALL)
_FLAG = re.compile(r"--([a-z-]+)=(\S+)\s+")
_ABSOLUTE = re.compile(r"(?<![\w.:/*-])/(?=[a-z])")


@dataclass(frozen=True)
class Instruction:
    """One instruction, with continued lines joined."""

    name: str
    flags: dict[str, str]
    value: str


@dataclass
class Stage:
    """What the instructions of one FROM come to."""

    name: str
    base: str
    root: Path
    arguments: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = ""
    entrypoint: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    stop_signal: str = "SIGTERM"
    ports: list[str] = field(default_factory=list)

    def below(self, text: str) -> str:
        """A text with every absolute path taken below the stage's root."""
        return _ABSOLUTE.sub(f"{self.root}/", text)

    def path(self, path: str) -> Path:
        """Where a path of the stage is."""
        return self.root / os.path.normpath(Path(self.workdir) / path).lstrip("/")


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile."""
    kept = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    for logical in re.sub(r"\\\n", "", "\n".join(kept)).splitlines():
        match = _INSTRUCTION.fullmatch(logical.strip())
        assert match, logical
        name, value = match.groups()
        flags = {}
        while name in ("COPY", "FROM", "HEALTHCHECK", "RUN", "ADD") and (
            flag := _FLAG.match(value)
        ):
            flags[flag[1]] = flag[2]
            value = value[flag.end() :]
        yield Instruction(name, flags, value)


def build(
    dockerfile: str, context: Path, work: Path, python: Path, **arguments: str
) -> list[Stage]:
    """Follow a Dockerfile's steps.

    Args:
        dockerfile: its text.
        context: a folder with what would be sent to the engine.
        work: where the stages' roots are made.
        python: the interpreter of the base image.
        arguments: values for ARG.
    """
    stages: list[Stage] = []
    before_first: dict[str, str] = {}
    for step in instructions(dockerfile):
        if step.name == "FROM":
            base, _, name = step.value.partition(" AS ")
            root = work / f"stage{len(stages)}"
            _base_image(root, python)
            stages.append(Stage(name, _expand(base, before_first), root, {}))
        elif not stages:
            assert step.name == "ARG", step.name
            before_first |= _argument(step.value, {}, arguments)
        else:
            _follow(step, stages, context, before_first, arguments)
    return stages


def _follow(
    step: Instruction,
    stages: list[Stage],
    context: Path,
    outer: Mapping[str, str],
    arguments: Mapping[str, str],
) -> None:
    stage = stages[-1]
    known = stage.arguments | stage.environment
    match step.name:
        case "ARG":
            stage.arguments |= _argument(step.value, outer, arguments)
        case "ENV":
            stage.environment |= _pairs(_expand(step.value, known))
        case "LABEL":
            stage.labels |= _pairs(_expand(step.value, known))
        case "WORKDIR":
            stage.workdir = step.value
            stage.path(".").mkdir(parents=True, exist_ok=True)
        case "COPY":
            source = next(
                (each.root for each in stages if each.name == step.flags.get("from")), context
            )
            _copy(stage, source, step.value.split())
        case "RUN":
            path = f"{stage.root}/usr/local/bin:/usr/bin:/bin"
            environment = {
                "PATH": path,
                "HOME": str(stage.root / "root"),
                **_from_outside(),
                **stage.environment,
            }
            command = ["/bin/sh", "-ec", stage.below(step.value)]
            done = subprocess.run(
                command,
                cwd=stage.path("."),
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=500,
            )
            assert done.returncode == 0, (
                f"RUN {step.value}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            )
        case "USER":
            stage.user = step.value
        case "ENTRYPOINT":
            stage.entrypoint = json.loads(step.value)
        case "HEALTHCHECK":
            stage.healthcheck = json.loads(step.value.removeprefix("CMD "))
        case "STOPSIGNAL":
            stage.stop_signal = step.value
        case "EXPOSE":
            stage.ports += step.value.split()
        case other:
            raise AssertionError(f"{other}: these tests don't know this instruction yet")


def _base_image(root: Path, python: Path) -> None:
    home = root / "usr" / "local"
    subprocess.run([python, "-m", "venv", "--without-pip", home], check=True, timeout=120)
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        home / "bin" / "python",
        "install",
        "--quiet",
        "pip",
    ]
    subprocess.run(command, check=True, timeout=300)


def _from_outside() -> dict[str, str]:
    """How this machine reaches its package index."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("PIP_") or name.lower().endswith(("_proxy", "_cert_file"))
    }


def _argument(value: str, outer: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    name, _, default = value.partition("=")
    return {name: given.get(name, default or outer.get(name, ""))}


def _expand(text: str, known: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: known[match[1]], text)


def _pairs(text: str) -> dict[str, str]:
    return dict(word.partition("=")[::2] for word in shlex.split(text))


def _copy(stage: Stage, source: Path, words: list[str]) -> None:
    *names, to = words
    target = stage.path(to)
    for name in names:
        origin = source / name.lstrip("/")
        assert origin.exists(), f"COPY {name}: it isn't in the context"
        if origin.is_dir():
            shutil.copytree(origin, target, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(origin, target)


def context_files(root: Path, ignore: str) -> set[str]:
    """The files below a folder that would be sent to the engine, by the rules of .dockerignore:
    the last pattern that fits decides.
    """
    rules = [
        (line.startswith("!"), line.lstrip("!").strip("/"))
        for line in (each.strip() for each in ignore.splitlines())
        if line and not line.startswith("#")
    ]
    wanted = [pattern for kept, pattern in rules if kept]

    def ignored(path: str) -> bool:
        parents = ["/".join(path.split("/")[: end + 1]) for end in range(path.count("/") + 1)]
        verdict = False
        for kept, pattern in rules:
            if any(_pattern(pattern).fullmatch(parent) for parent in parents):
                verdict = not kept
        return verdict

    found: set[str] = set()
    for folder, folders, files in os.walk(root):
        relative = os.path.relpath(folder, root)
        prefix = "" if relative == "." else f"{relative}/"
        # A folder that is left out needn't be walked, unless something in it is wanted after all.
        folders[:] = [
            name
            for name in folders
            if not ignored(prefix + name)
            or any(each.startswith((f"{prefix}{name}/", "*")) for each in wanted)
        ]
        found |= {prefix + name for name in files if not ignored(prefix + name)}
    return found


def _pattern(glob: str) -> re.Pattern[str]:
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(
        "".join(
            parts.get(token) or re.escape(token)
            for token in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", glob)
        )
    )

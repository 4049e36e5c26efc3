"""import-linter's contracts in pyproject.toml hold what they say: an import that is planted in a
copy of the sources breaks them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = "Imports go down only"
WEB_ALONE = "Only the web knows a web framework, an HTTP client or a Kubernetes client"
INDEPENDENT = "What proves a rewrite shares nothing with what planned it"
NO_KUBERNETES = "yamldoc knows no Kubernetes"
NO_CIRCLE = "The edge imports in no circle"
CLIENTS_APART = "Clients know the service by HTTP alone"
SERVICE_APART = "The service knows no client of its own"
MAY_KNOW_THE_WEB = {"web", "wsgi.py", "gunicorn_conf.py", "__main__.py"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources and their contracts, in a folder of their own."""
    for name in ("service", "clients"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(folder: Path, name: str, statement: str) -> None:
    """Add a statement to a file, which need not be there."""
    path = folder / "service" / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(f"\n{statement}\n")


def lint(folder: Path) -> tuple[int, str]:
    """import-linter's status and what it prints."""
    program = str(Path(sys.executable).parent / "lint-imports")
    command = [program, "--no-cache", "--no-logo"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


def broken(output: str) -> set[str]:
    """The names of the contracts that are broken."""
    return set(re.findall(r"^(.*) BROKEN\b", output, re.MULTILINE))


def test_the_sources_keep_every_contract(copy):
    """So that what the tests below see comes of what they plant."""
    status, output = lint(copy)
    kept = set(re.findall(r"^(.*) KEPT\b", output, re.MULTILINE))
    assert status == 0, output
    assert kept == {
        LAYERS,
        WEB_ALONE,
        INDEPENDENT,
        CLIENTS_APART,
        SERVICE_APART,
        NO_KUBERNETES,
        NO_CIRCLE,
    }


def test_no_module_of_the_core_may_know_flask(copy):
    """Planted in all of them, it is found in each: none is left out of the contract."""
    files = [
        path
        for part in (copy / "service").iterdir()
        if part.name not in MAY_KNOW_THE_WEB
        for path in (part.rglob("*.py") if part.is_dir() else [part])
    ]
    names = {path.relative_to(copy).as_posix() for path in files}
    assert {"service/pipeline.py", "service/text.py", "service/verification/verify.py"} <= names
    for name in names:
        plant(copy, name.removeprefix("service/"), "import flask")

    status, output = lint(copy)
    found = set(re.findall(r"^- *(service\S*) -> flask\b", output, re.MULTILINE))
    assert status == 1
    assert WEB_ALONE in broken(output)
    assert found == {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in names
    }


@pytest.mark.parametrize(
    ("name", "statement", "contract"),
    [
        ("kube/brand_new.py", "import requests", WEB_ALONE),
        ("kube/brand_new.py", "from kubernetes.client import ApiClient", WEB_ALONE),
        ("rules/__init__.py", "def check():\n    from werkzeug.urls import uri_to_iri", WEB_ALONE),
        ("brand_new/__init__.py", "import http.client", WEB_ALONE),
        ("verification/__init__.py", "from service.actions import ACTIONS", INDEPENDENT),
        ("verification/brand_new.py", "import service.actions.split", INDEPENDENT),
        ("verification/brand_new.py", "import service.rewriting.planning", INDEPENDENT),
        ("kube/brand_new.py", "from service.actions import ACTIONS", LAYERS),
        ("text.py", "import service.web.app", LAYERS),
        ("brand_new/__init__.py", "import re", LAYERS),
        ("yamldoc/brand_new.py", "import service.kube.objects", NO_KUBERNETES),
        ("web/app.py", "from clients.bot.forge import Forge", SERVICE_APART),
        ("../clients/bot/forge.py", "import service.text", CLIENTS_APART),
    ],
)
def test_a_planted_import_breaks_its_contract(copy, name, statement, contract):
    """In modules that are there, in new ones, and inside of functions."""
    plant(copy, name, statement)
    status, output = lint(copy)
    assert status == 1
    assert contract in broken(output), output


def test_the_web_may_know_flask(copy):
    """The contract is about the others."""
    plant(copy, "web/brand_new.py", "import flask\nimport requests")
    assert lint(copy)[0] == 0

"""Whether a container runs another program than its image's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.classification.knowledge import Entry, entry_from
from service.classification.repurposing import runs_something_else
from tests.support.classifying import context_of, workload

ENTRY = entry_from(
    {
        "id": "mysql-server",
        "images": ["mysql", "percona-*", "ab/maria_db"],
        "role": "application",
        "source": "a test",
    },
    "a test",
)


def runs_another(fields: str, image: str = "mysql", entry: Entry = ENTRY) -> bool:
    """Whether a container with some fields runs something else."""
    context = context_of(workload(f"containers: [{{name: db, image: {image}, {fields}}}]"))
    return runs_something_else(context.classified_containers[0], entry)


@pytest.mark.parametrize(
    "program",
    [
        "sh", "bash", "ash", "dash", "sleep", "tail", "cat", "echo", "printf", "watch", "curl",
        "wget", "nc", "ping", "python", "python3", "perl", "'true'", "env", "/bin/sh",
        "/usr/bin/python3",
    ],
)  # fmt: skip
def test_a_command_that_starts_another_program_is_something_else(program: str) -> None:
    """By its name, or by its path."""
    assert runs_another(f"command: [{program}, x]")


@pytest.mark.parametrize(
    "fields",
    [
        "tty: true",
        "command: [mysqld]",
        "command: [docker-entrypoint.sh, mysqld]",
        "command: [shell]",
        "command: [bin/zsh]",
        "command: [run, sh]",
        "command: [entrypoint], args: [sh]",
    ],
)
def test_another_command_may_be_the_images_own(fields: str) -> None:
    """It isn't known what it starts; only its first word counts."""
    assert not runs_another(fields)


@pytest.mark.parametrize("word", ["sh", "bash", "/bin/sh", "/bin/bash", "sleep"])
def test_a_shell_as_the_first_argument_is_a_command(word: str) -> None:
    """Entry points of servers run what is no option."""
    assert runs_another(f"args: [{word}, '9']")


@pytest.mark.parametrize("args", ["[cat, x]", "[--sleep, '9']", "[x, sh]"])
def test_other_arguments_are_arguments(args: str) -> None:
    """They go to the image's own program."""
    assert not runs_another(f"args: {args}")


@pytest.mark.parametrize(
    "script",
    ["exec mysqld", "mysql-server --init", "/usr/sbin/MYSQL", "percona start", "perconad", "abd"],
)
def test_a_script_that_names_the_program_runs_it(script: str) -> None:
    """By its id, or the first word of its image, with or without the letter of a daemon."""
    assert not runs_another(f"command: [sh, -c, '{script}']")
    assert not runs_another(f"command: [sh], args: [-c, '{script}']")


@pytest.mark.parametrize(
    "script", ["run-mysql", "mysqlx", "mysql.sh", "x.mysql", "my_mysql", "maria_db", "server", "ab"]
)
def test_a_script_that_names_something_like_it_does_not(script: str) -> None:
    """Whole names only, of three letters at least."""
    assert runs_another(f"command: [sh, -c, '{script}']")


def test_the_name_of_the_image_counts_as_well() -> None:
    """Where a glob stands for it in the catalogue."""
    assert not runs_another("command: [sh, -c, percona-xtra start]", image="percona-xtra")
    assert runs_another("command: [sh, -c, xtra start]", image="percona-xtra")


def test_characters_of_a_pattern_stand_for_themselves() -> None:
    """An image may have a dot in its name."""
    assert not runs_another("command: [sh, -c, a.b.c]", image="a.b.c")
    assert runs_another("command: [sh, -c, axbxc]", image="a.b.c")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("python manage.py migrate && python manage.py runserver", False),
        ("./entrypoint.sh; exec ./serve", False),
        ("while true; do sleep 60; done", True),
        ("echo hello", True),
        ("tail -f /dev/null", True),
    ],
)
def test_a_script_in_the_image_of_an_application_starts_it(script: str, *, expected: bool) -> None:
    """Unless it only waits; the image of a server may hold anybody's program."""
    words = f"command: [sh, -c, {script!r}]"
    application = replace(ENTRY, id="oncall", images=("oncall",), category="web-app")
    assert runs_another(words, "oncall", application) is expected
    assert runs_another(words) is True

"""Measures the tests with mutants, by mutmut: `make mutants`.

mutmut changes one thing in the code (a comparison, a constant, an argument) and runs the tests that
reach the change. A mutant that no test notices shows behaviour that no test holds. pyproject.toml
says what is mutated, and which tests judge it. There are thousands of mutants, so a run takes a
sample of them: the same one each time for the same code and seed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import get_mutant_name

ROOT = Path(__file__).resolve().parent.parent
REFUSED = "caught by type check"
"""mutmut's word for a mutant that mypy refuses. No test runs on it."""
NOTICED = ("killed", "timeout", "segfault")
"""mutmut's words for a mutant under which a test failed, did not end, or crashed."""


def sampled(names: Sequence[str], size: int, seed: int) -> list[str]:
    """Choose mutants at random, the same ones for the same seed.

    Args:
        names: the mutants there are, in any order.
        size: how many to choose; 0, or more than there are, for all.
        seed: which sample.

    Returns:
        The names, sorted.
    """
    everything = sorted(names)
    if not 0 < size < len(everything):
        return everything
    return sorted(random.Random(seed).sample(everything, size))  # noqa: S311 - no secret


def unnoticed(outcomes: Mapping[str, str]) -> list[str]:
    """The mutants that neither mypy nor a test noticed.

    Args:
        outcomes: how each mutant ended, in mutmut's words, by its name.

    Returns:
        Their names, sorted.
    """
    return sorted(
        name for name, outcome in outcomes.items() if outcome not in NOTICED and outcome != REFUSED
    )


def summary(outcomes: Mapping[str, str]) -> str:
    """Count the outcomes, and give the score: the share of mutants that tests notice, of those that
    mypy lets through.

    Args:
        outcomes: how each mutant ended, in mutmut's words, by its name.

    Returns:
        One line for each outcome, and the score in the last.
    """
    counts = Counter(outcomes.values())
    judged = len(outcomes) - counts[REFUSED]
    noticed = judged - len(unnoticed(outcomes))
    lines = [f"{count:6} {outcome}" for outcome, count in sorted(counts.items())]
    score = f"score: {noticed / max(judged, 1):.1%}"
    return "\n".join([*lines, f"{score}, {noticed} of {judged} that mypy lets through"])


def _names() -> list[str]:
    """The names of all mutants of the files that pyproject.toml names."""
    return [
        get_mutant_name(path, name)
        for path in walk_mutatable_files()
        for name in mutate_file_contents(str(path), path.read_text()).mutant_names
    ]


def _outcomes(names: Sequence[str]) -> dict[str, str]:
    """How mutants ended in the last run, in mutmut's words."""
    asked = set(names)
    outcomes = {}
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            if name in asked:
                outcomes[name] = status_by_exit_code[code]
    return outcomes


def _change(name: str) -> str:
    """The file and the lines that a mutant changes."""
    lines = get_diff_for_mutant(name).splitlines()
    return "\n".join(line for line in lines if line.startswith(("-", "+")))


def main() -> None:
    """Run mutmut on a sample, list what went unnoticed, and print the score."""
    parser = argparse.ArgumentParser(description="Measures the tests with mutants.")
    parser.add_argument("--sample", type=int, default=0, help="how many mutants; 0 for all")
    parser.add_argument("--seed", type=int, default=0, help="which sample")
    arguments = parser.parse_args()

    os.chdir(ROOT)
    shutil.rmtree("mutants", ignore_errors=True)  # the results of an earlier run would stand
    everything = _names()
    names = sampled(everything, arguments.sample, arguments.seed)
    # mutmut starts mypy by its name.
    folders = [str(Path(sys.executable).parent), os.environ["PATH"]]
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", "run", *names],
        env=os.environ | {"PATH": os.pathsep.join(folders)},
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(done.returncode)

    outcomes = _outcomes(names)
    for name in unnoticed(outcomes):
        print(f"\n{name}: {outcomes[name]}\n{_change(name)}")
    print(f"\n{len(names)} of {len(everything)} mutants, seed {arguments.seed}")
    print(summary(outcomes))


if __name__ == "__main__":
    main()

"""The version stands in one place, and what must repeat it says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.web.version import __version__
from tests.support.pages import pages
from tools.release import CHANGELOG, PLACES, dated, released, versions

ROOT = Path(__file__).resolve().parents[2]
FILES = {name: (ROOT / name).read_text() for name in (*PLACES, CHANGELOG)}
UNRELEASED = (
    "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n## [0.1.0] - 2025-01-01\n"
)


@pytest.mark.parametrize("name", PLACES)
def test_every_file_has_the_version_of_the_service(name):
    """`make release` writes them together."""
    assert set(versions(FILES[name], PLACES[name])) == {__version__}


def test_no_other_page_or_chart_file_repeats_it():
    """Or `make release` would leave it behind."""
    files = [*pages(), ROOT / "docker-compose.yml", *(ROOT / "helm").rglob("*.yaml")]
    repeating = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if re.search(rf"(?<![\d.]){re.escape(__version__)}(?![\d.])", path.read_text())
    }
    assert repeating - {CHANGELOG} <= PLACES.keys()


def test_the_changelog_has_a_section_for_it():
    """With its day, above those of older versions."""
    headings = re.findall(r"^## (.*)$", FILES[CHANGELOG], re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d", headings[1])


def test_a_release_changes_every_place_and_nothing_else():
    """Line by line."""
    files = FILES | {CHANGELOG: UNRELEASED}
    changed = released(files, "97.98.99", "2030-12-31")
    assert changed.keys() == files.keys()
    for name in PLACES:
        assert set(versions(changed[name], PLACES[name])) == {"97.98.99"}
        for line, new_line in zip(
            files[name].splitlines(), changed[name].splitlines(), strict=True
        ):
            assert new_line in (line, line.replace(__version__, "97.98.99"))


def test_what_is_unreleased_gets_its_version_and_day():
    """And a new section begins above it."""
    assert dated(UNRELEASED, "1.2.3", "2030-12-31") == UNRELEASED.replace(
        "## [Unreleased]\n", "## [Unreleased]\n\n## [1.2.3] - 2030-12-31\n"
    )


@pytest.mark.parametrize("version", ["", "1.2", "v1.2.3", "1.2.3-rc1", __version__, "0.0.1"])
def test_what_is_no_later_version_is_refused(version):
    """With a reason, before anything is written."""
    with pytest.raises(ValueError, match=r"is no version|is not higher"):
        released(FILES | {CHANGELOG: UNRELEASED}, version, "2030-12-31")


@pytest.mark.parametrize("body", ["", "## [0.1.0] - 2025-01-01\n\n- A thing.\n"])
def test_a_release_without_news_is_refused(body):
    """The changelog is written first."""
    with pytest.raises(ValueError, match="nothing of what is new"):
        dated(f"# Changelog\n\n## [Unreleased]\n\n{body}", "1.2.3", "2030-12-31")


def test_a_place_that_is_lost_is_an_error():
    """Rather than a version that stays behind."""
    with pytest.raises(ValueError, match="no version found"):
        released(FILES | {CHANGELOG: UNRELEASED, "Dockerfile": "FROM scratch\n"}, "9.0.0", "")

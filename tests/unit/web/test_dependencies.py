"""What the views share."""

from __future__ import annotations

import pytest

from service.web.app import create_app
from service.web.dependencies import EXTENSION, dependencies
from service.web.settings import Settings


def test_views_find_those_of_their_application():
    """Two applications in one process don't see each other's."""
    first, second = create_app(Settings(max_files=1)), create_app(Settings(max_files=2))
    for app in (first, second):
        with app.app_context():
            assert dependencies() is app.extensions[EXTENSION]


def test_there_are_none_outside_of_a_request():
    """Nothing is kept in a module."""
    with pytest.raises(RuntimeError):
        dependencies()


def test_draining_is_told_by_a_file(tmp_path):
    """While it exists; without such a setting the service never drains."""
    path = tmp_path / "draining"
    parts = create_app(Settings(drain_file=path)).extensions[EXTENSION]

    assert not parts.is_draining
    path.touch()
    assert parts.is_draining
    path.unlink()
    assert not parts.is_draining
    assert not create_app(Settings()).extensions[EXTENSION].is_draining

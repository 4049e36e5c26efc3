"""Attributes that are computed when somebody asks for them, and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

_T = TypeVar("_T")


class cached_property(Generic[_T]):  # noqa: N801 - it stands in for functools'
    """As `functools.cached_property` is from Python 3.12 on.

    That of 3.11 takes a lock for each value (python/cpython#87634), which a run pays hundreds of
    times for every change. Nothing here is shared by threads before it is whole.
    """

    def __init__(self, compute: Callable[[Any], _T]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> cached_property[_T]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...

    def __get__(self, instance: object | None, owner: type) -> cached_property[_T] | _T:
        if instance is None:
            return self
        # In the object's own dictionary it goes before this descriptor from now on.
        value = instance.__dict__[self._name] = self._compute(instance)
        return value

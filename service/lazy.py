"""What is computed of an object when somebody asks for it, and kept with the object."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Generic, TypeVar, overload

_T = TypeVar("_T")
_O = TypeVar("_O")


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


def kept(compute: Callable[[_O], _T]) -> Callable[[_O], _T]:
    """A function of one object, whose answer is kept with the object as a cached attribute is.

    For rooms that ask something of an object which is not the object's own to say. The answers must
    not hold other objects: those of a stage would live as long as the object does.
    """
    name = f"{compute.__module__}.{compute.__qualname__}"

    @wraps(compute)
    def answer(of: _O) -> _T:
        known = of.__dict__
        if name not in known:
            known[name] = compute(of)
        return known[name]  # type: ignore[no-any-return]

    return answer

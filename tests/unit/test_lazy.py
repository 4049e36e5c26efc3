"""Attributes that are computed once."""

from __future__ import annotations

from dataclasses import dataclass

from service.lazy import cached_property


@dataclass(frozen=True)
class Square:
    side: int

    @cached_property
    def area(self):
        """Its area."""
        computed.append(self.side)
        return self.side**2


computed: list[int] = []


def test_a_value_is_computed_when_it_is_asked_for_and_once():
    """For each object, frozen ones too."""
    computed.clear()
    small, large = Square(2), Square(3)
    assert computed == []

    assert [small.area, large.area, small.area] == [4, 9, 4]
    assert computed == [2, 3]


def test_it_is_an_attribute_of_the_object_from_then_on():
    """Nothing is called for it any more; on the class it is the descriptor, with its docs."""
    square = Square(4)
    assert "area" not in vars(square)
    assert square.area == vars(square)["area"] == 16
    assert Square.area.__doc__ == "Its area."
    assert square == Square(4)

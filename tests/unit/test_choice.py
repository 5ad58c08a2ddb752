"""`Choice` does what `enum.Enum` does, wherever the project uses it."""

from __future__ import annotations

import copy
import pickle
from enum import Enum
from typing import Any

import pytest

from arkcore.base.choice import Choice


class Light(Choice):
    """A class of members with a property, a method and a private value."""

    RED = ("red", 1)
    GREEN = ("green", 2)
    _hidden = 3

    @property
    def word(self) -> str:
        return str(self.value[0])

    @classmethod
    def first(cls) -> Light:
        return next(iter(cls))


class Same(Enum):
    RED = ("red", 1)
    GREEN = ("green", 2)


def test_members_have_their_names_and_values_in_order() -> None:
    assert [(each.name, each.value) for each in Light] == [(e.name, e.value) for e in Same]
    assert len(Light) == len(Same)


def test_a_member_is_found_by_its_value_and_by_its_name() -> None:
    assert Light(("green", 2)) is Light.GREEN
    assert Light["GREEN"] is Light.GREEN
    assert Light(Light.RED) is Light.RED


@pytest.mark.parametrize("kind", [Light, Same])
def test_what_is_no_member_is_refused(kind: Any) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        kind("blue")
    with pytest.raises(KeyError):
        kind["BLUE"]


def test_members_are_themselves_alone() -> None:
    assert Light.RED is Light.RED
    assert Light.RED != Light.GREEN  # type: ignore[comparison-overlap]
    assert {Light.RED: 1}[Light.RED] == 1
    assert isinstance(Light.RED, Light)
    assert Light.RED in Light
    assert "red" not in Light  # type: ignore[operator]


def test_a_class_is_true_also_without_members() -> None:
    class Nothing(Choice):
        pass

    assert Nothing  # type: ignore[truthy-function]
    assert list(Nothing) == []


def test_properties_and_methods_are_no_members() -> None:
    assert Light.GREEN.word == "green"
    assert Light.first() is Light.RED


def test_a_member_reads_as_an_enum_s_does() -> None:
    assert str(Light.RED) == str(Same.RED).replace("Same", "Light")
    assert repr(Light.RED) == repr(Same.RED).replace("Same", "Light")


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_a_copy_of_a_member_is_the_member(twin: Any) -> None:
    assert twin(Light.RED) is Light.RED


def test_a_member_can_be_matched() -> None:
    known: Any = Light
    match Light("green") if "green" in known else Light.GREEN:
        case Light.GREEN:
            found = "green"
        case _:
            found = "another"
    assert found == "green"

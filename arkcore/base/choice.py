"""A few named values of one kind, as :class:`enum.Enum` has them.

Importing `enum` takes 2 ms, a tenth of a healthy quickCheck. A class that derives from
:class:`Choice` is written and used like an `Enum`, and a type checker takes it for one: members
are compared by identity, `Kind(value)` and `Kind["NAME"]` find one, and iteration is in the order
of definition. Two names of one value, and `auto()`, are not supported.
"""

from __future__ import annotations

__all__ = ["Choice"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from enum import Enum as Choice
else:

    class _Kind(type):
        """Makes a member of each plain value in the body of a class."""

        def __new__(kind, name, bases, body):
            values = {key: value for key, value in body.items() if _is_value(key, value)}
            rest = {key: value for key, value in body.items() if key not in values}
            made = super().__new__(kind, name, bases, rest)
            made.__members__ = {}
            for key, value in values.items():
                member = object.__new__(made)
                member.name = key
                member.value = value
                made.__members__[key] = member
                setattr(made, key, member)
            return made

        def __call__(kind, value):
            for member in kind.__members__.values():
                if member is value or member.value == value:
                    return member
            raise ValueError(f"{value!r} is not a valid {kind.__name__}")

        def __getitem__(kind, name):
            return kind.__members__[name]

        def __iter__(kind):
            return iter(kind.__members__.values())

        def __bool__(kind):
            return True  # also a class without members is one

        def __len__(kind):
            return len(kind.__members__)

        def __contains__(kind, value):
            return any(each is value or each.value == value for each in kind)

    def _is_value(key, value):
        return not key.startswith("_") and not hasattr(type(value), "__get__")

    class Choice(metaclass=_Kind):
        def __repr__(self):
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

        def __str__(self):
            return f"{type(self).__name__}.{self.name}"

        def __copy__(self):
            return self

        def __deepcopy__(self, _):
            return self

        def __reduce__(self):
            return type(self), (self.value,)

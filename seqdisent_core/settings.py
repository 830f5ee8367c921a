"""Settings: frozen dataclasses, checked where they are made; JSON round trip, an unknown key is an error."""

import dataclasses
from functools import wraps
from typing import Annotated, Any, Self, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from seqdisent_core.errors import ConfigError

Size = Annotated[int, Field(ge=1, le=10**9)]  # beyond, torch cannot count the values of a matrix
Weight = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]

_T = TypeVar("_T", bound="Settings")
_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "string": "text", "dict": "an object"}
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
}


class Settings:
    """Base of the dataclasses that `settings` makes."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Settings from a JSON object. Raises ConfigError for anything else, an unknown key or a wrong value."""
        if not isinstance(values, dict):
            raise ConfigError(f"Settings must be a JSON object of names and values; this is {values!r}.")
        for name in values:
            if name not in _names(cls):  # said here, as pydantic's own first parameter has a name, too
                raise ConfigError(_unknown(cls, name))
        return cls(**values)


@dataclass_transform(frozen_default=True)
def settings(kind: type[_T]) -> type[_T]:
    """Decorator: a frozen pydantic dataclass that raises ConfigError with a sentence for a wrong or unknown value."""
    made = checked_dataclass(kind, frozen=True, config=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False))
    check = made.__init__

    @wraps(check)
    def checked(self: Any, /, *values: Any, **named: Any) -> None:
        try:
            check(self, *values, **named)
        except ValidationError as error:
            raise ConfigError(_sentence(made, error)) from None

    made.__init__ = checked  # type: ignore[method-assign, assignment]
    return made  # type: ignore[return-value]


def _names(kind: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def _unknown(kind: type, name: str) -> str:
    return f"Unknown setting {name}. Known are: {', '.join(sorted(_names(kind)))}."


def _sentence(kind: type, error: ValidationError) -> str:
    first = error.errors()[0]
    name, what, limit = ".".join(map(str, first["loc"])), first["type"], first.get("ctx", {})
    if what in ("unexpected_keyword_argument", "unexpected_positional_argument"):
        return _unknown(kind, name)
    if what == "missing":
        return f"The settings lack {name}."
    given = f"{name} is {first['input']!r}; it must be"
    if what == "literal_error":
        return f"{given} one of {limit['expected'].replace(' or ', ', ')}."
    if what in _LIMITS:
        words, bound = _LIMITS[what]
        return f"{given} {words} {limit[bound]:g}."
    return f"{given} {_KINDS.get(what.split('_')[0], 'a finite number' if 'finite' in what else 'of another kind')}."

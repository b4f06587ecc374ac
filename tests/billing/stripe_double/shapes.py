"""Holds requests and answers against the shapes of Stripe's own client, which it makes from its published API description."""

from __future__ import annotations

import sys
import types
import typing
from decimal import Decimal
from functools import cache
from typing import Any, Literal, Union

import stripe
import typing_extensions
from stripe._request_options import RequestOptions
from stripe._stripe_object import StripeObject, UntypedStripeObject


class WrongShape(Exception):
    """A parameter that Stripe does not know, misses, or cannot take."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


def check_params(params: dict[str, Any], shape: type, at: str = "") -> None:
    """Refuse parameters that do not fit one of the client's own types."""
    hints = _hints(shape)
    for name, value in params.items():
        path = f"{at}[{name}]" if at else name
        if name not in hints:
            raise WrongShape(f"Received unknown parameter: {path}", path)
        if not _fits(value, hints[name], path):
            raise WrongShape(f"Invalid value for {path}: {value!r}", path)
    missing = [name for name, hint in hints.items() if not _is_optional(hint) and name not in params]
    if missing:
        raise WrongShape(f"Missing required param: {missing[0]}.", missing[0])


def unknown_fields(thing: dict[str, Any], kind: type[StripeObject]) -> set[str]:
    """Fields of an answer that Stripe's object does not have."""
    known = {name for each in kind.__mro__ for name in getattr(each, "__annotations__", {})}
    return set(thing) - known


@cache
def _hints(shape: type) -> dict[str, Any]:
    """The parameters of one call, without the options that each call has; their names are looked up where they are written."""
    own = {name: hint for name, hint in shape.__annotations__.items() if name not in RequestOptions.__annotations__}
    probe = typing_extensions.TypedDict("probe", own)
    return typing_extensions.get_type_hints(probe, vars(sys.modules[shape.__module__]), include_extras=True)


def _is_optional(hint: Any) -> bool:
    return typing_extensions.get_origin(hint) is typing_extensions.NotRequired


def _fits(value: Any, hint: Any, path: str) -> bool:
    origin, inner = typing_extensions.get_origin(hint), typing_extensions.get_args(hint)
    if origin is typing_extensions.NotRequired:
        return _fits(value, inner[0], path)
    if origin in (Union, types.UnionType):
        return any(_fits_quietly(value, each, path) for each in inner) or _fits(value, inner[-1], path)
    if origin is Literal:
        return value in inner
    if origin in (list, typing.List):  # noqa: UP006 (what the client writes)
        return isinstance(value, list) and all(_fits(each, inner[0], f"{path}[{number}]") for number, each in enumerate(value))
    if origin in (dict, typing.Dict) or origin is UntypedStripeObject:  # noqa: UP006
        return isinstance(value, dict) or value == ""
    if typing_extensions.is_typeddict(hint):
        if not isinstance(value, dict):
            return False
        check_params(value, hint, path)
        return True
    return _fits_plain(value, hint)


def _fits_quietly(value: Any, hint: Any, path: str) -> bool:
    try:
        return _fits(value, hint, path)
    except WrongShape:
        return False


def _fits_plain(value: Any, hint: Any) -> bool:
    if not isinstance(value, str):
        return False
    if hint is bool:
        return value in ("true", "false")
    if hint is int:
        return value.lstrip("-").isdigit()
    if hint in (float, Decimal):
        return value.replace(".", "", 1).lstrip("-").isdigit()
    return hint is str


assert stripe.VERSION.startswith("16."), "look whether the shapes are still where they were"

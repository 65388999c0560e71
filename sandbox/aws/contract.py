"""botocore's service models as contracts: what a request or an answer may hold.

Values are checked in the form they have on the wire (JSON): a timestamp is a number, a blob is
base64 text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "blob": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
    "boolean": (bool,),
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
}


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service ('redshift-data', 'quicksight'), loaded at its first use."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@cache
def operation_model(service: str, operation: str) -> OperationModel:
    """The model of one operation; raises botocore's OperationNotFoundError."""
    return service_model(service).operation_model(operation)


def problems(value: Any, shape: Shape, at: str = "", hidden: bool = False) -> Iterator[str]:
    """Every way in which a JSON value breaks its shape, in the words AWS uses.

    Checked: types, required and unknown members, unions, enumerations, lengths, ranges and
    patterns. Values of shapes marked sensitive are not repeated in the words.
    """
    hidden = hidden or bool(shape.metadata.get("sensitive"))
    name = at or shape.name
    allowed = _PYTHON_TYPES[shape.type_name]
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        yield _words(f" at '{name}'", f"Member must be of type {shape.type_name}")
        return
    for rule in _broken_rules(value, shape):
        shown = "" if hidden else f" {_short(value)!r}"
        yield _words(f"{shown} at '{name}'", rule)
    yield from _inner_problems(value, shape, at, hidden)


def _inner_problems(value: Any, shape: Shape, at: str, hidden: bool) -> Iterator[str]:
    name = at or shape.name
    if isinstance(shape, StructureShape):
        yield from _structure_problems(value, shape, at, hidden)
    elif isinstance(shape, ListShape):
        for index, item in enumerate(value, start=1):
            yield from problems(item, shape.member, f"{name}.{index}.member", hidden)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from problems(key, shape.key, f"{name}.key", hidden)
            yield from problems(item, shape.value, f"{name}.{key}", hidden)


def _structure_problems(
    value: dict[str, Any], shape: StructureShape, at: str, hidden: bool
) -> Iterator[str]:
    prefix = f"{at}." if at else ""
    for member in shape.required_members:
        if value.get(member) is None:
            yield _words(f" null at '{prefix}{member}'", "Member must not be null")
    for member, item in value.items():
        if member not in shape.members:
            yield f"'{prefix}{member}' is not a member of {shape.name}"
        elif item is not None:
            yield from problems(item, shape.members[member], f"{prefix}{member}", hidden)
    if shape.is_tagged_union and sum(item is not None for item in value.values()) != 1:
        yield _words(f" at '{at or shape.name}'", f"one member of {shape.name} must be set")


def _broken_rules(value: Any, shape: Shape) -> Iterator[str]:
    metadata = shape.metadata
    choices = metadata.get("enum")
    if choices and value not in choices:
        yield f"Member must satisfy enum value set: [{', '.join(choices)}]"
    pattern = metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield f"Member must satisfy regular expression pattern: {pattern}"
    measured, what = (value, "value") if isinstance(value, int | float) else (len(value), "length")
    if measured < metadata.get("min", measured):
        yield f"Member must have {what} greater than or equal to {metadata['min']}"
    if measured > metadata.get("max", measured):
        yield f"Member must have {what} less than or equal to {metadata['max']}"


def _words(what: str, rule: str) -> str:
    return f"Value{what} failed to satisfy constraint: {rule}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 120 else text[:117] + "..."

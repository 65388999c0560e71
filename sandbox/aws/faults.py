"""Faults on order, for tests: what a real service does now and then, done when asked to.

An order is a JSON object sent to POST /_faults; DELETE /_faults forgets all orders, GET lists them.

| field | meaning |
| --- | --- |
| operation | the operation it strikes, such as "DescribeStatement" (required) |
| where | parameters that must be equal for it to strike: {"IngestionId": "x-r7"} |
| skip | how many calls to let pass first (0) |
| count | how many calls to strike (1); null: until forgotten |
| delay | seconds to wait before the call is handled |
| error, status, message | answer with this error instead of handling the call (HTTP status 400) |
| drop | close the connection: "before" handling the call, or "after" it, without an answer |
| set | put into the checked answer, by dotted path: {"Ingestion.RowInfo.RowsDropped": 3} |

Two operations name the work behind the API. "Statement" strikes a statement as it starts (`where`
looks at its request): `delay` holds it in STARTED, `error` ends it as FAILED with the message.
"Ingestion" strikes an ingestion (`where`: DataSetId, IngestionId): `delay` holds it in RUNNING,
`error` ends it as FAILED with that ErrorInfo type, {"RowsDropped": 3} in `set` drops rows.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sandbox.aws.errors import BadFault

STATEMENT, INGESTION = WORK = ("Statement", "Ingestion")


@dataclass(frozen=True)
class Fault:
    """One order; the fields are described in the module's table."""

    operation: str
    where: Mapping[str, Any] = field(default_factory=dict)
    skip: int = 0
    count: int | None = 1
    delay: float = 0.0
    error: str | None = None
    status: int = 400
    message: str = "A fault was ordered."
    drop: str | None = None
    set: Mapping[str, Any] = field(default_factory=dict)

    def strikes(self, operation: str, params: Mapping[str, Any]) -> bool:
        """Whether it is meant for this call."""
        return operation == self.operation and all(
            params.get(name) == value for name, value in self.where.items()
        )


NO_FAULT = Fault(operation="")


def parse_fault(order: Any, served: Collection[str]) -> Fault:
    """The fault that a JSON order describes, for one of the operations; raises BadFault."""
    known = {one.name for one in fields(Fault)}
    if not isinstance(order, dict) or not isinstance(order.get("operation"), str):
        raise BadFault("a fault order is a JSON object with an 'operation'")
    unknown = sorted(set(order) - known)
    if unknown:
        raise BadFault(
            f"a fault order has no field {', '.join(unknown)}; it has {', '.join(sorted(known))}"
        )
    operations = sorted({*served, *WORK})
    if order["operation"] not in operations:
        raise BadFault(f"no operation {order['operation']}; there are {', '.join(operations)}")
    if order.get("drop") not in (None, "before", "after"):
        raise BadFault('\'drop\' is "before" or "after"')
    return Fault(**order)


def overlay(answer: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of an answer with the members named by dotted path replaced."""
    changed = dict(answer)
    for path, value in changes.items():
        name, _, rest = path.partition(".")
        changed[name] = overlay(changed.get(name) or {}, {rest: value}) if rest else value
    return changed


class Faults:
    """The orders that stand, safe for use by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Add an order."""
        with self._lock:
            self._orders.append(fault)

    def forget(self) -> None:
        """Forget all orders."""
        with self._lock:
            self._orders.clear()

    def standing(self) -> tuple[Fault, ...]:
        """The orders that wait for their call."""
        with self._lock:
            return tuple(self._orders)

    def take(self, operation: str, params: Mapping[str, Any]) -> Fault:
        """The fault that strikes this call, counted down; NO_FAULT when none does."""
        with self._lock:
            for index, fault in enumerate(self._orders):
                if not fault.strikes(operation, params):
                    continue
                if fault.skip:
                    self._orders[index] = replace(fault, skip=fault.skip - 1)
                    return NO_FAULT
                self._count_down(index, fault)
                return fault
        return NO_FAULT

    def _count_down(self, index: int, fault: Fault) -> None:
        if fault.count is None:
            return
        if fault.count > 1:
            self._orders[index] = replace(fault, count=fault.count - 1)
        else:
            del self._orders[index]

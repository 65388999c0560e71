from typing import Any

import pytest

from sandbox.aws.errors import BadFault
from sandbox.aws.faults import NO_FAULT, Fault, Faults, overlay, parse_fault


def test_an_order_strikes_its_operation_so_many_times() -> None:
    faults = Faults()
    faults.order(Fault("DescribeStatement", skip=1, count=2))
    struck = [faults.take("DescribeStatement", {}) is not NO_FAULT for _ in range(4)]
    assert struck == [False, True, True, False]
    assert faults.standing() == ()


def test_an_order_strikes_only_the_calls_it_is_meant_for() -> None:
    faults = Faults()
    faults.order(Fault("DescribeIngestion", where={"IngestionId": "a"}, count=None))
    assert faults.take("DescribeIngestion", {"IngestionId": "b"}) is NO_FAULT
    assert faults.take("ListIngestions", {"IngestionId": "a"}) is NO_FAULT
    for _ in range(3):
        assert faults.take("DescribeIngestion", {"IngestionId": "a"}) is not NO_FAULT
    faults.forget()
    assert faults.take("DescribeIngestion", {"IngestionId": "a"}) is NO_FAULT


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ([], "a JSON object with an 'operation'"),
        ({}, "a JSON object with an 'operation'"),
        ({"operation": "X", "times": 3}, "no field times; it has count"),
        ({"operation": "Y"}, "no operation Y; there are Ingestion, Statement, X"),
        ({"operation": "X", "drop": "now"}, "'drop' is"),
    ],
)
def test_an_order_that_is_none_is_refused(order: Any, words: str) -> None:
    with pytest.raises(BadFault, match=words):
        parse_fault(order, ("X",))


def test_an_overlay_reaches_into_an_answer() -> None:
    answer = {"Ingestion": {"IngestionStatus": "COMPLETED"}, "Status": 200}
    changed = overlay(
        answer, {"Ingestion.RowInfo.RowsDropped": 3, "Ingestion.IngestionStatus": "?"}
    )
    assert changed == {
        "Ingestion": {"IngestionStatus": "?", "RowInfo": {"RowsDropped": 3}},
        "Status": 200,
    }
    assert answer["Ingestion"] == {"IngestionStatus": "COMPLETED"}

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.wire import results
from sandbox.wire.messages import string

SUPER = 16_999
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(_JSON)
def test_compact_json_is_what_redshift_writes(value: object) -> None:
    spaced = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    tight = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert results.compact(spaced.encode()).decode() == tight


def _description(*columns: tuple[str, int]) -> bytes:
    packed = (string(name) + struct.pack("!ihihih", 0, 0, oid, -1, -1, 0) for name, oid in columns)
    return struct.pack("!h", len(columns)) + b"".join(packed)


def test_super_and_text_have_the_type_ids_of_redshift() -> None:
    told, supers = results.row_description(
        _description(("n", 23), ("v", SUPER), ("t", results.TEXT_OID)), SUPER
    )
    wanted = _description(("n", 23), ("v", results.SUPER_OID), ("t", results.VARCHAR_OID))
    assert (told, supers) == (wanted, (1,))


def test_parameters_of_type_super_go_both_ways() -> None:
    assert results.parameter_types((23, results.SUPER_OID), SUPER) == (23, SUPER)
    told = results.parameter_description(struct.pack("!h2i", 2, 23, SUPER), SUPER)
    assert told == struct.pack("!h2i", 2, 23, results.SUPER_OID)


def _row(*values: bytes | None) -> bytes:
    packed = (
        struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
        for value in values
    )
    return struct.pack("!h", len(values)) + b"".join(packed)


def test_only_super_values_of_a_row_change() -> None:
    row = _row(b'{"a": 1, "b": [1, 2]}', None, b'{"a": 1}', b"", b'{"k": ", : "}')
    wanted = _row(b'{"a": 1, "b": [1, 2]}', None, b'{"a":1}', b"", b'{"k":", : "}')
    assert results.data_row(row, (1, 2, 4)) == wanted


@pytest.mark.parametrize(
    ("sent", "told"), [(b"SELECT 3\0", b"SELECT\0"), (b"INSERT 0 3\0", b"INSERT 0 3\0")]
)
def test_selected_rows_are_not_counted(sent: bytes, told: bytes) -> None:
    assert results.command_tag(sent) == told


def test_the_server_calls_itself_what_redshift_does() -> None:
    told = results.parameter_status(string("server_version") + string("18.4"))
    assert told == string("server_version") + string("8.0.2")
    assert results.parameter_status(string("TimeZone") + string("UTC")).endswith(b"UTC\0")

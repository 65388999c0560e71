import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.wire import ProtocolViolation, messages

_MESSAGES = st.lists(st.tuples(st.sampled_from([b"P", b"D", b"Z"]), st.binary(max_size=40)))


@given(sent=_MESSAGES, size=st.integers(1, 30))
def test_messages_arrive_whole_however_they_are_cut(
    sent: list[tuple[bytes, bytes]], size: int
) -> None:
    stream = b"".join(messages.message(*part) for part in sent)
    splitter = messages.Splitter()
    chunks = (stream[at : at + size] for at in range(0, len(stream), size))
    assert [part for chunk in chunks for part in splitter.feed(chunk)] == sent


@pytest.mark.parametrize("length", [-1, 3, messages.MAX_LENGTH + 1])
def test_an_impossible_length_ends_the_connection(length: int) -> None:
    with pytest.raises(ProtocolViolation, match="bytes"):
        list(messages.Splitter().feed(b"D" + messages.pack_int32(length)))


def test_startup_parameters_are_read_as_they_were_written() -> None:
    wanted = {"user": "deployer", "database": "dev", "application_name": "dbt"}
    assert messages.startup_parameters(messages.startup(wanted)) == wanted


@pytest.mark.parametrize("body", [b"no end", b"\xff\0"])
def test_a_broken_string_ends_the_connection(body: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        messages.text(body)


def test_fields_of_a_report_are_read_as_they_were_written() -> None:
    wanted = {"S": "ERROR", "C": "42P01", "M": 'relation "Zürich" does not exist'}
    assert messages.fields(messages.report(b"E", wanted)[5:]) == wanted

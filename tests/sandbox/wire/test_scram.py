import pytest

from sandbox.wire import ProtocolViolation
from sandbox.wire.scram import Scram


def test_the_example_of_the_rfc() -> None:
    """RFC 7677, section 3, with the empty user that PostgreSQL's protocol sends."""
    scram = Scram("pencil", "rOprNGfwEbeRWgbNEkqO")
    assert scram.first == b"n,,n=,r=rOprNGfwEbeRWgbNEkqO"
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    final = scram.final(f"r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".encode())
    assert final.startswith(f"c=biws,r={nonce},p=".encode())


@pytest.mark.parametrize(
    "challenge", [b"r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", b"e=no", b""]
)
def test_a_strange_challenge_is_refused(challenge: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        Scram("pencil", "ours").final(challenge)

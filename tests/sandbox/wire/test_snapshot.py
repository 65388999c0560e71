import pytest

from sandbox.wire.snapshot import Turn


def test_a_block_is_fresh_until_it_reads_and_after_it_ended() -> None:
    turn = Turn()
    for kind in ("begin", "set", "lock"):
        turn.executed(kind)
        turn.synced()
    assert (turn.fresh, turn.in_block) == (True, True)
    turn.prepared("select")
    turn.synced()
    assert not turn.fresh
    turn.executed("commit")
    assert (turn.fresh, turn.in_block) == (True, False)


def test_outside_a_block_each_group_is_a_transaction() -> None:
    turn = Turn()
    turn.executed("select")
    assert not turn.fresh
    turn.synced()
    assert turn.fresh


@pytest.mark.parametrize(("status", "fresh"), [(b"I", True), (b"T", False), (b"E", False)])
def test_the_server_has_the_last_word(status: bytes, fresh: bool) -> None:
    turn = Turn(fresh=False, in_block=True)
    turn.told(status)
    assert (turn.fresh, turn.in_block) == (fresh, not fresh)

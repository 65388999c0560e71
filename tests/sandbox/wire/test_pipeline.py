import asyncio

from sandbox.wire.pipeline import Pipeline, Shape, Step


def test_answers_find_their_questions() -> None:
    pipeline = Pipeline()
    parse, execute = (pipeline.ask(Step(ends)) for ends in (b"1", b"CIs"))
    sync = pipeline.ask(Step(b"Z", sync=True))
    found = [pipeline.answer(kind, b"T") for kind in (b"1", b"N", b"D", b"D", b"C", b"Z")]
    assert found == [parse, execute, execute, execute, execute, sync]
    assert pipeline.current() is None
    assert pipeline.status == b"T"


def test_an_error_drops_everything_up_to_the_sync() -> None:
    pipeline = Pipeline()
    shape = Shape(asked=True)
    undone: list[str] = []
    pipeline.ask(Step(b"1"))
    pipeline.ask(Step(b"Tn", shape=shape, undo=lambda: undone.append("describe")))
    pipeline.ask(Step(b"Z", sync=True))
    after = pipeline.ask(Step(b"1"))
    pipeline.answer(b"E", b"")
    assert undone == ["describe"]
    pipeline.answer(b"Z", b"I")
    assert pipeline.current() is after


def test_what_is_sent_after_an_error_and_before_the_sync_is_skipped() -> None:
    pipeline = Pipeline()
    undone: list[str] = []
    pipeline.ask(Step(b"1"))
    pipeline.answer(b"E", b"")
    pipeline.ask(Step(b"1", undo=lambda: undone.append("parse")))
    assert (pipeline.skipping, undone, pipeline.current()) == (True, ["parse"], None)
    assert pipeline.ask(Step(b"Z")) is not pipeline.current()
    sync = pipeline.ask(Step(b"Z", sync=True))
    assert (pipeline.skipping, pipeline.current()) == (False, sync)


def test_an_error_in_a_simple_query_waits_for_its_end() -> None:
    pipeline = Pipeline()
    query = pipeline.ask(Step(b"Z"))
    assert pipeline.answer(b"E", b"") is query
    assert pipeline.current() is query


def test_settled_when_the_last_answer_is_there() -> None:
    async def story() -> list[str]:
        pipeline, seen = Pipeline(), []
        await pipeline.settled()
        pipeline.ask(Step(b"1"))
        waiting = asyncio.create_task(pipeline.settled())
        await asyncio.sleep(0)
        seen.append(f"waits {not waiting.done()}")
        pipeline.answer(b"1", b"")
        await waiting
        return seen

    assert asyncio.run(story()) == ["waits True"]

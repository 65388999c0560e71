"""What happens to items after their run: mistakes, corrections, clean-ups; a set per increment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from sandbox.telemetry import malformed
from sandbox.telemetry.courses import Course, Courses, Place
from sandbox.telemetry.items import PIPELINE_LOGS, Item
from sandbox.telemetry.plan import Plan
from sandbox.telemetry.runs import Write, put, run_writes


def change_writes(plan: Plan, of: Courses) -> Iterator[Write]:
    """Per increment: an item moves to the day before, one turns malformed, one is deleted by hand,
    one is corrected, and a malformed one is repaired.
    """
    for step, places in enumerate(of.changed, 1):
        at = plan.cuts[step - 1] + timedelta(hours=3)
        for place, (stage, change) in zip(places, CHANGES.items(), strict=False):
            item = _well_formed(plan, place, stage)
            yield replace(put(PIPELINE_LOGS, item, at), item=change(item, place))
            at += timedelta(minutes=1)
        for place, stage in _malformed(of)[step - 1 : step]:
            yield put(PIPELINE_LOGS, _well_formed(plan, place, stage), at)


def _move(item: Item, place: Place) -> Item:
    before = f"{place[1] - timedelta(days=1):%Y%m%d}"
    job_id = f"{place[0].source}#{before}"
    return malformed.holding(run_date={"S": before}, job_id={"S": job_id})(item)


def _spoil(item: Item, place: Place) -> Item:
    return malformed.holding(run_date={"S": f"{place[1]:%d.%m.%Y}"})(item)


def _delete(item: Item, place: Place) -> None:
    return None


def _correct(item: Item, place: Place) -> Item:
    records = int(item["records_processed"]["N"]) + 1
    return malformed.holding(records_processed={"N": str(records)})(item)


# By the stage whose item is changed.
CHANGES: Mapping[str, Callable[[Item, Place], Item | None]] = {
    "merge": _move,
    "parquet": _spoil,
    "clean": _delete,
    "extract": _correct,
}


def _malformed(of: Courses) -> Sequence[tuple[Place, str]]:
    """The malformed items that kept their key, in the order of their places."""
    return [
        (place, stage)
        for place, course in of.of.items()
        for stage, kind in course.broken.items()
        if kind != "key_not_recomposed"
    ]


def _well_formed(plan: Plan, place: Place, stage: str) -> Item:
    """The last item of a stage, had its run been an ordinary one."""
    return next(
        write.item
        for write in reversed(run_writes(plan, *place, Course()))
        if write.item is not None and write.item["stage"] == {"S": stage}
    )

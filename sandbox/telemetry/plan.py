"""What to generate, as a value."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

# The moment of a full export, and each day's moment of an incremental one. The runs of a day
# start between two and five; one that was held up is still at work.
CUT = time(12, tzinfo=UTC)
STAGES = ("extract", "clean", "parquet", "merge")


@dataclass(frozen=True)
class Pipeline:
    """A pipeline and how its daily run usually goes: start (UTC), minutes, records."""

    source: str
    category: str | None
    starts: time
    minutes: int
    records: int

    @property
    def id(self) -> str:
        """`source`, or `source#category`."""
        return self.source if self.category is None else f"{self.source}#{self.category}"


# Those of seeds/pipeline_registry.csv that report; `returns` never does.
PIPELINES = (
    Pipeline("orders", "web", time(2, 0), 25, 120_000),
    Pipeline("orders", "store", time(2, 15), 22, 80_000),
    Pipeline("payments", None, time(2, 30), 15, 45_000),
    Pipeline("inventory", "daily", time(3, 0), 40, 300_000),
    Pipeline("customers", None, time(3, 30), 12, 9_000),
    Pipeline("clickstream", "raw", time(4, 0), 60, 2_400_000),
    Pipeline("clickstream", "sessions", time(4, 30), 35, 310_000),
)


@dataclass(frozen=True)
class Plan:
    """`days` of runs up to the day `end`, then `increments` more days, one export each.

    A plan has each malformed kind and each error once, in a run each, as far as it has runs.
    """

    days: int = 30
    end: date = date(2026, 3, 31)
    seed: int = 7
    increments: int = 1
    pipelines: tuple[Pipeline, ...] = field(default=PIPELINES)

    @property
    def first(self) -> date:
        """The first day of runs."""
        return self.end - timedelta(days=self.days - 1)

    @property
    def last(self) -> date:
        """The day of the newest increment."""
        return self.end + timedelta(days=self.increments)

    @property
    def cuts(self) -> tuple[datetime, ...]:
        """The moments of the exports: the full one, then each increment."""
        return tuple(
            datetime.combine(self.end + timedelta(days=step), CUT)
            for step in range(self.increments + 1)
        )

    def all_days(self) -> tuple[date, ...]:
        """The days of runs, the increments' included."""
        count = (self.last - self.first).days + 1
        return tuple(self.first + timedelta(days=at) for at in range(count))

    def with_items(self, items: int) -> "Plan":
        """The same with so many pipelines more that the full export has about `items` items.

        They are further categories of the source clickstream, unknown to the registry.
        """
        missing = items // (self.days * len(STAGES)) - len(self.pipelines)
        more = tuple(
            Pipeline("clickstream", f"shard-{at:05}", time(1, at % 60), 10, 1000 + at)
            for at in range(missing)
        )
        return replace(self, pipelines=self.pipelines + more)

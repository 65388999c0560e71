"""Random histories: whatever was written and refreshed, every table is as if rebuilt."""

import sys
import time
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.histories.items import (
    BATCHES,
    FIRST_BATCHES,
    LOGS,
    REPORTS,
    Delete,
    Put,
    Repeat,
    Rewrite,
    Write,
)
from tests.histories.oracle import Found, Key, Observer, Row, Seeds
from tests.histories.world import BOOKKEEPING, MODELS, STAGED, World
from tests.refresh.project import MARTS, VERSIONS
from tests.refresh.telemetry import Item, Replicas

MODES = st.sampled_from(("incremental", "incremental", "reconcile"))
MODEL_NAMES = st.sampled_from(MODELS)
# Where a refresh writes; it dies at the first write there.
WRITTEN = st.sampled_from(
    (
        *("told_ops.runs", "told_ops.arrivals", "told_ops.state_pipeline_health"),
        *(f"told_ops.{model}__changes" for model in MODELS),
        *(World.table(model) for model in MODELS),
    )
)
DAYS_ON = st.sampled_from(("2026-02-27", "2026-02-28", "2026-03-01", "2026-03-03"))
SEED_READERS = {
    "stages": {STAGED[LOGS], "fct_pipeline_runs"},
    "statuses": {STAGED[LOGS]},
    "rules": set(STAGED.values()),
    "registry": {"agg_pipeline_daily"},
}
HOUR = 3600 * 1_000_000
LATE_BY = HOUR // 2


class History(RuleBasedStateMachine):
    """What was written, beside what a world makes of it."""

    world: World
    # How long a write takes to reach the replica, in microseconds.
    LAG = 0

    @classmethod
    def of(cls, world: World) -> type["History"]:
        """The machine of one world."""
        return type(cls.__name__, (cls,), {"world": world})

    def __init__(self) -> None:
        super().__init__()
        self.world.begin()
        self.observer = Observer(Seeds())
        self.newest_moment = 0
        # Per item the time of its newest write, and what that left.
        self.written: dict[str, dict[Key, tuple[int, Item | None]]] = {LOGS: {}, REPORTS: {}}
        self.puts: dict[str, list[tuple[int, Item]]] = {LOGS: [], REPORTS: []}
        self.done_slots: dict[str, list[str]] = {"incremental": [], "reconcile": []}
        # Models that will read everything.
        self.unread: set[str] = set()
        # Modes that find nothing: since a refresh that looked as far, nothing was written.
        self.settled_for = {"incremental", "reconcile"}
        # Whether the marts are as the observed items and the seeds want them.
        self.is_level = True

    @initialize(batch=FIRST_BATCHES)
    def write(self, batch: list[Write]) -> None:
        """Replicate a batch of writes, one export per table."""
        records: dict[str, list[dict[str, Any]]] = {LOGS: [], REPORTS: []}
        for write in batch:
            records[write.table] += self.recorded(write)
        for table, those in records.items():
            if those:
                self.world.load(table, those)
                self.loaded(table)
                self.settled_for.clear()

    def loaded(self, table: str) -> None:
        """An export has reached the replica of a table."""

    def recorded(self, write: Write) -> list[dict[str, Any]]:
        """The lines of an export that one write makes, none where there is nothing to write to."""
        moment = max(self.newest_moment + 1, time.time_ns() // 1000 - self.LAG)
        self.newest_moment = moment
        puts, written = self.puts[write.table], self.written[write.table]
        image: Item | None
        match write:
            case Put(_, item, is_late):
                moment -= LATE_BY * is_late
                key_of = image = item
                puts.append((moment, item))
            case Rewrite(_, place) if puts:
                key_of = image = puts[place % len(puts)][1]
            case Repeat(_, place) if puts:
                moment, key_of = puts[place % len(puts)]
                image = key_of
            case Delete(_, place) if live := list(self.replica(write.table).values()):
                key_of, image = live[place % len(live)], None
            case _:
                return []
        keys = {name: key_of[name] for name in Replicas.KEYS[write.table]}
        key = tuple(value["S"] for value in keys.values())
        if key not in written or written[key][0] < moment:
            written[key] = moment, image
        head = {"Metadata": {"WriteTimestampMicros": {"N": str(moment)}}, "Keys": keys}
        return [head if image is None else head | {"NewImage": image}]

    def replica(self, table: str) -> dict[Key, Item]:
        """The items that DynamoDB holds."""
        return {key: item for key, (_, item) in self.written[table].items() if item is not None}

    @rule(batch=BATCHES, mode=MODES)
    def refresh(self, batch: list[Write], mode: str) -> None:
        """The subject is refreshed for a slot of its own."""
        self.write(batch)
        self.refresh_subject(mode)

    def refresh_subject(self, mode: str) -> None:
        slot = self.world.next_slot()
        result = self.world.call("refresh", slot, mode)
        self.done_slots[mode].append(slot)
        self.refreshed(result)

    def refreshed(self, result: dict[str, Any]) -> None:
        """Everything was refreshed; where nothing had been written before, nothing was then."""
        self.observe_all(result["mode"])
        mode = "incremental" if result["mode"] == "incremental" else "reconcile"
        if mode in self.settled_for:
            assert result["outcome"] == "nothing_new", result
        self.settled_for |= {"incremental"}
        if self.sees_everything(mode):
            self.settled_for |= {"reconcile"}
        self.is_level = True
        self.check_against_oracle()

    @rule(batch=BATCHES, mode=MODES)
    def refresh_twice(self, batch: list[Write], mode: str) -> None:
        """After a refresh, another one of either mode finds nothing to write."""
        self.refresh(batch, "incremental")
        self.refresh_subject(mode)

    @rule(batch=BATCHES, mode=MODES, place=st.integers(0, 3))
    def refresh_a_past_slot(self, batch: list[Write], mode: str, place: int) -> None:
        """A slot that was done, or is older, does nothing whatever was written since."""
        self.write(batch)
        done = self.done_slots[mode][::-1]
        if done:
            slot = done[place % len(done)]
            outcome = self.world.call("refresh", slot, mode)["outcome"]
            assert outcome == ("slot_done" if slot == done[0] else "superseded")
            self.check_against_oracle()

    @rule(batch=BATCHES, mode=MODES, table=WRITTEN)
    def kill_a_refresh(self, batch: list[Write], mode: str, table: str) -> None:
        """The session of a refresh dies where it first writes to a table."""
        self.write(batch)
        slot = self.world.next_slot()
        result = self.world.call_killed(table, "refresh", slot, mode)
        if result is None:
            self.check_against_oracle()
        else:
            self.done_slots[mode].append(slot)
            self.refreshed(result)

    @rule(batch=BATCHES, models=st.lists(MODEL_NAMES, min_size=1, max_size=3))
    def refresh_models(self, batch: list[Write], models: list[str]) -> None:
        """Some models are refreshed by themselves, whatever becomes of those between."""
        self.write(batch)
        for model in models:
            self.world.refresh_model(model)
            self.observe(model, "alone")
        self.is_level = False

    @rule(batch=BATCHES, days=st.lists(DAYS_ON, min_size=2, max_size=2))
    def reprocess(self, batch: list[Write], days: list[str]) -> None:
        """The items of some days are read again, and all that is new as well."""
        self.write(batch)
        self.refreshed(self.world.call("reprocess", self.world.next_slot(), *sorted(days)))

    @rule(part=st.sampled_from(("facts", "feeds", "ledger")))
    def retain(self, part: str) -> None:
        """What is old enough goes, which no table shows."""
        self.world.call("retain", self.world.next_slot(), part)
        if part == "facts":
            self.observer.see_versions()
        self.check_against_oracle()

    @rule(model=MODEL_NAMES)
    def trim(self, model: str) -> None:
        """A feed is trimmed, also of what nobody has read."""
        self.world.trim(model)

    @rule(model=MODEL_NAMES)
    def redeploy(self, model: str) -> None:
        """A model is deployed with another text."""
        self.world.forget(model)
        self.unread.add(model)
        # It looks at every item, whatever the mode.
        if model in STAGED.values() and "reconcile" not in self.settled_for:
            self.settled_for.clear()

    @rule(seed=st.sampled_from(("stages", "statuses", "rules", "registry")))
    def change_seed(self, seed: str) -> None:
        """A row leaves a seed or returns, or a rule of the contract changes its mind."""
        seeds = self.observer.seeds
        match seed:
            case "stages":
                _toggle(seeds.stages, "merge", 4)
                self.world.change_seed("stage_catalog", "stage", "merge")
            case "statuses":
                _toggle(seeds.statuses, "RUNNING", "running")
                self.world.change_seed("status_vocabulary", "status", "RUNNING")
            case "rules":
                seeds.blocks_moved_days ^= True
                self.world.change_rule("moved_day", seeds.blocks_moved_days)
            case "registry":
                self.world.change_seed("pipeline_registry", "source", "returns")
        self.unread |= SEED_READERS[seed]
        self.settled_for.clear()
        self.is_level = False

    def observe_all(self, mode: str) -> None:
        for model in (*STAGED.values(), VERSIONS):
            self.observe(model, mode)

    def observe(self, model: str, mode: str) -> None:
        """A model was refreshed, in a mode of its subject or alone."""
        if model == VERSIONS:
            self.observer.see_versions()
        for table, staging in STAGED.items():
            if model == staging:
                for number, found in enumerate(self.looks(table, mode)):
                    if number:
                        self.observer.see_versions()
                    self.look(table, found)
        self.unread.discard(model)

    def look(self, table: str, found: Found) -> None:
        if table == LOGS:
            self.observer.see_logs(found)
        else:
            self.observer.see_reports(found)

    def looks(self, table: str, mode: str) -> list[Found]:
        """What a refresh in this mode finds in a replica, one state of an item after the other."""
        return [self.newest(table)]

    def newest(self, table: str) -> Found:
        """Every item there ever was, as it is now."""
        return {key: item for key, (_, item) in self.written[table].items()}

    def sees_everything(self, mode: str) -> bool:
        """Whether a refresh in this mode leaves nothing for the next one."""
        return True

    def teardown(self) -> None:
        if sys.exception() is None:
            for mode in ("incremental", "reconcile", "reconcile", "incremental"):
                self.refresh_subject(mode)
            self.check_against_reload()
            self.check_against_rebuild()

    def check_against_oracle(self) -> None:
        """Two marts have the rows that plain Python makes of what was observed."""
        if not self.is_level:
            return
        stages = self.world.rows(
            "select log_key, pipeline_id, run_on, stage, stage_order, status, attempt,"
            " records_processed, duration_seconds, queue_wait_seconds, started_at, completed_at"
            f" from {World.table('fct_stage_runs')}"
        )
        runs = self.world.rows(
            "select pipeline_id, run_on, run_status, failed_stage, stages_seen, stage_runs,"
            " stages_succeeded, stages_failed, stages_running, stages_skipped, retries,"
            " failed_attempts, open_failures, records_processed, busy_seconds, wall_seconds,"
            " queue_wait_seconds, has_recovered, started_at, completed_at"
            f" from {World.table('fct_pipeline_runs')}"
        )
        expected_stages, expected_runs = self.observer.marts()
        assert_same_rows(stages, expected_stages)
        assert_same_rows(runs, expected_runs)

    def check_against_reload(self) -> None:
        """Live staging rows are those of an environment that starts today, bookkeeping aside."""
        self.world.reload()
        for table, model in STAGED.items():
            names = [name for name in self.world.columns(model) if name not in BOOKKEEPING]
            assert not self.world.differing(model, names, "not is_deleted")
            keys = ", ".join(Replicas.KEYS[table])
            live = self.world.rows(f"select {keys} from {World.table(model)} where not is_deleted")
            assert_same_rows(live, set(self.replica(table)))

    def check_against_rebuild(self) -> None:
        """Every mart is what a first refresh makes of the same staging rows and versions."""
        built = self.world.rebuild()["models"]
        for model in (*STAGED.values(), VERSIONS):
            assert built[model] == {"removed": 0, "written": 0}, built
        for model in MARTS:
            assert not self.world.differing(model, self.world.columns(model)), model


def _toggle(words: dict[str, Any], word: str, meaning: Any) -> None:
    if words.pop(word, None) is None:
        words[word] = meaning


def assert_same_rows(found: list[Row], expected: set[Row]) -> None:
    """The same rows, each once."""
    assert len(found) == len(set(found)), "a row is there twice"
    assert set(found) == expected

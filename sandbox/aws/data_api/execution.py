"""Statements on their way: a thread and a connection each, cancelled at the backend."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sandbox.aws.data_api.records import Outcome, Statement, Statements
from sandbox.aws.data_api.results import metadata, pages
from sandbox.aws.data_api.text import bind
from sandbox.aws.errors import SqlFailed, WarehouseError
from sandbox.aws.faults import STATEMENT, Faults
from sandbox.aws.running import Run
from sandbox.aws.warehouse import Login, Result, session

SLOTS = 16
_LABEL = "data-api "
_STOP_BACKENDS = (
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = $1"
)

log = logging.getLogger(__name__)


class Execution:
    """Runs statements; `login(user, database)` says how to reach the warehouse."""

    def __init__(
        self,
        statements: Statements,
        login: Callable[[str, str], Login],
        clock: Callable[[], float],
        faults: Faults,
        slots: int = SLOTS,
    ) -> None:
        self._statements = statements
        self._login = login
        self._clock = clock
        self._faults = faults
        self._slots = threading.Semaphore(slots)
        self._runs: dict[str, Run] = {}

    def start(self, statement: Statement) -> None:
        """Run it on a thread of its own, once a slot is free."""
        run = self._runs[statement.id] = Run()
        threading.Thread(
            target=self._work, args=(statement, run), name=statement.id, daemon=True
        ).start()

    def wait(self, id_: str, seconds: float) -> None:
        """Return when the statement has ended, at the latest after `seconds`."""
        run = self._runs.get(id_)
        if run:
            run.wait(seconds)

    def cancel(self, id_: str, seconds: float) -> bool:
        """Cancel it at its backend; whether it had ended, however, after `seconds`."""
        run = self._runs.get(id_)
        return run is None or run.cancel(seconds)

    def recover(self, user: str, database: str) -> None:
        """End what an earlier process left: its backends are stopped, its statements FAILED.

        The result of such a statement has nowhere to go, as when the real service loses its
        connection. Stopping the backend first keeps FAILED from being followed by a commit; one
        that committed before cannot be told from one that did not, and the error says so.
        `user` has to be one who may end the backends of others.
        """
        for left in self._statements.running():
            try:
                with session(self._login(user, database), "data-api recovery") as opened:
                    opened.run(_STOP_BACKENDS, [_LABEL + left.id])
            except WarehouseError as error:
                log.warning("the backend of statement %s could not be stopped: %s", left.id, error)
            lost = "ERROR: The connection was lost before the statement's outcome was known."
            self._statements.finish(left.id, Outcome("FAILED", lost), self._clock())

    def _work(self, statement: Statement, run: Run) -> None:
        try:
            with self._slots:
                outcome = self._outcome(statement, run)
            self._statements.finish(statement.id, outcome, self._clock())
        except Exception:
            log.exception("statement %s", statement.id)
            lost = Outcome("FAILED", "ERROR: Internal error, see the log of the server.")
            self._statements.finish(statement.id, lost, self._clock())
        finally:
            run.finish()
            del self._runs[statement.id]

    def _outcome(self, statement: Statement, run: Run) -> Outcome:
        bound = bind(statement.request["Sql"], statement.parameters)
        self._statements.mark(statement.id, "PICKED", self._clock())
        fault = self._faults.take(STATEMENT, statement.request)
        if fault.error:
            return Outcome("FAILED", f"ERROR: {fault.message}")
        try:
            login = self._login(statement.db_user, statement.request["Database"])
            with run.session(login, _LABEL + statement.id) as opened:
                self._statements.mark(statement.id, "STARTED", self._clock(), opened.pid)
                run.pause(fault.delay)
                if run.cancelled:
                    return Outcome("ABORTED")
                return _finished(opened.run(bound.sql, bound.values))
        except SqlFailed as error:
            return Outcome("ABORTED" if run.cancelled and error.cancelled else "FAILED", str(error))
        except WarehouseError as error:
            return Outcome("FAILED", str(error))


def _finished(result: Result) -> Outcome:
    if result.columns is None:
        return Outcome("FINISHED", rows=max(result.affected, 0))
    columns = tuple(metadata(column) for column in result.columns)
    return Outcome(
        "FINISHED", columns=columns, pages=tuple(pages(result.rows)), rows=len(result.rows)
    )

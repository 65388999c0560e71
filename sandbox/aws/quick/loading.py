"""Ingestions at work: one at a time per data set, as the data source's user."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from sandbox.aws.errors import IngestionFailed, SqlFailed, WarehouseError
from sandbox.aws.faults import INGESTION, Faults
from sandbox.aws.quick.convert import Cell, convert_row
from sandbox.aws.quick.definitions import DataSet, read_data_set
from sandbox.aws.quick.records import WAITING, DataSourceRecord, Ingestion, QuickRecords
from sandbox.aws.running import Run
from sandbox.aws.warehouse import SUPER, Login, session

LOOPBACK = ("127.0.0.1", "localhost")
QUICK_USER = "quick"
CANCELLED_WORDS = "The ingestion was cancelled on request."
_CANCEL_SECONDS = 30.0

# SQLSTATE -> ErrorInfo.Type of an ingestion
_ERROR_TYPES = {
    "42P01": "SQL_TABLE_NOT_FOUND",
    "3F000": "SQL_TABLE_NOT_FOUND",
    "42703": "SQL_SCHEMA_MISMATCH_ERROR",
    "42501": "PERMISSION_DENIED",
    "28P01": "PASSWORD_AUTHENTICATION_FAILURE",
    "28000": "PASSWORD_AUTHENTICATION_FAILURE",
    "57014": "QUERY_TIMEOUT",
    "22003": "SQL_NUMERIC_OVERFLOW",
}

log = logging.getLogger(__name__)


class Loading:
    """Runs ingestions, tries data sources; `login(user, database)` leads to the warehouse."""

    def __init__(
        self,
        records: QuickRecords,
        login: Callable[[str, str], Login],
        clock: Callable[[], float],
        faults: Faults,
    ) -> None:
        self._records = records
        self._login = login
        self._clock = clock
        self._faults = faults
        self._lock = threading.Lock()
        self._at_work: dict[str, tuple[int, Run]] = {}

    def recover(self) -> None:
        """Start again what an earlier process left: an ingestion replaces rows only at its end."""
        for source in self._records.data_sources():
            if source.status.endswith("_IN_PROGRESS"):
                self.verify(source)
        for ingestion in self._records.active():
            self.wake(ingestion.data_set_id)

    def wake(self, data_set_id: str) -> None:
        """Work off the ingestions of a data set, unless that is being done."""
        with self._lock:
            if data_set_id in self._at_work:
                return
            self._at_work[data_set_id] = (0, Run())
        threading.Thread(
            target=self._drain, args=(data_set_id,), name=data_set_id, daemon=True
        ).start()

    def cancel(self, ingestion: Ingestion) -> bool:
        """Cancel it, at its backend when it runs; False when it had ended by itself."""
        ending = (ingestion.n, "CANCELLED", "INGESTION_CANCELED", CANCELLED_WORDS, self._clock())
        if self._records.end(*ending, only=WAITING):
            return True
        with self._lock:
            n, run = self._at_work.get(ingestion.data_set_id, (0, Run()))
        if n == ingestion.n:
            run.cancel(_CANCEL_SECONDS)
        ended = self._records.by_number(ingestion.n)
        return ended is not None and ended.status == "CANCELLED"

    def verify(self, source: DataSourceRecord) -> None:
        """Connect as a data source says, and keep how that went; on a thread of its own."""
        threading.Thread(target=self._verify, args=(source,), name=source.id, daemon=True).start()

    def _verify(self, source: DataSourceRecord) -> None:
        doing = source.status.removesuffix("_IN_PROGRESS")
        error = self._connection_error(source)
        status = f"{doing}_FAILED" if error else f"{doing}_SUCCESSFUL"
        self._records.change_data_source(
            replace(source, status=status, error=error, updated=self._clock())
        )

    def _connection_error(self, source: DataSourceRecord) -> Mapping[str, str] | None:
        login = self._source_login(source)
        redshift = source.definition["DataSourceParameters"]["RedshiftParameters"]
        given = (redshift.get("Host", login.host), redshift.get("Port", login.port))
        if given[0] not in LOOPBACK or given[1] != login.port:
            here = f"{login.host}:{login.port}"
            return {
                "Type": "UNKNOWN_HOST",
                "Message": f"{given[0]}:{given[1]} is unknown here; the warehouse is {here}.",
            }
        try:
            with session(login, "quick check"):
                return None
        except SqlFailed as error:
            refused = error.sqlstate.startswith("28")
            return {
                "Type": "ACCESS_DENIED" if refused else "GENERIC_SQL_FAILURE",
                "Message": str(error),
            }
        except WarehouseError as error:
            return {"Type": "TIMEOUT", "Message": str(error)}

    def _source_login(self, source: DataSourceRecord) -> Login:
        """As the credentials say; a secret or a role is taken to be the BI user's.

        Host and port are the warehouse's of now: it may have come up on another port since the data
        source was made.
        """
        database = source.definition["DataSourceParameters"]["RedshiftParameters"]["Database"]
        login = self._login(QUICK_USER, database)
        pair = source.credentials.get("CredentialPair")
        return replace(login, user=pair["Username"], password=pair["Password"]) if pair else login

    def _drain(self, data_set_id: str) -> None:
        while True:
            with self._lock:
                waiting = self._records.active(data_set_id)
                if not waiting:
                    del self._at_work[data_set_id]
                    return
                ingestion, run = waiting[0], Run()
                self._at_work[data_set_id] = (ingestion.n, run)
            try:
                self._ingest(ingestion, run)
            except Exception as error:
                log.exception("ingestion %s of %s", ingestion.id, data_set_id)
                self._end(ingestion, "FAILED", "INTERNAL_SERVICE_ERROR", str(error))
            finally:
                run.finish()

    def _ingest(self, ingestion: Ingestion, run: Run) -> None:
        if not self._records.start(ingestion.n, self._clock()):
            return
        try:
            rows, dropped = self._load(ingestion, run)
        except (IngestionFailed, WarehouseError) as error:
            failure = (_error_type(error), str(error))
        else:
            if not run.cancelled:
                self._records.complete(ingestion.n, rows, dropped, self._clock())
                return
        if run.cancelled:
            self._end(ingestion, "CANCELLED", "INGESTION_CANCELED", CANCELLED_WORDS)
        else:
            self._end(ingestion, "FAILED", *failure)

    def _load(self, ingestion: Ingestion, run: Run) -> tuple[list[list[Cell]], int]:
        """The rows that convert, and how many did not."""
        fault = self._faults.take(
            INGESTION, {"DataSetId": ingestion.data_set_id, "IngestionId": ingestion.id}
        )
        run.pause(fault.delay)
        if fault.error:
            raise IngestionFailed(fault.error, fault.message)
        data_set = self._data_set(ingestion.data_set_id)
        source = self._records.data_source(data_set.data_source_id)
        if source is None:
            raise IngestionFailed(
                "DATA_SOURCE_NOT_FOUND", f"Data source {data_set.data_source_id} is gone."
            )
        with run.session(self._source_login(source), f"quick {ingestion.n}") as opened:
            if run.cancelled:
                return [], 0
            result = opened.run(data_set.query(), ())
        for column in result.columns or ():
            if column.type_oid == SUPER:
                raise IngestionFailed(
                    "SQL_SCHEMA_MISMATCH_ERROR",
                    f"Column {column.name} is of type super, which SPICE cannot hold.",
                )
        types = [column.type for column in data_set.columns]
        converted = [convert_row(row, types) for row in result.rows]
        rows = [row for row in converted if row is not None]
        rows = rows[: len(rows) - fault.set.get("RowsDropped", 0)]
        return rows, len(converted) - len(rows)

    def _data_set(self, id_: str) -> DataSet:
        found = self._records.data_set(id_)
        if found is None:
            raise IngestionFailed("DATA_SET_DELETED", f"Data set {id_} is gone.")
        return read_data_set(found.definition)

    def _end(self, ingestion: Ingestion, status: str, error_type: str, words: str) -> None:
        self._records.end(ingestion.n, status, error_type, words, self._clock())


def _error_type(error: Exception) -> str:
    if isinstance(error, IngestionFailed):
        return error.type
    if isinstance(error, SqlFailed):
        return _ERROR_TYPES.get(error.sqlstate, "SQL_EXCEPTION")
    return "CONNECTION_FAILURE"

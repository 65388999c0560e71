"""One client: its messages to PostgreSQL, the answers back."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from sandbox.dialect import Settings
from sandbox.wire import ProtocolViolation, locks, messages, reports, results
from sandbox.wire.messages import message, string, text
from sandbox.wire.peer import Peer
from sandbox.wire.pipeline import Pipeline, Shape, Step
from sandbox.wire.service import Service
from sandbox.wire.snapshot import Turn
from sandbox.wire.statements import Script, Statement, Translator, is_on, refusal_in

CHUNK = 64 * 1024

# The proxy's own prepared statements. SHOW takes no snapshot, so it may stand before a LOCK.
_OWN_PORTAL = "stand-in"
_COMMIT = "stand-in commit"
_PATH = "stand-in path"
_OWN = "stand-in statement"
_SETTINGS = (
    "rs.enable_case_sensitive_identifier",
    "rs.enable_case_sensitive_super_attribute",
)
_SUPER_OID = (
    "select 'pg_catalog.super'::pg_catalog.regtype::pg_catalog.oid from pg_catalog.rs_may_lock()"
)
_LEVEL = "default_transaction_isolation"
_FIRST_QUESTIONS = "; ".join((_SUPER_OID, *(f"show {name}" for name in (_LEVEL, *_SETTINGS))))
_NO_TRANSACTION = "25P01"


@dataclass
class Prepared:
    """A prepared statement: what the client wrote and what it was last translated to."""

    sql: str
    types: tuple[int, ...]
    statement: Statement
    shape: Shape = field(default_factory=Shape)


class Session:
    """Follows one client after it was let in, until one side ends."""

    def __init__(
        self, client: Peer, backend: Peer, translator: Translator, service: Service
    ) -> None:
        self._client = client
        self._backend = backend
        self._translator = translator
        self._service = service
        self._turn = Turn()
        self._ahead: Sequence[tuple[bytes, bytes]] = ()
        self._pipeline = Pipeline()
        self._prepared: dict[str, Prepared] = {}
        self._portals: dict[str, Prepared] = {}
        self._settings = Settings()
        self._stale = False
        self._super_oid = 0
        self._serializable = False
        self._from_backend = messages.Splitter()
        self._ask_by_kind: dict[bytes, Callable[[bytes], Awaitable[None]]] = {
            b"P": self._ask_parse,
            b"B": self._ask_bind,
            b"D": self._ask_describe,
            b"E": self._ask_execute,
            b"C": self._ask_close,
            b"S": self._ask_sync,
            b"H": self._ask_flush,
            b"Q": self._ask_query,
        }

    async def introduce(self) -> None:
        """Learn what the session starts with, and prepare the proxy's own statements."""
        own = {_COMMIT: "commit", _PATH: "show search_path"} | {
            name: f"show {name}" for name in _SETTINGS
        }
        prepare = b"".join(messages.parse(name, sql, ()) for name, sql in own.items())
        query = message(b"Q", string(_FIRST_QUESTIONS))
        self._backend.writer.write(query + prepare + message(b"S"))
        answers: list[bytes] = []
        ends = 0
        while ends < 2:
            chunk = await self._backend.reader.read(CHUNK)
            if not chunk:
                raise ConnectionResetError("PostgreSQL ended the connection")
            for kind, body in self._from_backend.feed(chunk):
                if kind == b"E":
                    raise RuntimeError(f"the warehouse is not set up: {messages.fields(body)}")
                answers += [body] if kind == b"D" else []
                ends += kind == b"Z"
        super_oid, level, *shown = map(_only_value, answers)
        self._super_oid = int(super_oid)
        self._serializable = level == "serializable"
        self._settings = Settings(*map(is_on, shown))

    async def run(self) -> None:
        """Until one side ends."""
        ways = {
            asyncio.ensure_future(self._questions()),
            asyncio.ensure_future(self._answers()),
        }
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        for way in done:
            way.result()

    # Questions: from the client to PostgreSQL.

    async def _questions(self) -> None:
        splitter = messages.Splitter()
        while chunk := await self._client.reader.read(CHUNK):
            parts = list(splitter.feed(chunk))
            for number, (kind, body) in enumerate(parts):
                self._ahead = parts[number + 1 :]
                if kind == b"X":
                    return
                ask = self._ask_by_kind.get(kind)
                if ask is None:
                    raise ProtocolViolation(f"a message of type {kind!r} is not expected here")
                await ask(body)
            await self._backend.writer.drain()

    def _send(self, kind: bytes, body: bytes, step: Step) -> None:
        self._backend.writer.write(message(kind, body))
        self._pipeline.ask(step)

    async def _ask_parse(self, body: bytes) -> None:
        name, at = text(body)
        sql, at = text(body, at)
        count = messages.int16(body, at)
        types = tuple(messages.int32(body, at + 2 + 4 * n) for n in range(count))
        types = results.parameter_types(types, self._super_oid)
        await self._learn_settings()
        statement = self._translator.statement(sql, self._settings)
        if self._turn.in_block or not self._is_only_prepared():
            await self._lock_first(statement)
        self._turn.prepared(statement.kind)
        before = self._prepared.get(name)
        self._prepared[name] = Prepared(sql, types, statement)

        def undo() -> None:
            self._prepared.pop(name, None)
            if before:
                self._prepared[name] = before

        self._backend.writer.write(messages.parse(name, statement.text, types))
        self._pipeline.ask(Step(b"1", undo=undo))

    def _is_only_prepared(self) -> bool:
        """Whether the transaction ends before the statement runs, as far as the client has sent."""
        return next((kind for kind, _ in self._ahead if kind in b"BSQ"), b"B") == b"S"

    async def _lock_first(self, statement: Statement) -> None:
        """Take the statement's locks where the transaction has no snapshot yet."""
        alone = next((kind for kind, _ in self._ahead if kind in b"PBSQ"), b"P") == b"S"
        for own in await self._before(statement, alone=alone):
            forget = message(b"C", b"S" + string(_OWN))
            self._backend.writer.write(forget + messages.parse(_OWN, own, ()))
            for ends in (b"3", b"1"):
                self._pipeline.ask(Step(ends, hidden=True))
            self._run_own(_OWN)

    async def _before(self, statement: Statement, *, alone: bool) -> tuple[str, ...]:
        """What to run first; ``alone``: the statement is all of its message or group."""
        if not (statement.locks or statement.called):
            return ()
        if statement.called:
            # What became of the messages before decides whether there is a snapshot.
            await self._settle()
        if self._pipeline.skipping or self._pipeline.status == b"E":
            return ()
        if statement.kind == "lock":
            return await locks.refusal(statement, self._service)
        if not self._turn.fresh:
            return locks.later(statement)
        path = ""
        if statement.called and statement.called.schema is None:
            shown = self._run_own(_PATH)
            await self._settle()
            path = "".join(map(_only_value, shown.rows))
        caller = locks.Caller(self._translator.session, path)
        own = await locks.before(statement, caller, self._service)
        return (*own, locks.ONLY_READS) if alone and self._reads_only(statement) else own

    def _reads_only(self, statement: Statement) -> bool:
        return self._serializable and statement.kind == "select" and not self._turn.in_block

    async def _ask_bind(self, body: bytes) -> None:
        portal, at = text(body)
        name, _ = text(body, at)
        prepared = self._prepared.get(name)
        if prepared:
            await self._learn_settings()
            await self._lock_first(prepared.statement)
            self._renew(name, prepared)
            self._turn.prepared(prepared.statement.kind)
            self._portals[portal] = prepared
        self._send(b"B", body, Step(b"2"))

    def _renew(self, name: str, prepared: Prepared) -> None:
        """Prepare anew what means something else under the settings of now.

        Drivers keep prepared statements by their text, across a SET.
        """
        if prepared.statement.settings == self._settings:
            return
        before = prepared.statement.text
        prepared.statement = self._translator.statement(prepared.sql, self._settings)
        if prepared.statement.text != before:
            prepared.shape = Shape()
            self._send(b"C", b"S" + string(name), Step(b"3", hidden=True))
            again = messages.parse(name, prepared.statement.text, prepared.types)
            self._backend.writer.write(again)
            self._pipeline.ask(Step(b"1", hidden=True))

    async def _ask_describe(self, body: bytes) -> None:
        name, _ = text(body, 1)
        prepared = (self._prepared if body[:1] == b"S" else self._portals).get(name)
        self._describe(body, prepared, hidden=False)

    def _describe(self, body: bytes, prepared: Prepared | None, *, hidden: bool) -> None:
        shape = prepared.shape if prepared else Shape()
        shape.asked = True

        def undo() -> None:
            shape.asked = False

        self._send(b"D", body, Step(b"Tn", shape=shape, hidden=hidden, undo=undo))

    async def _ask_execute(self, body: bytes) -> None:
        portal, _ = text(body)
        prepared = self._portals.get(portal)
        if prepared is None:
            self._send(b"E", body, Step(b"CIs"))
            return
        if not prepared.shape.asked:
            self._describe(b"P" + string(portal), prepared, hidden=True)
        self._send(b"E", body, Step(b"CIs", shape=prepared.shape))
        self._turn.executed(prepared.statement.kind)
        if prepared.statement.commits:
            self._run_own(_COMMIT)
            self._turn.executed("commit")
        self._stale |= prepared.statement.touches_settings

    async def _ask_close(self, body: bytes) -> None:
        name, _ = text(body, 1)
        (self._prepared if body[:1] == b"S" else self._portals).pop(name, None)
        self._send(b"C", body, Step(b"3"))

    async def _ask_sync(self, body: bytes) -> None:
        self._send(b"S", body, Step(b"Z", sync=True))
        self._turn.synced()

    async def _ask_flush(self, body: bytes) -> None:
        self._backend.writer.write(message(b"H", body))

    async def _ask_query(self, body: bytes) -> None:
        sql, _ = text(body)
        await self._learn_settings()
        parts = self._translator.script(sql, self._settings)
        before: dict[int, tuple[str, ...]] = {}
        for number, part in enumerate(parts):
            before[number] = await self._before(part, alone=len(parts) == 1)
            self._turn.executed("commit" if part.commits else part.kind)
        script = Script.of(parts, before)
        step = Step(b"Z", shape=Shape(), hidden_tags=script.hidden_tags)
        self._send(b"Q", string(script.text), step)
        self._turn.synced()
        self._stale |= script.touches_settings

    def _run_own(self, name: str) -> Step:
        self._backend.writer.write(messages.run(_OWN_PORTAL, name))
        bound, done, closed = (Step(ends, hidden=True) for ends in (b"2", b"C", b"3"))
        for step in (bound, done, closed):
            self._pipeline.ask(step)
        return done

    async def _learn_settings(self) -> None:
        """Ask the server for its settings where a statement may have changed them.

        The server knows what SET, a rollback or a procedure has left behind; following them here
        would be a second truth. In a failed transaction it answers nothing, and nothing but its end
        is translated.
        """
        if not self._stale:
            return
        await self._settle()
        if self._pipeline.skipping or self._pipeline.status == b"E":
            return
        steps = [self._run_own(name) for name in _SETTINGS]
        await self._settle()
        if all(step.rows for step in steps):
            self._settings = Settings(*(is_on(_only_value(step.rows[0])) for step in steps))
            self._stale = False

    async def _settle(self) -> None:
        self._backend.writer.write(message(b"H"))
        await self._pipeline.settled()

    # Answers: from PostgreSQL to the client.

    async def _answers(self) -> None:
        writer = self._client.writer
        while chunk := await self._backend.reader.read(CHUNK):
            answers = [self._answer(*part) for part in self._from_backend.feed(chunk)]
            writer.write(b"".join(answers))
            await writer.drain()

    def _answer(self, kind: bytes, body: bytes) -> bytes:
        step = self._pipeline.answer(kind, body)
        if kind == b"Z" and self._pipeline.current() is None:
            self._turn.told(body)
        if kind == b"D":
            return self._answer_row(body, step)
        if kind == b"E":
            return _answer_error(body, serializable=self._serializable)
        if kind == b"N":
            return _answer_notice(body, step)
        if kind == b"S":
            return message(kind, results.parameter_status(body))
        if kind == b"T":
            body, supers = results.row_description(body, self._super_oid)
            _fill(step, supers)
        elif kind == b"t":
            body = results.parameter_description(body, self._super_oid)
        elif kind == b"n":
            _fill(step, ())
        elif kind == b"C":
            body = results.command_tag(body)
        hidden = step is not None and _hidden(step, kind)
        return b"" if hidden else message(kind, body)

    def _answer_row(self, body: bytes, step: Step | None) -> bytes:
        if step is not None and _hidden(step, b"D"):
            step.rows.append(body)
            return b""
        supers = step.shape.super_columns if step and step.shape else ()
        return message(b"D", results.data_row(body, supers) if supers else body)


def _fill(step: Step | None, supers: tuple[int, ...]) -> None:
    if step and step.shape:
        step.shape.super_columns = supers


def _hidden(step: Step, kind: bytes) -> bool:
    if kind == b"C":
        step.tags += 1
        return step.hidden or step.tags - 1 in step.hidden_tags
    return step.hidden or (kind in b"TD" and step.tags in step.hidden_tags)


def _answer_error(body: bytes, *, serializable: bool) -> bytes:
    values = messages.fields(body)
    refusal = refusal_in(values.get("M", ""))
    if refusal:
        return messages.error(refusal[1], refusal[0])
    return messages.report(b"E", reports.redshift(values, serializable=serializable))


def _answer_notice(body: bytes, step: Step | None) -> bytes:
    values = messages.fields(body)
    ours = step is not None and (step.hidden or step.tags in step.hidden_tags)
    if ours and values.get("C") == _NO_TRANSACTION:
        return b""
    return messages.report(b"N", reports.redshift(values))


def _only_value(row: bytes) -> str:
    return row[6 : 6 + messages.int32(row, 2)].decode()

"""DynamoDB exports on disk: which data files there are, in which order, and what they hold.

Layout and fields of the manifests:
docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sandbox.zero_etl.catalogue import Table
from sandbox.zero_etl.errors import BadExport
from sandbox.zero_etl.lines import BadLine, Change, parse

SUMMARY = "manifest-summary.json"
FILES = "manifest-files.json"
GZIP_MAGIC = b"\x1f\x8b"
BATCH_LINES = 2000
BATCH_BYTES = 4_000_000


@dataclass(frozen=True)
class DataFile:
    """One data file and what its manifest promises; `full_micros` orders items of a full export."""

    path: Path
    full_micros: int = 0
    md5: str | None = None
    item_count: int | None = None


def find_files(paths: Sequence[Path], table: Table, tables: Sequence[str]) -> tuple[DataFile, ...]:
    """The data files that the paths name, folders through their manifests, oldest export first.

    `tables` are all known names: a manifest of another known table is refused. Raises BadExport.
    """
    files: list[DataFile] = []
    for path in paths:
        if path.is_dir():
            exports = sorted(_exports(path), key=lambda export: export[0])
            for _, summary in exports:
                files.extend(_manifest_files(summary, table, tables))
        elif path.is_file():
            files.append(DataFile(path))
        else:
            raise BadExport(path, "no such file or folder", "check the path")
    return tuple(files)


def read_batches(
    file: DataFile, table: Table, advance: Callable[[int], None]
) -> Iterator[list[Change]]:
    """The changes of a data file in batches; checked against its manifest.

    `advance` hears how many bytes of the file were read. Raises BadExport.
    """
    _check_md5(file)
    count = done = 0
    with _open(file.path) as (raw, stream):
        for lines in _batched(_lines(file.path, stream)):
            yield [_parse(file, table, number, line) for number, line in lines]
            count += len(lines)
            advance(raw.tell() - done)
            done = raw.tell()
    if file.item_count is not None and count != file.item_count:
        raise BadExport(
            file.path,
            f"holds {count} items, its manifest says {file.item_count}",
            "download the export again",
        )


def _exports(folder: Path) -> Iterator[tuple[str, Path]]:
    """(moment, summary) of every export at or below a folder."""
    summaries = sorted(folder.rglob(SUMMARY))
    if not summaries:
        raise BadExport(
            folder, f"no {SUMMARY} in or below it", "name an export's folder, or its data files"
        )
    for summary in summaries:
        facts = _json(summary, summary.read_bytes())
        yield str(facts.get("exportTime") or facts.get("exportToTime") or ""), summary


def _manifest_files(summary: Path, table: Table, tables: Sequence[str]) -> Iterator[DataFile]:
    facts = _json(summary, summary.read_bytes())
    exported = str(facts.get("tableArn", "")).rpartition("/")[2]
    if exported != table.name and exported in tables:
        raise BadExport(summary, f"is an export of {exported}", f"load it as {exported}")
    if facts.get("outputFormat", "DYNAMODB_JSON") != "DYNAMODB_JSON":
        raise BadExport(
            summary, f"format {facts['outputFormat']} is not read", "export as DYNAMODB_JSON"
        )
    micros = _micros(summary, facts.get("exportTime"))
    listing = summary.with_name(FILES)
    if not listing.is_file():
        raise BadExport(summary, f"no {FILES} beside it", "download the export again")
    for number, line in enumerate(listing.read_bytes().splitlines(), 1):
        if line.strip():
            yield _manifest_file(listing, number, _json(listing, line, number), micros)


def _manifest_file(listing: Path, number: int, entry: dict[str, Any], micros: int) -> DataFile:
    key = str(entry.get("dataFileS3Key", ""))
    path = _local(listing.parent, key)
    if path is None:
        raise BadExport(
            listing, f"data file {key or 'without dataFileS3Key'} is not here",
            "download the export again, with its data folder", number,
        )  # fmt: skip
    return DataFile(path, micros, entry.get("md5Checksum"), entry.get("itemCount"))


def _local(folder: Path, key: str) -> Path | None:
    """A data file's place on disk: its key, less what lies above the folder that was copied.

    Data of an incremental export lies in a folder `data` beside the export's own.
    """
    parts = Path(key).parts
    for start in range(len(parts)):
        for base in (folder, folder.parent):
            candidate = base.joinpath(*parts[start:])
            if candidate.is_file():
                return candidate
    return None


def _micros(summary: Path, moment: Any) -> int:
    if moment is None:
        return 0
    try:
        return round(datetime.fromisoformat(str(moment)).timestamp() * 1_000_000)
    except ValueError as error:
        raise BadExport(summary, f"exportTime {moment} is no time", "download it again") from error


def _json(path: Path, text: bytes, line: int | None = None) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadExport(path, "is no JSON", "download the export again", line) from error
    if not isinstance(value, dict):
        raise BadExport(path, "is no JSON object", "download the export again", line)
    return value


def _check_md5(file: DataFile) -> None:
    if file.md5 is None:
        return
    with file.path.open("rb") as raw:
        found = base64.b64encode(hashlib.file_digest(raw, "md5").digest()).decode()
    if found != file.md5:
        raise BadExport(
            file.path, "differs from the MD5 in its manifest", "download the export again"
        )


@contextmanager
def _open(path: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The file as it lies on disk, to ask how far it was read, and its lines."""
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        yield raw, gzip.GzipFile(fileobj=raw) if is_gzip else raw  # type: ignore[misc]


def _batched(lines: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """Lists of lines, ended by their number or size: an item may have 400 KB."""
    batch: list[tuple[int, bytes]] = []
    size = 0
    for number, line in lines:
        batch.append((number, line))
        size += len(line)
        if len(batch) == BATCH_LINES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _lines(path: Path, stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(number, line) of all lines that are not blank."""
    number = 0
    try:
        for number, line in enumerate(stream, 1):
            if not line.isspace():
                yield number, line
    except EOFError as error:
        raise BadExport(
            path, "the gzip file is cut off", "download it again", number + 1
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BadExport(
            path, "the gzip file is damaged", "download it again", number + 1
        ) from error


def _parse(file: DataFile, table: Table, number: int, line: bytes) -> Change:
    try:
        return parse(line, table, file.full_micros)
    except BadLine as error:
        raise BadExport(file.path, str(error), "correct or remove the line", number) from error

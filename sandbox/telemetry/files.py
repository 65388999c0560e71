"""Exports as folders, as DynamoDB leaves them in S3.

docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.errors import WrongUse
from sandbox.telemetry.exports import Export
from sandbox.telemetry.items import ACCOUNT, REGION
from sandbox.telemetry.runs import micros

BUCKET = "telemetry-exports"
ITEMS_PER_FILE = 20_000


@dataclass(frozen=True)
class _DataFile:
    key: str
    content: bytes
    count: int

    def entry(self) -> dict[str, Any]:
        digest = hashlib.md5(self.content, usedforsecurity=False)
        return {
            "itemCount": self.count,
            "md5Checksum": base64.b64encode(digest.digest()).decode(),
            "etag": digest.hexdigest(),
            "dataFileS3Key": self.key,
        }


def write(exports: tuple[Export, ...], out: Path) -> tuple[Path, ...]:
    """Write each export to `<out>/<name>/<table>/AWSDynamoDB/...`; returns `<out>/<name>/<table>`.

    The same exports give the same bytes. Raises WrongUse when `out` holds something already.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise WrongUse(f"{out} is not an empty directory: name another, or remove it")
    return tuple(_write(export, out / export.name / export.table) for export in exports)


def _write(export: Export, folder: Path) -> Path:
    seconds = micros(export.ends) // 1_000_000
    digest = _digest(f"{export.name}/{export.table}")
    name = f"{seconds * 1000:014}-{digest[:8]}"
    root = folder / "AWSDynamoDB" / name
    data = f"AWSDynamoDB/{name}/data" if export.begins is None else "AWSDynamoDB/data"
    files = list(_data_files(export, data))
    for file in files:
        path = folder / file.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    root.mkdir(parents=True, exist_ok=True)
    _write_checked(root / "manifest-files.json", "".join(_line(file.entry()) for file in files))
    _write_checked(root / "manifest-summary.json", _line(_summary(export, name)))
    return folder


def _data_files(export: Export, data: str) -> Iterator[_DataFile]:
    """Items spread by hash, as over partitions; two files at least."""
    count = max(2, -(-len(export.lines) // ITEMS_PER_FILE))
    parts: list[list[str]] = [[] for _ in range(count)]
    for line in export.lines:
        parts[int(_digest(line)[:8], 16) % count].append(line)
    for at, lines in enumerate(parts):
        content = gzip.compress("".join(f"{line}\n" for line in lines).encode(), 6, mtime=0)
        stem = _digest(f"{export.name}/{export.table}/{at}")[:26]
        yield _DataFile(f"{data}/{stem}.json.gz", content, len(lines))


def _summary(export: Export, name: str) -> dict[str, Any]:
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{export.table}"
    times = (
        {"exportTime": _spell(export.ends)}
        if export.begins is None
        else {"exportFromTime": _spell(export.begins), "exportToTime": _spell(export.ends)}
    )
    return {
        "version": "2020-06-30" if export.begins is None else "2023-08-01",
        "exportArn": f"{table}/export/{name}",
        "startTime": _spell(export.ends),
        "endTime": _spell(export.ends),
        "tableArn": table,
        "tableId": _digest(export.table),
        **times,
        "s3Bucket": BUCKET,
        "s3Prefix": None,
        "s3SseAlgorithm": "AES256",
        "s3SseKmsKeyId": None,
        "manifestFilesS3Key": f"AWSDynamoDB/{name}/manifest-files.json",
        "billedSizeBytes": sum(len(line.encode()) for line in export.lines),
        "itemCount": len(export.lines),
        "outputFormat": "DYNAMODB_JSON",
        **(
            {"outputView": "NEW_AND_OLD_IMAGES", "exportType": "INCREMENTAL_EXPORT"}
            if export.begins
            else {}
        ),
    }


def _write_checked(path: Path, text: str) -> None:
    path.write_text(text)
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    path.with_suffix(".md5").write_text(base64.b64encode(digest).decode())


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


def _spell(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

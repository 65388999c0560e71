"""Export folders and files: found through their manifests, checked against them."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.zero_etl import exports
from sandbox.zero_etl.catalogue import Table
from sandbox.zero_etl.errors import BadExport
from sandbox.zero_etl.exports import DataFile, find_files, read_batches
from tests.sandbox.zero_etl.conftest import write_lines

TABLE = Table("one", (("id", "S"),))
KNOWN = ("one", "two")
EXPORT = "AWSDynamoDB/01711886400000-0a1b2c3d"


def items(count: int) -> list[dict[str, Any]]:
    return [{"Item": {"id": {"S": f"i{at}"}}} for at in range(count)]


def write_export(
    root: Path, data: str, at: str = "2026-03-31T12:00:00.000Z", **summary: Any
) -> Path:
    """An export of three items in the data file of that key; returns the folder of manifests."""
    folder = root / EXPORT
    folder.mkdir(parents=True, exist_ok=True)
    path = root / data
    path.parent.mkdir(parents=True, exist_ok=True)
    write_lines(path, items(3))
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).digest()
    entry = {
        "itemCount": 3,
        "md5Checksum": base64.b64encode(digest).decode(),
        "dataFileS3Key": data,
    }
    (folder / "manifest-files.json").write_text(json.dumps(entry) + "\n")
    facts = {"tableArn": "arn:aws:dynamodb:eu-central-1:0:table/one", "exportTime": at}
    facts |= {"outputFormat": "DYNAMODB_JSON"}
    (folder / "manifest-summary.json").write_text(json.dumps(facts | summary))
    return folder


def read(file: DataFile) -> list[str]:
    batches = read_batches(file, TABLE, lambda size: None)
    return [change.key[0] for batch in batches for change in batch]


def find(*paths: Path) -> tuple[DataFile, ...]:
    return find_files(paths, TABLE, KNOWN)


@pytest.mark.parametrize("below", ["", "AWSDynamoDB", EXPORT])
@pytest.mark.parametrize("data", [f"{EXPORT}/data/a.json.gz", "AWSDynamoDB/data/a.json.gz"])
def test_a_folder_is_read_through_its_manifests(tmp_path: Path, below: str, data: str) -> None:
    write_export(tmp_path, data)
    (file,) = find(tmp_path / below)
    assert (file.path, file.full_micros) == (tmp_path / data, 1774958400000000)
    assert read(file) == ["i0", "i1", "i2"]


def test_the_prefix_of_the_bucket_need_not_be_on_disk(tmp_path: Path) -> None:
    folder = write_export(tmp_path, f"{EXPORT}/data/a.json.gz")
    listing = folder / "manifest-files.json"
    listing.write_text(listing.read_text().replace(EXPORT, f"some/prefix/{EXPORT}"))
    assert [file.path for file in find(tmp_path)] == [tmp_path / f"{EXPORT}/data/a.json.gz"]


def test_the_oldest_export_comes_first(tmp_path: Path) -> None:
    for name, at in (("a", "2026-04-02T00:00:00Z"), ("b", "2026-04-01T00:00:00Z")):
        write_export(tmp_path / name, f"{EXPORT}/data/x.json", at)
    assert [file.path.relative_to(tmp_path).parts[0] for file in find(tmp_path)] == ["b", "a"]


def test_an_export_of_a_table_of_another_name_may_be_loaded(tmp_path: Path) -> None:
    write_export(tmp_path, f"{EXPORT}/data/a.json", tableArn="arn:aws:dynamodb:x:0:table/one-dev")
    assert len(find(tmp_path)) == 1


def test_plain_and_gzip_are_told_by_content_and_blank_lines_skipped(tmp_path: Path) -> None:
    packed = write_lines(tmp_path / "a.gz", items(2)).rename(tmp_path / "a.json")
    plain = write_lines(tmp_path / "b.json", [*items(1), "", *items(2)[1:]])
    empty = write_lines(tmp_path / "c.json.gz", [])
    assert [read(DataFile(path)) for path in (packed, plain, empty)] == [["i0", "i1"]] * 2 + [[]]


def test_batches_are_bounded_by_lines_and_by_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "BATCH_LINES", 3)
    monkeypatch.setattr(exports, "BATCH_BYTES", 1000)
    big = {"Item": {"id": {"S": "big"}, "x": {"S": "x" * 2000}}}
    path = write_lines(tmp_path / "a.json", [*items(4), big, *items(1)])
    batches = read_batches(DataFile(path), TABLE, lambda size: None)
    assert [len(batch) for batch in batches] == [3, 2, 1]


def test_the_progress_is_the_size_of_the_file(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.json.gz", items(5000))
    steps: list[int] = []
    list(read_batches(DataFile(path), TABLE, steps.append))
    assert sum(steps) == path.stat().st_size


def _cut_gzip(root: Path) -> None:
    path = root / EXPORT / "data/a.json.gz"
    write_lines(path, items(5000))
    path.write_bytes(path.read_bytes()[:-2000])
    _forget_checks(root)


def _damaged_gzip(root: Path) -> None:
    path = root / EXPORT / "data/a.json.gz"
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # in the checksum at its end
    path.write_bytes(content)
    _forget_checks(root)


def _forget_checks(root: Path) -> None:
    _edit(root, itemCount=None, md5Checksum=None)


def _edit(root: Path, **entry: Any) -> None:
    listing = root / EXPORT / "manifest-files.json"
    listing.write_text(json.dumps(json.loads(listing.read_text()) | entry))


def _summary(root: Path, **facts: Any) -> None:
    path = root / EXPORT / "manifest-summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


BAD: list[tuple[Callable[[Path], object], str, str]] = [
    (_cut_gzip, "a.json.gz, line", "is cut off"),
    (_damaged_gzip, "a.json.gz, line 4", "is damaged"),
    (lambda root: _edit(root, itemCount=4), "a.json.gz", "holds 3 items, its manifest says 4"),
    (lambda root: _edit(root, md5Checksum="x"), "a.json.gz", "differs from the MD5"),
    (lambda root: _edit(root, dataFileS3Key="gone.gz"), "manifest-files.json, line 1", "gone.gz"),
    (lambda root: (root / EXPORT / "manifest-files.json").unlink(), "summary.json", "beside it"),
    (
        lambda root: (root / EXPORT / "manifest-files.json").write_text("{\n"),
        "manifest-files.json, line 1",
        "is no JSON",
    ),
    (lambda root: _summary(root, tableArn="x:table/two"), "summary.json", "is an export of two"),
    (lambda root: _summary(root, outputFormat="ION"), "summary.json", "format ION is not read"),
    (lambda root: _summary(root, exportTime="noon"), "summary.json", "noon is no time"),
    (
        lambda root: (root / EXPORT / "manifest-summary.json").unlink(),
        "",
        "no manifest-summary.json in or below it",
    ),
]


@pytest.mark.parametrize(("spoil", "where", "words"), BAD)
def test_bad_exports_are_named(
    tmp_path: Path, spoil: Callable[[Path], object], where: str, words: str
) -> None:
    write_export(tmp_path, f"{EXPORT}/data/a.json.gz")
    spoil(tmp_path)
    with pytest.raises(BadExport) as caught:
        [read(file) for file in find(tmp_path)]
    assert str(tmp_path) in str(caught.value)
    assert where in str(caught.value)
    assert words in str(caught.value)


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadExport, match=r"gone: no such file or folder; check the path"):
        find(tmp_path / "gone")


def test_a_bad_line_is_named_by_file_and_number(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.json", [*items(2), "", '{"Item": {}}'])
    with pytest.raises(BadExport, match=r"a\.json, line 4: the item has no key id; "):
        read(DataFile(path))

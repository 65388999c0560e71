"""Datasets as dbt exposures define them: `config.meta.quick`, read from dbt's manifest."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scheduler.errors import WrongUse

IMPORT_MODES = ("SPICE", "DIRECT_QUERY")

_KEYS = frozenset({"dataset_id", "name", "relation", "import_mode", "refresh"})
_REFRESHES = ("FULL",)
_DATASET_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")
# A contract's type, its length left out, and Quick's name for it:
# https://docs.aws.amazon.com/quicksight/latest/APIReference/API_InputColumn.html
_TYPES = {
    "varchar": "STRING",
    "character varying": "STRING",
    "char": "STRING",
    "character": "STRING",
    "bigint": "INTEGER",
    "integer": "INTEGER",
    "int": "INTEGER",
    "smallint": "INTEGER",
    "decimal": "DECIMAL",
    "numeric": "DECIMAL",
    "double precision": "DECIMAL",
    "float": "DECIMAL",
    "real": "DECIMAL",
    "boolean": "BOOLEAN",
    "bool": "BOOLEAN",
    "date": "DATETIME",
    "timestamp": "DATETIME",
    "timestamp without time zone": "DATETIME",
}
_EXACT = frozenset({"decimal", "numeric"})


@dataclass(frozen=True)
class Column:
    """One column: `type` as Quick calls it, `is_exact` for a decimal that is no floating point."""

    name: str
    type: str
    description: str
    is_exact: bool


@dataclass(frozen=True)
class Definition:
    """One dataset over one relation; `dataset_id` is the one in the exposure, with no prefix."""

    dataset_id: str
    name: str
    import_mode: str
    schema: str
    relation: str
    columns: tuple[Column, ...]


def read_manifest(path: Path) -> dict[str, Any]:
    """Read dbt's manifest. Raises WrongUse with the remedy when it cannot be read."""
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongUse(f"cannot read {path}: {error.strerror}; run `dbt parse` first") from error
    except ValueError as error:
        raise WrongUse(f"{path} is no JSON ({error}); run `dbt parse` again") from error
    return manifest


def definitions(manifest: Mapping[str, Any], *, ops_schema: str) -> list[Definition]:
    """The datasets that the manifest's exposures define, by id.

    `ops_schema` is where this environment's procedures are: a manifest that was parsed for another
    target has none there, and would point Quick at that target's marts. Raises WrongUse that names
    the exposure.
    """
    if all(node["schema"] != ops_schema for node in manifest["nodes"].values()):
        raise WrongUse(
            f"the manifest was made for another target: it has nothing in {ops_schema}; "
            "run `dbt parse --target` with this environment's target, then this again"
        )
    found = []
    for exposure in manifest.get("exposures", {}).values():
        quick = exposure.get("config", {}).get("meta", {}).get("quick")
        if quick is not None:
            where = f"exposure {exposure['name']} ({exposure['original_file_path']})"
            found.append(_definition(quick, exposure, manifest, where))
    found.sort(key=lambda definition: definition.dataset_id)
    for first, second in itertools.pairwise(found):
        if first.dataset_id == second.dataset_id:
            raise WrongUse(f"two exposures define the dataset {first.dataset_id}; rename one")
    return found


def _definition(
    quick: Mapping[str, Any],
    exposure: Mapping[str, Any],
    manifest: Mapping[str, Any],
    where: str,
) -> Definition:
    _check(quick, where)
    relation = quick["relation"]
    nodes = {
        manifest["nodes"][unique_id]["name"]: manifest["nodes"][unique_id]
        for unique_id in exposure["depends_on"]["nodes"]
        if unique_id in manifest["nodes"]
    }
    if relation not in nodes:
        raise WrongUse(f"{where}: relation {relation!r} is not among its depends_on; add its ref()")
    node = nodes[relation]
    if not node["columns"]:
        raise WrongUse(f"{where}: {relation} describes no column; give it a contract")
    return Definition(
        quick["dataset_id"],
        quick["name"],
        quick["import_mode"],
        node["schema"],
        node.get("alias") or relation,
        tuple(_column(column, f"{where}: {relation}") for column in node["columns"].values()),
    )


def _check(quick: Mapping[str, Any], where: str) -> None:
    missing = [key for key in ("dataset_id", "name", "relation", "import_mode") if key not in quick]
    if missing:
        raise WrongUse(f"{where}: meta.quick has no {', '.join(missing)}")
    unknown = [key for key in quick if key not in _KEYS]
    if unknown:
        known = ", ".join(sorted(_KEYS))
        raise WrongUse(f"{where}: meta.quick has unknown {', '.join(unknown)}; known are {known}")
    if _DATASET_ID.fullmatch(str(quick["dataset_id"])) is None:
        raise WrongUse(f"{where}: dataset_id {quick['dataset_id']!r}: use lower case, digits and _")
    if quick["import_mode"] not in IMPORT_MODES:
        modes = " or ".join(IMPORT_MODES)
        raise WrongUse(f"{where}: import_mode {quick['import_mode']!r} is not {modes}")
    if quick.get("refresh", "FULL") not in _REFRESHES:
        raise WrongUse(f"{where}: refresh {quick['refresh']!r} is not FULL")


def _column(column: Mapping[str, Any], where: str) -> Column:
    name = column["name"]
    declared = (column.get("data_type") or "").lower()
    base = declared.split("(")[0].strip()
    if not base:
        raise WrongUse(f"{where}.{name} has no data_type; add it to the model's contract")
    if base == "super":
        raise WrongUse(
            f"{where}.{name} is SUPER, which Quick leaves out without a word; "
            "take the values out as columns, or json_serialize() it to varchar"
        )
    if base not in _TYPES:
        raise WrongUse(
            f"{where}.{name} is {declared}, which Quick has no type for; cast it in the model"
        )
    return Column(name, _TYPES[base], column.get("description") or "", base in _EXACT)

"""Rules of the dbt project, read from its manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

Node = dict[str, Any]


def nodes(parsed: dict[str, Any], *kinds: str) -> list[Node]:
    ours = [
        node
        for part in ("nodes", "sources", "exposures", "macros")
        for node in parsed[part].values()
        if node["package_name"] == "pipeline_observability" and node["resource_type"] in kinds
    ]
    assert ours, f"no {kinds} in the manifest"
    return [node for node in ours if not _inner(node)]


def _inner(node: Node) -> bool:
    """A macro of one file or one room, or one that dbt makes of a test or materialization."""
    made = node["name"].startswith(("_", "materialization_", "test_"))
    engine = node["path"].startswith("macros/refresh/engine/")
    return bool(node["resource_type"] == "macro" and (made or engine))


def models(parsed: dict[str, Any], layer: str) -> list[Node]:
    found = [node for node in nodes(parsed, "model") if node["path"].startswith(f"{layer}/")]
    assert found
    return found


def subject(node: Node) -> str:
    return Path(node["path"]).parts[1]


def parents(parsed: dict[str, Any], node: Node) -> Iterator[Node]:
    for name in node["depends_on"]["nodes"]:
        yield parsed["nodes"].get(name) or parsed["sources"][name]


def test_everything_has_a_description(parsed: dict[str, Any]) -> None:
    bare = [
        node["unique_id"]
        for node in nodes(parsed, "model", "seed", "source", "exposure", "macro")
        if not node["description"].strip()
    ]
    assert not bare


def test_every_column_has_a_description_and_a_type(parsed: dict[str, Any]) -> None:
    bare = [
        f"{node['name']}.{column['name']}"
        for node in nodes(parsed, "model", "seed")
        for column in node["columns"].values()
        if not column["description"].strip()
        or (node["resource_type"] == "model" and not column["data_type"])
    ]
    assert not bare


def test_every_macro_argument_has_a_type_and_a_description(parsed: dict[str, Any]) -> None:
    bare = [
        f"{node['name']}({argument['name']})"
        for node in nodes(parsed, "macro")
        for argument in node["arguments"]
        if not argument["type"] or not argument["description"].strip()
    ]
    assert not bare


@pytest.mark.parametrize("layer", ["staging", "marts"])
def test_models_have_a_contract_and_say_their_grain(layer: str, parsed: dict[str, Any]) -> None:
    for node in models(parsed, layer):
        assert node["contract"]["enforced"], node["name"]
        assert node["description"].lstrip().lower().startswith("one row per"), node["name"]


def test_only_staging_reads_sources(parsed: dict[str, Any]) -> None:
    readers = {
        node["path"].split("/")[0]
        for node in nodes(parsed, "model")
        for parent in parents(parsed, node)
        if parent["resource_type"] == "source"
    }
    assert readers <= {"staging"}


def test_marts_read_staging_seeds_and_their_own_subject(parsed: dict[str, Any]) -> None:
    wrong = [
        f"{node['name']} reads {parent['name']}"
        for node in models(parsed, "marts")
        for parent in parents(parsed, node)
        if parent["resource_type"] == "model"
        and parent["path"].startswith("marts/")
        and subject(parent) != subject(node)
    ]
    assert not wrong


def test_names_tell_the_layer(parsed: dict[str, Any]) -> None:
    for node in models(parsed, "staging"):
        assert re.fullmatch(rf"stg_{subject(node)}__[a-z_]+", node["name"])
    for node in models(parsed, "marts"):
        table = node["config"]["materialized"] == "refreshable"
        assert table == bool(re.match(r"(dim|fct|agg)_", node["name"])), node["name"]


def test_every_model_is_tested_for_its_key(parsed: dict[str, Any]) -> None:
    """A refreshable model without a proof of its unique key may hold a row twice unseen."""
    tested = {
        node["attached_node"]
        for node in nodes(parsed, "test")
        if "unique" in (node.get("test_metadata") or {}).get("name", "")
    }
    tables = [node for node in nodes(parsed, "model") if node["config"].get("unique_key")]
    assert tables
    assert not [node["name"] for node in tables if node["unique_id"] not in tested]


def test_exposures_name_a_dataset(parsed: dict[str, Any]) -> None:
    names = {node["name"] for node in nodes(parsed, "model")}
    for exposure in nodes(parsed, "exposure"):
        quick = exposure["config"]["meta"]["quick"]
        assert quick["relation"] in names
        assert quick["import_mode"] in {"SPICE", "DIRECT_QUERY"}


def test_flags_are_known_to_dbt(root: Path) -> None:
    """dbt ignores a flag that it does not know, without a word."""
    from dbt.adapters.redshift import impl
    from dbt.contracts.project import ProjectFlags

    adapter = {
        flag["name"]
        for name, flag in vars(impl).items()
        if name.startswith("REDSHIFT_") and isinstance(flag, dict)
    }
    assert adapter
    known = set(ProjectFlags.__dataclass_fields__) | adapter
    project = yaml.safe_load((root / "dbt_project.yml").read_text())
    assert project["flags"].keys() <= known

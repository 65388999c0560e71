"""Who may import whom. Dependencies point one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PURE = {
    "__future__", "abc", "bisect", "collections", "collections.abc", "contextlib", "dataclasses",
    "enum", "functools", "itertools", "operator", "re", "string", "types", "typing",
}  # fmt: skip
# What any room of the sandbox may use: where it lives, how it is found, fails, waits and ends.
COMMON = {"sandbox.home", "sandbox.errors", "sandbox.deadline", "sandbox.names",
          "sandbox.environment", "sandbox.watch"}  # fmt: skip
# room: what of the project it may import, besides itself
ALLOWED: dict[str, set[str]] = {
    "sandbox.dialect": {"sandbox.gate", "sandbox.names"},
    "sandbox.gate": set(),
    "sandbox.names": set(),
    "sandbox.home": COMMON,
    "sandbox.aws": COMMON,
    "sandbox.zero_etl": COMMON,
    "sandbox.telemetry": COMMON,
    "scheduler": set(),
}
SEES_STATEMENTS = {"sandbox.wire", "sandbox.dialect", "sandbox.gate"}


def imports(path: Path, module: str) -> Iterator[str]:
    """The full names of the modules that a file imports, wherever in it the import stands."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            origin = ".".join([*base, node.module or ""]).strip(".") if node.level else node.module
            assert origin
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def within(module: str, room: str) -> bool:
    return module == room or module.startswith(room + ".")


@pytest.fixture(scope="session")
def graph(root: Path, files: list[Path]) -> dict[str, set[str]]:
    """Module name to the names it imports, for the programs of the project."""
    found = {}
    for name in files:
        if name.suffix == ".py" and name.parts[0] in {"sandbox", "scheduler"}:
            module = ".".join(name.with_suffix("").parts).removesuffix(".__init__")
            found[module] = set(imports(root / name, module))
    return found


@pytest.mark.parametrize("room", ALLOWED)
def test_room_imports_only_what_lies_below_it(room: str, graph: dict[str, set[str]]) -> None:
    members = [module for module in graph if within(module, room)]
    assert members
    allowed = ALLOWED[room] | {room}
    wrong = {
        (module, name)
        for module in members
        for name in graph[module]
        if name.split(".")[0] in {"sandbox", "scheduler", "tests", "bench"}
        and name != "sandbox"
        and not any(within(name, target) for target in allowed)
    }
    assert not wrong


def test_only_the_wire_sees_statements(graph: dict[str, set[str]]) -> None:
    wrong = {
        (module, name)
        for module, names in graph.items()
        for name in names
        if (within(name, "sandbox.dialect") or within(name, "sandbox.gate"))
        and not any(within(module, room) for room in SEES_STATEMENTS)
    }
    assert not wrong


@pytest.mark.parametrize("room", ["sandbox.dialect", "sandbox.gate", "sandbox.names"])
def test_text_to_text_rooms_do_no_io(
    room: str, root: Path, graph: dict[str, set[str]], files: list[Path]
) -> None:
    for module in (module for module in graph if within(module, room)):
        foreign = {
            name
            for name in graph[module]
            if not name.startswith("sandbox")
            and name not in PURE
            and name.rpartition(".")[0] not in PURE
        }
        assert not foreign, f"{module} imports {foreign}"
    for name in files:
        if name.suffix == ".py" and within(".".join(name.with_suffix("").parts), room):
            calls = {
                node.func.id
                for node in ast.walk(ast.parse((root / name).read_text(encoding="utf-8")))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            assert not calls & {"open", "print", "input"}, name

"""A copy of the dbt project whose models a test edits, in an environment of its own."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from tests.refresh.project import ROOT, Project


class EditedProject(Project):
    """A project of whose files each is a copy, or a link where no test edits it."""

    @classmethod
    def beside(cls, project: Project, folder: Path, environment: str) -> Self:
        root = folder / "root"
        root.mkdir(parents=True)
        for name in ("models", "procedures", "seeds"):
            shutil.copytree(ROOT / name, root / name)
        shutil.copy(ROOT / "dbt_project.yml", root)
        for name in ("macros", "tests"):
            (root / name).symlink_to(ROOT / name)
        shutil.copy(project.folder / "profiles.yml", folder)
        return cls(project.warehouse, project.replicas, folder, environment, root)

    def in_environment(self, environment: str) -> Self:
        """The same files, deployed elsewhere."""
        return replace(self, environment=environment)

    def file(self, name: str) -> Path:
        """The one file of the models, procedures or seeds with this name."""
        (found,) = (
            path
            for part in ("models", "procedures", "seeds")
            for path in (self.root / part).rglob(name)
        )
        return found

    def replace(self, file: str, before: str, after: str) -> None:
        """Put one text in the place of another, which stands there."""
        path = self.file(file)
        text = path.read_text()
        assert before in text, f"{file} has no {before}"
        path.write_text(text.replace(before, after))

    def write(self, name: str, text: str) -> None:
        """A new file, by its path in the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def columns(self, table: str, schema: str = "bi_reports") -> dict[str, str]:
        """The type of each column of a relation, as the catalog spells it."""
        return {
            name: kind if size is None else f"{kind}({size})"
            for name, kind, size in self.rows(
                "select column_name, data_type, character_maximum_length"
                " from information_schema.columns"
                f" where table_name = '{table}' and table_schema = '{self.schema(schema)}'"
            )
        }

    def contents(self, table: str, schema: str = "bi_reports") -> list[dict[str, Any]]:
        """Every row of a relation as a mapping, in one order; repeated rows are repeated."""
        names = sorted(self.columns(table, schema))
        rows = self.rows(f"select {', '.join(names)} from {self.schema(schema)}.{table}")
        return [dict(zip(names, row, strict=True)) for row in sorted(rows, key=repr)]

    def retype(self, model: str, column: str, data_type: str) -> None:
        """Give a column of a contract another type."""
        path = self.file(f"{model}.yml")
        text, count = re.subn(
            rf"(- {{?name: {column}\b,?\s+data_type: )[a-z]+(\([0-9, ]+\))?",
            rf"\g<1>{data_type}",
            path.read_text(),
            count=1,
        )
        assert count, f"{model}.yml has no column {column}"
        path.write_text(text)

    def take_out(self, model: str, column: str) -> None:
        """Take a column out of a contract."""
        path = self.file(f"{model}.yml")
        text, count = re.subn(
            rf"^      - {{?name: {column}\b.*\n(?:        .*\n)*",
            "",
            path.read_text(),
            count=1,
            flags=re.MULTILINE,
        )
        assert count, f"{model}.yml has no column {column}"
        path.write_text(text)

    def put_in(self, model: str, column: str, data_type: str, before: str, extra: str = "") -> None:
        """Put a column into a contract, before another."""
        path = self.file(f"{model}.yml")
        line = f"      - {{name: {column}, data_type: {data_type}, description: Made up.{extra}}}\n"
        text, count = re.subn(
            rf"^      - {{?name: {before}\b",
            line.replace("\\", r"\\") + r"\g<0>",
            path.read_text(),
            count=1,
            flags=re.MULTILINE,
        )
        assert count, f"{model}.yml has no column {before}"
        path.write_text(text)

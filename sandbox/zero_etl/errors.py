"""The errors of Zero-ETL.

ZeroEtlError            under SandboxError: what is wrong, where, what to do
|-- CatalogueError      the source yml does not say how to replicate a table
|-- UnknownTable        no source yml knows the DynamoDB table
`-- BadExport           a path, a manifest or a line is not what DynamoDB exports
"""

from pathlib import Path

from sandbox.errors import SandboxError


class ZeroEtlError(SandboxError):
    """A load or a replica that cannot be made."""


class CatalogueError(ZeroEtlError):
    """The source yml does not say how to replicate a table."""


class UnknownTable(ZeroEtlError):
    """No source yml knows the DynamoDB table."""


class BadExport(ZeroEtlError):
    """A path, a manifest or a line (counted from 1) is not what DynamoDB exports."""

    def __init__(self, path: Path, fault: str, remedy: str, line: int | None = None) -> None:
        where = f"{path}, line {line}" if line else str(path)
        super().__init__(f"{where}: {fault}; {remedy}")

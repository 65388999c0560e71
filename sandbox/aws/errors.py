"""The errors of this package; the tree is drawn in the package's docstring."""

from __future__ import annotations

from sandbox.errors import SandboxError

QUERY_CANCELED = "57014"


class SandboxAwsError(SandboxError):
    """Root of this package's errors."""


class ServiceError(SandboxAwsError):
    """An error answer of an AWS protocol.

    `code` is the error's name in the service model, `status` the HTTP status, `members` the further
    fields of its shape (ResourceId, ResourceType, ...).
    """

    def __init__(self, code: str, message: str, status: int = 400, **members: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


class ContractBroken(SandboxAwsError):
    """An answer that botocore's model does not allow: a defect of this package."""


class BadFault(SandboxAwsError):
    """A fault order that cannot be understood."""


class IngestionFailed(SandboxAwsError):
    """An ingestion cannot come to a good end: `type` is its ErrorInfo.Type in the service model."""

    def __init__(self, type_: str, message: str) -> None:
        super().__init__(message)
        self.type = type_


class WarehouseError(SandboxAwsError):
    """The warehouse did not do what it was asked to."""


class SqlFailed(WarehouseError):
    """A statement was answered with an error: `sqlstate` (five characters) and Redshift's words."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate

    @property
    def cancelled(self) -> bool:
        """Whether it ended because it was cancelled."""
        return self.sqlstate == QUERY_CANCELED


class WarehouseLost(WarehouseError):
    """The warehouse could not be reached, or the connection broke before the answer came."""

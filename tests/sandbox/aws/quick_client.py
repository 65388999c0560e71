"""Quick as the tests call it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.deadline import Deadline

ACCOUNT = {"AwsAccountId": "000000000000"}


def until(done: Callable[[], bool]) -> None:
    """Wait for something to become true; fail after 20 seconds."""
    assert Deadline.after(20).wait(done)


@dataclass(frozen=True)
class Quick:
    """A client and the few calls that the tests repeat."""

    client: Any
    host: str
    port: int

    def source(self, password: str = "Sandbox-1", **redshift: Any) -> str:
        """Make a data source and wait until its connection was tried; its id."""
        id_ = f"source-{uuid.uuid4().hex}"
        where = {"Host": self.host, "Port": self.port, "Database": "dev", **redshift}
        self.client.create_data_source(
            DataSourceId=id_,
            Name="Warehouse",
            Type="REDSHIFT",
            DataSourceParameters={"RedshiftParameters": where},
            Credentials={"CredentialPair": {"Username": "quick", "Password": password}},
            **ACCOUNT,
        )
        until(lambda: not self.described(id_)["Status"].endswith("_IN_PROGRESS"))
        return id_

    def described(self, source: str) -> Any:
        return self.client.describe_data_source(DataSourceId=source, **ACCOUNT)["DataSource"]

    def data_set(
        self, table: str, columns: dict[str, str], mode: str = "SPICE", source: str | None = None
    ) -> str:
        """Make a data set over a table and wait for its first ingestion; its id."""
        schema, name = table.split(".")
        id_ = f"set-{uuid.uuid4().hex}"
        relation = {
            "DataSourceArn": self.described(source or self.source())["Arn"],
            "Schema": schema,
            "Name": name,
            "InputColumns": [{"Name": c, "Type": kind} for c, kind in columns.items()],
        }
        made = self.client.create_data_set(
            DataSetId=id_,
            Name="Set",
            ImportMode=mode,
            PhysicalTableMap={"t": {"RelationalTable": relation}},
            **ACCOUNT,
        )
        if mode == "SPICE":
            self.ended(id_, made["IngestionId"])
        return id_

    def ingest(self, data_set: str, id_: str) -> Any:
        """Start an ingestion, wait for its end, describe it."""
        self.client.create_ingestion(DataSetId=data_set, IngestionId=id_, **ACCOUNT)
        return self.ended(data_set, id_)

    def ingestion(self, data_set: str, id_: str) -> Any:
        return self.client.describe_ingestion(DataSetId=data_set, IngestionId=id_, **ACCOUNT)[
            "Ingestion"
        ]

    def ended(self, data_set: str, id_: str) -> Any:
        final = ("COMPLETED", "FAILED", "CANCELLED")
        until(lambda: self.ingestion(data_set, id_)["IngestionStatus"] in final)
        return self.ingestion(data_set, id_)

    def ingestions(self, data_set: str, **more: Any) -> Any:
        return self.client.list_ingestions(DataSetId=data_set, **ACCOUNT, **more)

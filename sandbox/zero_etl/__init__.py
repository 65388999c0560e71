"""Zero-ETL: DynamoDB exports into the read-only replicas that dbt's staging models read."""

SYNCED = "Synced"
# Only a full load leads on from these.
UNSYNCED = ("Failed", "ResyncRequired", "ResyncInitiated")
# docs.aws.amazon.com/redshift/latest/dg/r_SVV_INTEGRATION_TABLE_STATE.html
STATES = (SYNCED, *UNSYNCED, "Deleted", "DroppedSource")

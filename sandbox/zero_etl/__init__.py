"""Zero-ETL: DynamoDB exports into the read-only replicas that dbt's staging models read."""

"""AWS APIs of the stand-in warehouse: `redshift-data` and `quicksight` over HTTP, for boto3.

One process, one port. boto3 reaches it by AWS_ENDPOINT_URL_REDSHIFT_DATA and
AWS_ENDPOINT_URL_QUICKSIGHT; the access key id in the signature decides who calls (`callers`). Every
request and every answer is checked against botocore's own service model (`contract`). SQL runs for
real, as the caller's database user, through the warehouse's own port (`warehouse`). What is known
stands in one SQLite file, so a killed process remembers (`store`).

    SandboxAwsError       (a SandboxError)
    ├── ServiceError      an error answer of an AWS protocol: code, message, HTTP status
    ├── ContractBroken    an answer of ours that breaks botocore's model: HTTP 500 and a log line
    ├── BadFault          a fault order that cannot be understood
    ├── IngestionFailed   an ingestion cannot come to a good end: its ErrorInfo
    └── WarehouseError
        ├── SqlFailed     the warehouse answered a statement with an error: SQLSTATE and words
        └── WarehouseLost no connection, or it broke before the answer
"""

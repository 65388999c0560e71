"""A generator of pipeline telemetry: DynamoDB exports of pipelines that run, fail, retry and err.

A plan is a value; `generate(plan)` gives its exports. Everything is a history of writes:

    plan.py -> courses.py   what happens to each daily run (ordinary, late, failing, malformed ...)
            -> runs.py      the writes that a run makes to DynamoDB
            -> changes.py   the writes that people and clean-ups make afterwards
            -> exports.py   the tables at a moment (full), what changed between two (incremental)
            -> files.py     folders as `ExportTableToPointInTime` leaves them in S3
"""

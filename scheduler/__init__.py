"""Keeps one subject's marts and their SPICE datasets fresh, one slot at a time.

A run is a one-shot process that EventBridge Scheduler, cron or a person starts. It holds no state
of its own: what was done is read from the Redshift Data API's statement list and from Quick's
ingestion list, so a run that died anywhere is finished by the next one.

    slots      what one piece of work is called      (pure)
    plan       what to do about a slot               (pure)
    outcomes   what an answer means                  (pure)
    budget     what to do about one SPICE dataset    (pure)
    settings   flag, environment, schedules.yml, default
    clock      now, sleep, deadlines as values
    aws        clients, and the errors every call shares
    statements, procedures, ingestions   thin clients
    runner     one cycle: the marts
    spice      one cycle: the datasets
    night      the cycles of a night
    status     what runs now, and what ran
    report     what a run did                            (pure)
    quick      datasets in Quick, defined by dbt exposures
    command    what every command has
    cli        the command line
"""

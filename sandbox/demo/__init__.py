"""`make demo`: the main job on one machine, told by the commands that a user would type.

The steps are data. Each is a subprocess of `sandbox`, `dbt` or `scheduler`, in a folder of its own
(`.demo/`), so that the demo proves what a user gets and touches nothing of theirs. It begins from
nothing each time, and stops what it started whatever happens.
"""

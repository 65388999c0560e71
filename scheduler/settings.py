"""Settings: flag, then environment, then schedules.yml, then default."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from scheduler.budget import SPACING
from scheduler.errors import WrongUse
from scheduler.slots import MODES, RETAIN_MODES, parse_duration

# The environment whose schemas, statement names and dataset ids have no prefix.
PRODUCTION = "prod"

# Settings without a default: the key in flags and schedules.yml, the variable.
ENVIRONMENT = ("environment", "REFRESH_ENVIRONMENT")
WORKGROUP = ("workgroup", "REDSHIFT_WORKGROUP")
ACCOUNT_ID = ("account_id", "QUICK_ACCOUNT_ID")
HOST = ("host", "REDSHIFT_HOST")

# Both stand in SQL, in statement names and in ids: no quoting, no slash.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FILE_KEYS = frozenset({"environment", "workgroup", "database", "subjects"})
_SUBJECT_KEYS = frozenset({"every", "mode", "timeout", "ingestion_spacing", "datasets", "nightly"})
# What a night may hold, and the modes that each step stands for.
_NIGHT_STEPS = {"reconcile": ("reconcile",), "retain": RETAIN_MODES}
_NIGHT_KEYS = frozenset({"at", "steps", "timeout"})
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Night:
    """What is done once a night: when after midnight, UTC, which modes, in how much time."""

    at: timedelta
    modes: tuple[str, ...]
    timeout: timedelta


@dataclass(frozen=True)
class Subject:
    """What schedules.yml says about one subject."""

    name: str
    every: timedelta
    mode: str
    timeout: timedelta
    ingestion_spacing: timedelta
    datasets: tuple[str, ...]
    night: Night = Night(timedelta(hours=2), ("reconcile", *RETAIN_MODES), timedelta(hours=2))


@dataclass(frozen=True)
class Schedules:
    """What schedules.yml says."""

    path: Path
    settings: Mapping[str, str]
    subjects: Mapping[str, Subject]

    def subject(self, name: str) -> Subject:
        """The subject of that name. Raises WrongUse when the file has none."""
        if name not in self.subjects:
            known = ", ".join(self.subjects) or "none"
            raise WrongUse(f"no subject {name!r} in {self.path}; it has {known}")
        return self.subjects[name]


@dataclass(frozen=True)
class Settings:
    """One run's settings, each looked up in the order of precedence."""

    flags: Mapping[str, str | None]
    environ: Mapping[str, str]
    schedules: Schedules

    @property
    def environment(self) -> str:
        """The environment, which stands in every name."""
        name = self.required(*ENVIRONMENT)
        if _NAME.fullmatch(name) is None:
            raise WrongUse(
                f"environment {name!r}: use lower-case letters, digits and _, a letter first"
            )
        return name

    @property
    def ops_schema(self) -> str:
        """The schema of the procedures."""
        return self.prefixed("ops")

    def prefixed(self, name: str) -> str:
        """A name that is kept apart from those of other environments."""
        environment = self.environment
        return name if environment == PRODUCTION else f"{environment}_{name}"

    def optional(self, key: str, variable: str) -> str | None:
        """A setting: flag, then environment, then schedules.yml; None when it is nowhere."""
        return self.flags.get(key) or self.environ.get(variable) or self.schedules.settings.get(key)

    def required(self, key: str, variable: str) -> str:
        """A setting that must be somewhere. Raises WrongUse when it is not."""
        value = self.optional(key, variable)
        if value is None:
            raise WrongUse(self._remedy(key, variable))
        return value

    def check(self, *needed: tuple[str, str]) -> None:
        """Raises WrongUse that names all of the needed settings that are nowhere."""
        missing = [self._remedy(*one) for one in needed if self.optional(*one) is None]
        if missing:
            raise WrongUse("; ".join(missing))

    def _remedy(self, key: str, variable: str) -> str:
        flag = f"--{key.replace('_', '-')}, " if key in self.flags else ""
        in_file = f", or {key}: in {self.schedules.path}" if key in _FILE_KEYS else ""
        return f"no {key.replace('_', ' ')}: set {flag}{variable}{in_file}"

    def duration(self, key: str, variable: str, default: timedelta) -> timedelta:
        """A duration: flag, then environment, then `default`, which is schedules.yml's."""
        value = self.flags.get(key) or self.environ.get(variable)
        return default if value is None else parse_duration(value, where=key.replace("_", " "))


def load_schedules(path: Path) -> Schedules:
    """Read and check schedules.yml. Raises WrongUse that names file, place and remedy."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongUse(
            f"cannot read {path}: {error.strerror}; run in the project's folder or set --schedules"
        ) from error
    except yaml.YAMLError as error:
        raise WrongUse(f"{path} is no YAML: {error}") from error
    _check_keys(content, _FILE_KEYS, str(path))
    subjects = content.get("subjects") or {}
    if not isinstance(subjects, Mapping):
        raise WrongUse(f"{path}: subjects: must hold one key per subject")
    return Schedules(
        path,
        {key: str(value) for key, value in content.items() if key != "subjects"},
        {name: _subject(name, entry, f"{path}: {name}") for name, entry in subjects.items()},
    )


def _subject(name: Any, entry: Any, where: str) -> Subject:
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise WrongUse(f"{where}: a subject is lower-case letters, digits and _, a letter first")
    _check_keys(entry, _SUBJECT_KEYS, where)
    if "every" not in entry:
        raise WrongUse(f"{where}: every: is missing; write how often it runs, like 15m")
    every = parse_duration(str(entry["every"]), where=f"{where}: every")
    # Slots are named to the minute.
    if not every or every % timedelta(minutes=1):
        raise WrongUse(f"{where}: every: must be one or more whole minutes, like 15m")
    mode = entry.get("mode", MODES[0])
    if mode not in MODES:
        raise WrongUse(f"{where}: mode: {mode!r} is none of {', '.join(MODES)}")
    timeout = str(entry.get("timeout", "14m"))
    spacing = entry.get("ingestion_spacing")
    return Subject(
        name,
        every,
        mode,
        parse_duration(timeout, where=f"{where}: timeout"),
        SPACING
        if spacing is None
        else parse_duration(str(spacing), where=f"{where}: ingestion_spacing"),
        _datasets(entry.get("datasets", []), where),
        _night(entry.get("nightly", {}), f"{where}: nightly"),
    )


def _night(entry: Any, where: str) -> Night:
    _check_keys(entry, _NIGHT_KEYS, where)
    at = entry.get("at", "02:00")
    # YAML reads an unquoted 12:30 as a number of minutes.
    at = f"{at // 60:02}:{at % 60:02}" if isinstance(at, int) else str(at)
    time = _TIME_OF_DAY.fullmatch(at)
    if time is None:
        raise WrongUse(f"{where}: at: {at!r} is no time of day; write it like 02:00, in UTC")
    steps = entry.get("steps", list(_NIGHT_STEPS))
    if not isinstance(steps, list) or not steps or not set(steps) <= _NIGHT_STEPS.keys():
        raise WrongUse(f"{where}: steps: must be a list of {' and '.join(_NIGHT_STEPS)}")
    return Night(
        timedelta(hours=int(time[1]), minutes=int(time[2])),
        tuple(mode for step in steps for mode in _NIGHT_STEPS[step]),
        parse_duration(str(entry.get("timeout", "2h")), where=f"{where}: timeout"),
    )


def _datasets(entry: Any, where: str) -> tuple[str, ...]:
    if not isinstance(entry, Sequence) or isinstance(entry, str):
        raise WrongUse(f"{where}: datasets: must be a list of dataset ids")
    for name in entry:
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise WrongUse(f"{where}: datasets: {name!r} is no dataset id (lower case, digits, _)")
    return tuple(entry)


def _check_keys(entry: Any, known: frozenset[str], where: str) -> None:
    if not isinstance(entry, Mapping):
        raise WrongUse(f"{where}: must hold keys like {', '.join(sorted(known))}")
    unknown = [str(key) for key in entry if key not in known]
    if unknown:
        raise WrongUse(
            f"{where}: unknown key {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )

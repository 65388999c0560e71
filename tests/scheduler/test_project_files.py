"""schedules.yml against the exposures: a dataset that no run refreshes would grow old unseen."""

from collections import defaultdict
from pathlib import Path

import yaml

from scheduler.settings import load_schedules

ROOT = Path(__file__).resolve().parents[2]


def test_each_subject_refreshes_the_datasets_that_its_exposures_define() -> None:
    defined = defaultdict(set)
    for path in ROOT.glob("models/**/*__exposures.yml"):
        for exposure in yaml.safe_load(path.read_text(encoding="utf-8"))["exposures"]:
            for upstream in exposure["depends_on"]:
                if upstream.startswith("ref('refresh_"):
                    subject = upstream.removeprefix("ref('refresh_").removesuffix("')")
                    defined[subject].add(exposure["config"]["meta"]["quick"]["dataset_id"])
    schedules = load_schedules(ROOT / "schedules.yml")
    assert defined == {name: set(s.datasets) for name, s in schedules.subjects.items()}


def test_the_environment_by_default_is_the_target_by_default() -> None:
    profile = yaml.safe_load((ROOT / "profiles.example.yml").read_text(encoding="utf-8"))
    target = profile["pipeline_observability"]["target"]
    environment = load_schedules(ROOT / "schedules.yml").settings["environment"]
    assert target == f"{{{{ env_var('DBT_TARGET', '{environment}') }}}}"

"""What a measurement was made on. Without it a number means nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path


def describe() -> str:
    """Cores, processor, memory, system and Python in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {_processor()}, {memory:.0f} GB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def most_megabytes(pid: int) -> float:
    """The most memory that a process has held, in MB; on macOS, what it holds now."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    answer = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], check=True, capture_output=True, text=True
    )
    return int(answer.stdout) / 1024


def _processor() -> str:
    """Linux says it in a file, macOS by a command."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except FileNotFoundError:
        name = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(name, check=True, capture_output=True, text=True).stdout.strip()
    return platform.processor() or "unknown processor"

"""How much memory there is, asked before anything large is allocated."""

import math
import os
from pathlib import Path

import torch

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def available(device: torch.device) -> int | None:
    """Bytes that can still be allocated on `device`; None where nobody can say."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    found = [each for each in (_of_machine(), _of_container()) if each is not None]
    return min(found, default=None)


def in_bytes(count: int) -> str:
    """A number of bytes as people say it.

    >>> in_bytes(1_234_567), in_bytes(10**30)
    ('1.2 MB', '1000000000000.0 EB')
    """
    power = min(int(math.log10(max(count, 1))) // 3, len(UNITS) - 1)
    return f"{count / 10 ** (3 * power):.1f} {UNITS[power]}" if power else f"{count} B"


def _of_machine() -> int | None:
    info = Path("/proc/meminfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    if "SC_AVPHYS_PAGES" in getattr(os, "sysconf_names", {}):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _of_container() -> int | None:
    """What a container may still use: hosts of notebooks give each user a share of the machine."""
    limit, used = (Path("/sys/fs/cgroup") / name for name in ("memory.max", "memory.current"))
    try:
        return max(0, int(limit.read_text()) - int(used.read_text()))
    except (OSError, ValueError):  # no such files, or no limit ("max")
        return None

"""Instructions of the processor, from the list that Linux keeps."""

from __future__ import annotations

from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
# x86 writes the first two under `flags`, Arm the third under `Features`.
BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


def has_bfloat16(cpuinfo: Path = CPUINFO) -> bool | None:
    """Return whether the processor multiplies bfloat16 numbers; None where the system does not list its instructions."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    listed = [
        line.partition(":")[2].split()
        for line in lines
        if line.split(":")[0].strip() in ("flags", "Features")
    ]
    return any(BFLOAT16 & set(words) for words in listed) if listed else None

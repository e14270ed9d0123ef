"""Where a number was made: versions, device, threads."""

from __future__ import annotations

import platform
import resource
import sys


def environment(device: str, threads: int) -> dict[str, str]:
    """What travels with every Result; call it where torch is loaded."""
    import numpy
    import torch
    import transformers

    found = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "numpy": numpy.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
        "device": device,
        "threads": str(threads),
    }
    if device == "cuda":
        found["gpu"] = torch.cuda.get_device_name()
    return found


def peak_memory() -> float:
    """Largest resident memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)

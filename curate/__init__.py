"""The whole road: raw files in, a recommended dataset and the reasons out."""

import verifiers
from buckets import RefusedError

__version__ = "0.1.0"

# pip lets another package named `verifiers` overwrite or shadow ours without a word.
if getattr(verifiers, "__project__", None) != "sft-curate":
    raise RefusedError(
        f"found another package named 'verifiers' at {getattr(verifiers, '__file__', 'an unknown place')}: "
        "sft-curate and PyPI's 'verifiers' cannot share an environment. Install sft-curate in its own "
        "virtualenv; hand data to RL stacks as files (curate export)."
    )

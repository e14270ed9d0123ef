"""Accuracy, diversity or entropy over epochs on the same rows: the verdict at each, as if training had ended there.

The same reader and the same rule as `sft_to_rl`; a table of this kind mostly has no outcome after RL, and then no
regret is printed.
"""

from __future__ import annotations

from ablation.replay.sft_to_rl import arguments, replay

HELP = "scores over epochs on the same rows (CSV)"

__all__ = ["HELP", "arguments", "replay"]

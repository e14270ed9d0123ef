"""Run a program nobody trusts, and say whether it passes its tests. See docs/verifiers.md, "execution"."""

from verifiers.sandbox.limits import Checked, Limits, Program
from verifiers.sandbox.worker import Worker

__all__ = ["Checked", "Limits", "Program", "Worker"]

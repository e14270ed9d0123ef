"""Is this record right? Checks that answer PASS, FAIL or ABSTAIN, with evidence."""

__project__ = "sft-curate"  # another package on PyPI is also called `verifiers`; curate checks this first

from verifiers.verdict import Check, Outcome, Verdict, Verifier, abstained, failed, passed

__all__ = ["Check", "Outcome", "Verdict", "Verifier", "abstained", "failed", "passed"]

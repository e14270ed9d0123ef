"""Domain question answering: a question whose answer needs knowledge of one field."""

from __future__ import annotations

from buckets.bucket import Bucket, Signal, matches, occurrences, plain_row, single_turn

QUESTION = (
    r"(?i)\?\s*$|？|吗|什么|如何|怎|"
    r"\A\s*(what|which|who|when|where|why|how|is|are|does|do|did|can|could|should|has|have|will)\b"
)
MEDICINE = (
    r"(?i)\b(symptoms?|diagnos\w+|patients?|diseases?|syndromes?|treatments?|therap(y|ies)|clinical\w*|cancers?|"
    r"tumou?rs?|surg(ery|ical)|chronic|infections?|hospitali[sz]\w+|medications?|cardiovascular|inherited disorder|"
    r"mortality|prognosis|genetic conditions?)\b|[病症炎癌疼药]|治疗|手术|医生|医院|患者"
)
LAW = (
    r"(?i)\b(plaintiffs?|defendants?|statutes?|statutory|tort|liabilit(y|ies) under|jurisdictions?|"
    r"breach of contract|lawsuits?|appellate|precedents?|felony|misdemeanou?r)\b"
)
FINANCE = (
    r"(?i)\b(fiscal year|net income|revenues?|amorti[sz]ation|ebitda|balance sheet|cash flows?|shareholders?|"
    r"equity compensation|depreciation|tax expense|year ended|dividends?|in thousands|in millions)\b"
)
SCIENCE = (
    r"(?i)\b(enzymes?|molecul(e|es|ar)|thermodynamic\w*|quantum|electrons?|isotopes?|chromosomes?|proteins?|"
    r"receptors?|eigenvalues?|polymers?|mitochondri\w+)\b"
)
DENSE = 4
"""Field terms in question and answer together."""
FIELDS = {"medicine": MEDICINE, "law": LAW, "finance": FINANCE, "science": SCIENCE}
asks = matches("last_user", QUESTION) & plain_row & single_turn


def _field(name: str, terms: str) -> tuple[Signal, ...]:
    asked = asks & matches("prompt", terms)
    dense = asks & (occurrences("prompt", terms) + occurrences("answer", terms) >= DENSE)
    return (
        Signal(f"question of {name}", 0.4, asked),
        Signal(f"answer of {name}", 0.55, asked & matches("answer", terms)),
        Signal(f"dense in {name}", 0.7, dense),
    )


DOMAIN_QA = Bucket(
    id="domain_qa",
    title="Domain question answering",
    is_in="Questions of medicine, law, finance or science that a lay person would have to look up, with their answer.",
    is_out="Everyday questions, calculations, and tasks (write, summarise) that only mention a field.",
    signals=tuple(signal for name, terms in FIELDS.items() for signal in _field(name, terms)),
    verifiers=("rules", "chat", "answers"),
    tasks=("domain_qa",),
)

"""Safety refusal: decline what is harmful, and only that."""

from __future__ import annotations

import polars as pl

from buckets.bucket import Bucket, Signal, ascii_edges, matches, plain_row, tool_row

REFUSAL_PATTERN = (
    r"(?i)\b(i['’]?m|i am|we['’]?re) (really |very |so |deeply )?sorry\b[^.!?\n]{0,40}"
    r"\b(can['’]?t|cannot|unable|not able|won['’]?t|not)\b|"
    r"\bi (really )?(can ?not|can['’]t|could ?n['’]t|won['’]t|will not|must (decline|refuse)|have to decline|refuse to)"
    r"\b[^.!?\n]{0,30}\b(help|assist|provid\w*|support\w*|give|answer|fulfil+|comply|do that|engage|condone|write|"
    r"create|generate|share|recommend|encourage|discuss|participate|promote|advise|tell you|offer|respond)\b|"
    r"\b(i['’]?m|i am) (not able|unable|not comfortable|not willing|not going)\b|"
    r"\b(it|that|this) (is|would be|['’]s) (illegal|unethical|immoral|not (ethical|legal|appropriate|acceptable))|"
    r"\bas an ai\b[^.!?\n]{0,60}\b(can ?not|can['’]t|not able|unable|do not|don['’]t)\b|"
    r"\b(not|never) (acceptable|appropriate|ethical|okay|ok|legal)\b|"
    r"\bi (do not|don['’]t|can['’]?t|cannot) (condone|support|encourage|recommend)\b"
)
"""Phrases that decline, English only. Read by the assignment here and by the refusal verifier."""
UNSKILLED = (
    r"(?i)\b(don['’]?t|do not|without) (have|having)\b|\baccess\b|real[- ]time|\bpersonal (experience|opinion|feeling)|"
    r"\b(physical|emotions?|enough (information|context)|more (information|context|details))\b"
)
"""Declining for lack of skill, data or a body: not a matter of safety."""
HARM = (
    r"(?i)\b(kill(ing)?|murder|bombs?|explosives?|weapons?|poison\w*|steal\w*|shoplift\w*|robb(ing|ery|ed)|"
    r"hack(ing|ed)?|malware|ransomware|phishing|launder\w*|fraud\w*|scam\w*|forge[ry]*|counterfeit\w*|blackmail\w*|"
    r"extort\w*|kidnap\w*|tortur\w*|rap(e|ing)|molest\w*|suicide|self[- ]harm|cocaine|heroin|meth(amphetamine)?|"
    r"drugs?|racis[tm]|sexis[tm]|nazis?|genocide|slurs?|terroris[tm]s?|assault\w*|abus(e|ing|ive)|stalk\w*|bully\w*|"
    r"threaten\w*|illegal\w*|violen(t|ce)|shoot(ing)?|stab\w*|burn down|break into|sabotage|offensive|harass\w*|"
    r"hurt (someone|him|her|people)|hate speech|discriminat\w*|manipulat\w*|evade taxes|smuggl\w*|porn\w*|immigrants|"
    r"without (his|her|their) (consent|knowledge)|inferior|fake news|misinformation|conspirac\w*|cheat\w*|"
    r"assassinat\w*|vandali\w*|arson|overdose|bleach)\b"
)
harmful = matches("prompt", HARM)
opening = pl.col("answer").str.slice(0, 300)
refuses = opening.str.contains(ascii_edges(REFUSAL_PATTERN))

SAFETY_REFUSAL = Bucket(
    id="safety_refusal",
    title="Safety refusal",
    is_in="Harmful requests that are declined, and requests that only look harmful and are answered.",
    is_out="Refusals for lack of skill or data (no internet, no picture), and harmful requests that are obeyed.",
    signals=(
        Signal("gold asks for a refusal", 0.97, pl.col("must_refuse") & ~tool_row),
        Signal("harmful request declined", 0.9, harmful & refuses & ~tool_row),
        Signal("declined on principle", 0.7, refuses & ~matches("answer", UNSKILLED) & plain_row),
        Signal("sounds harmful", 0.3, harmful & ~tool_row),
    ),
    verifiers=("rules", "chat", "refusal"),
    tasks=("safety_refusal",),
)

"""Is the answer written in the script of the prompt? Counted letters, no model.

Not covered: languages that share a script (Spanish for English), Japanese without kana, and code-switching below a
third.
"""

from __future__ import annotations

import polars as pl

SCRIPTS = {
    "Latin": r"\p{Latin}",
    "Han": r"[\p{Han}\p{Hiragana}\p{Katakana}]",  # Japanese mixes the three
    "Hangul": r"\p{Hangul}",
    "Cyrillic": r"\p{Cyrillic}",
    "Arabic": r"\p{Arabic}",
    "Devanagari": r"\p{Devanagari}",
    "Greek": r"\p{Greek}",
    "Hebrew": r"\p{Hebrew}",
    "Thai": r"\p{Thai}",
}
MAIN = 0.8
"""Share of the letters that a text's own script has at least."""
ENOUGH = 20
"""Letters; fewer are a name or a formula."""
WIDE = 3
"""Letters that a Han or Hangul sign counts for: it says about as much as a short word."""
NOT_TALK = r"(?s)```.*?(?:```|\z)|`[^`\n]{1,200}`|https?://\S+|\]\([^)\n]*\)"
"""Code and links are in no language."""
LEAST = 12
"""Bytes beyond one a letter that a text mainly in another script than Latin has at least: six signs of three bytes."""
QUOTED = r"\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”|《[^》\n]{1,60}》"
"""What an answer quotes; what a prompt quotes tells the language that is asked about."""
READ_CHARS = 400
LANGUAGE_IS_MEANT = (
    r"(?i)translat|language|transliterat|\b(?:in|into|from|to) (?:english|chinese|mandarin|japanese|korean|russian|"
    r"arabic|hindi|greek|"
    r"hebrew|thai|ukrainian|persian|urdu|cantonese|pinyin|kanji)\b|chinese|japanese|korean|russian|arabic|hindi|翻译|"
    r"翻譯|译|譯|"
    r"英文|英语|英語|中文|汉语|漢語|日语|韩语|俄语|拼音|代码|编程|程序|code|python|перевед|перевод|английск|"
    r"번역|영어|訳|[Aa]nswer in|answer:|output"
)


def other_script(seen: pl.DataFrame) -> pl.DataFrame:
    """id and evidence of the rows whose prompt and answer are each mainly in one script, but not in the same one."""
    wide = (pl.col(name).str.len_bytes() - pl.col(name).str.len_chars() >= LEAST for name in ("answer", "prompt"))
    rows = seen.filter(pl.any_horizontal(wide))
    rows = rows.filter(~pl.col("prompt").str.contains(LANGUAGE_IS_MEANT))
    talk = rows.select(
        "id",
        prompt=pl.col("prompt").str.replace_all(NOT_TALK, " "),
        answer=pl.col("answer").str.replace_all(f"{NOT_TALK}|{QUOTED}", " "),
    )
    parts = {
        "prompt": pl.col("prompt").str.slice(0, READ_CHARS),
        "last": pl.col("prompt").str.slice(-READ_CHARS),  # the question may stand behind a text
        "answer": pl.col("answer").str.slice(0, READ_CHARS),
    }
    counted = talk.select(
        "id",
        *(
            (part.str.count_matches(letters) * (WIDE if script in ("Han", "Hangul") else 1)).alias(f"{name}.{script}")
            for name, part in parts.items()
            for script, letters in SCRIPTS.items()
        ),
    )
    told = counted.select("id", *(_main(name).alias(name) for name in parts))
    return told.filter((pl.col("prompt") != pl.col("answer")) & (pl.col("prompt") == pl.col("last"))).select(
        "id", evidence=pl.format("prompt in {}, answer in {}", "prompt", "answer")
    )


def _main(column: str) -> pl.Expr:
    """The script of nearly all letters, or null."""
    total = pl.sum_horizontal(f"{column}.{script}" for script in SCRIPTS)
    own = (
        pl.when((pl.col(f"{column}.{script}") >= MAIN * total) & (total >= ENOUGH)).then(pl.lit(script))
        for script in SCRIPTS
    )
    return pl.coalesce(*own)

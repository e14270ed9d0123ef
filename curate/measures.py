"""What is measured of a record beyond the estimate: tokens of a real tokenizer, and the language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from buckets import InputError, LanguageBy, Sorted, count_tokens, languages, tokenizer_digest


@dataclass(frozen=True)
class Measures:
    """`tokenizer`: a folder, a file or a name on the hub; None: the estimate of `buckets.measure` stays."""

    tokenizer: str | None = None
    language: LanguageBy | None = "script"

    def __call__(self, out: Sorted) -> Sorted:
        kept = out.kept.with_columns(languages(out.kept, self.language).alias("language"))
        if self.tokenizer is not None:
            kept = count_tokens(kept, self.tokenizer)
        return Sorted(kept, out.dropped, out.seen)

    def fingerprint(self) -> str:
        """What the recipe does not say: the tokenizer's content."""
        return "" if self.tokenizer is None else tokenizer_digest(self.tokenizer)

    def mistakes(self) -> Iterator[str]:
        """Extras that are missing, and a tokenizer on disk that cannot be used."""
        if self.language == "py3langid" and find_spec("py3langid") is None:
            yield "read.language: py3langid needs the extra: pip install 'sft-curate[measures]'"
        if self.tokenizer is not None and find_spec("tokenizers") is None:
            yield "read.tokenizer needs the extra: pip install 'sft-curate[measures]'"
        elif self.tokenizer is not None and Path(self.tokenizer).exists():  # the hub is asked when the run starts
            try:
                tokenizer_digest(self.tokenizer)
            except InputError as error:
                yield str(error)


def placed(tokenizer: str | None, language: LanguageBy | None, base: Path) -> Measures:
    """A tokenizer that is a path is relative to the recipe; any other name is the hub's."""
    if tokenizer is not None and (base / Path(tokenizer).expanduser()).exists():
        tokenizer = str(base / Path(tokenizer).expanduser())
    return Measures(tokenizer, language)

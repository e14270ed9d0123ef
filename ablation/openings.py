"""How an answer opens: its first words with numbers and quoted values masked, named by a short hash.

"There are 12 apples" and "There are 7 apples" open alike. Not covered: endings, and text written without spaces (it is
one word, so only answers that are wholly equal open alike).
"""

from __future__ import annotations

import hashlib
import re

WORDS = 8
"""Words of an opening; a shorter answer opens with all of it."""

_QUOTED = re.compile(r"""(["'`])(?:(?!\1).){1,200}?\1""", re.DOTALL)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


def words_of(text: str) -> list[str]:
    return text.casefold().split()


def opening(text: str) -> str:
    """16 hex digits; answers whose masked first `WORDS` words are equal have the same."""
    head = " ".join(words_of(_NUMBER.sub("0", _QUOTED.sub('""', text[:_ENOUGH])))[:WORDS])
    return hashlib.blake2b(head.encode(errors="surrogatepass"), digest_size=8).hexdigest()


_ENOUGH = 4000
"""Characters that hold the first words of any answer; the rest need not be masked."""

"""Every error this project raises, as one tree, each with the exit code a shell sees.

CurateError
|-- RecipeError       2   the recipe is wrong; carries every mistake at once
|-- InputError        2   a named file cannot be read at all
|-- IncompleteError   3   stopped half way; the same command resumes
|-- RefusedError      4   a guard said no (row law broken, unsafe input, name clash)
`-- RowError          -   one row cannot be read; caught by the reader, becomes a quarantined row
"""

from __future__ import annotations

from collections.abc import Sequence


class CurateError(Exception):
    """Base of all errors meant for a person: the message says what, where and what to do."""

    exit_code = 1


class RecipeError(CurateError):
    """The recipe cannot be used; `mistakes` lists all of them, each with its path."""

    exit_code = 2

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = list(mistakes)
        super().__init__("\n".join(self.mistakes))


class InputError(CurateError):
    """A file or folder named in the recipe cannot be read."""

    exit_code = 2


class IncompleteError(CurateError):
    """The run stopped before its end; nothing is lost and the same command resumes."""

    exit_code = 3


class RefusedError(CurateError):
    """A guard refused to go on: going on would lose rows or run something unsafe."""

    exit_code = 4


class RowError(CurateError):
    """One row cannot become a record.

    `reason` is a short stable slug (it is counted and filtered on); `detail` is for a person.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)

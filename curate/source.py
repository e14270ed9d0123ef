"""What a recipe says of its raw data: the sources, and how their files are laid out."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from buckets import (
    Kind,
    LanguageBy,
    Layout,
    Mapping,
    Named,
    codec_name,
    located,
    passed_over,
)
from curate.stage import Table


class Source(Table):
    """One named set of raw files."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    """Short name; the first part of every record id."""
    files: tuple[str, ...] = Field(min_length=1)
    """Paths, folders or globs, relative to the recipe; members of archives as `x.zip::*.csv`; `hf://owner/name`."""
    format: str = "auto"
    """A format's name, or "auto" to look at the rows."""
    kind: Kind | None = None
    """How the file is laid out (json_array, jsonl, csv, yaml, xml, ...), when looking at its bytes is not enough."""
    member: str | None = None
    """Key of a JSON object or YAML mapping whose list holds the rows; of XML, the element that is one row."""
    members: str | None = None
    """Glob of the members to read of archives that `files` names without one; null: all data files in them."""
    encoding: str | None = None
    """Encoding of text files, such as gb18030 or latin-1; null: UTF-8, or another one where the bytes show it."""
    header: bool | None = None
    """Whether a CSV starts with the names of its columns; null: it does, unless `columns` names them."""
    columns: tuple[str, ...] | None = None
    """Names of the columns of a CSV, in its order."""
    split: str | None = None
    """Split of a Hugging Face data set, on disk or on the hub; null: all of them."""
    config: str | None = None
    """Configuration of a Hugging Face data set, where it has several."""
    revision: str | None = None
    """Branch, tag or commit of a data set on the hub."""
    mapping: Mapping | None = None
    """For rows of no known format: where the turns stand in a row."""
    bucket: str | None = None
    """The capability this source is known to hold; null lets signals decide row by row."""
    licence: str | None = None
    """SPDX identifier or a few words; carried into the dataset card."""

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, value: str | None) -> str | None:
        if value is not None:
            codec_name(value)
        return value

    @property
    def layout(self) -> Layout:
        """What is declared of its files."""
        header = self.header if self.header is not None else self.columns is None
        return Layout(self.kind, self.member, self.encoding, self.columns, header)

    def named(self, base: Path) -> list[Named]:
        """The files that it names. Raises InputError for a pattern that matches none."""
        return located(
            self.files, base, members=self.members, split=self.split, config=self.config, revision=self.revision
        )

    def passed_over(self, base: Path) -> list[str]:
        """The files in its folders that are not read, as people know them."""
        return [shown_as(path, base) for path in passed_over(self.files, base, split=self.split, config=self.config)]


class Read(Table):
    """What to read."""

    sources: tuple[Source, ...] = Field(min_length=1)
    """Raw data, in the order in which it is read and shown. Which of two copies stays is dedup's to say."""
    tokenizer: str | None = None
    """Counts `tokens` and `answer_tokens`: a Hugging Face tokenizer, as a folder with tokenizer.json or a name on the
    hub; null: a fast estimate without one."""
    language: LanguageBy | None = "script"
    """How the language is told: script (fast; und where letters do not decide), py3langid (97 languages), or null."""
    shard_rows: int = Field(20_000, ge=1)
    """Rows in a shard: the unit of parallel work, of memory and of resuming."""

    def passed_over(self, base: Path) -> dict[str, list[str]]:
        """For each source whose folders hold files that are not read, these files."""
        found = {source.name: source.passed_over(base) for source in self.sources}
        return {name: files for name, files in found.items() if files}


def shown_as(path: Path, base: Path) -> str:
    """What a file is called to people: its path from the recipe's folder, where it lies below it."""
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()

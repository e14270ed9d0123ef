"""The tokenizer that will be trained, and a digest of what it depends on.

Does not cover: a name that transformers looks up on a hub or in its cache; its digest is the name alone.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from buckets import digest, digest_file

_FILES = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
    "chat_template.json", "vocab.json", "merges.txt", "vocab.txt", "tokenizer.model", "spiece.model", "config.json",
)  # fmt: skip
"""What AutoTokenizer may read in a folder, besides `additional_chat_templates/`; weights are not among them."""


def load_tokenizer(name: str) -> Any:
    """The tokenizer in a folder or of a name, without remote code. Raises OSError or ValueError with a sentence."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    if not tokenizer.is_fast:
        raise ValueError(f"{name} has no fast tokenizer, so tokens cannot be traced to characters")
    return tokenizer


def tokenizer_digest(name: str, base: Path) -> str:
    """Changes with every file of a tokenizer folder that is read; of a name that is no folder, the name."""
    path = Path(name).expanduser()
    folder = next((place for place in (base / path, path) if place.is_dir()), None)
    if folder is None:
        return name
    paths = [folder / file for file in _FILES if (folder / file).is_file()]
    paths += sorted((folder / "additional_chat_templates").glob("*.jinja"))
    stamps = tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths)
    return _digest_once(folder, tuple(paths), stamps)


@lru_cache(maxsize=8)
def _digest_once(folder: Path, paths: tuple[Path, ...], stamps: tuple[tuple[str, int, int], ...]) -> str:  # noqa: ARG001
    """The stamps are the key: a tokenizer of many megabytes is read once a run."""
    return digest(part for path in paths for part in (path.relative_to(folder).as_posix(), digest_file(path)))

"""A tiny sentence-transformers model made on the spot, and rows whose relations are planted."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from buckets import Draft, Message, frame_of, row_of

LETTERS = [*"abcdefghijklmnopqrstuvwxyz0123456789.,?'+-*"]


def tiny_model(folder: Path, seed: int = 0) -> Path:
    """A BERT of two layers and width 32 with mean pooling, random weights, spelling out letters."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(seed)
    plain = folder / "plain"
    plain.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    (plain / "vocab.txt").write_text("\n".join(vocabulary))
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(plain)
    BertTokenizerFast(str(plain / "vocab.txt")).save_pretrained(plain)
    transformer = Transformer(str(plain), max_seq_length=64)
    model = SentenceTransformer(modules=[transformer, Pooling(32, pooling_mode="mean")], device="cpu")
    model.save(str(folder / "model"))
    return folder / "model"


def rows_of_pairs(pairs: list[tuple[str, str]], source: str = "s", reference: str | None = None) -> pl.DataFrame:
    return frame_of(
        row_of(
            Draft((Message("user", prompt), Message("assistant", answer)), reference=reference),
            source=source,
            path="s.jsonl",
            file="s.jsonl",
            row=row,
            format="prompt_response",
        )
        for row, (prompt, answer) in enumerate(pairs)
    )

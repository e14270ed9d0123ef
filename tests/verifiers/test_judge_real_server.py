"""The judge against `transformers serve` on loopback with a tiny model made on the spot.

The model knows nothing: what is held here is the protocol of a server that is not ours, and that babble is no vote.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

from buckets import Draft, Message, Record
from verifiers import Endpoint, Judge, Outcome, load_rubric

_NEEDED = ("openai", "torch", "transformers", "accelerate", "fastapi", "uvicorn")
_MISSING = [name for name in _NEEDED if find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(_MISSING), reason=f"`transformers serve` needs {', '.join(_MISSING)}")

RUBRIC = load_rubric("answer_quality")


def tiny_judge(folder: Path, says: list[str]) -> Path:
    """A one-layer Llama that says these tokens after any prompt.

    The embedding gives each token a direction of its own, attention and MLP add nothing (weights of zero), and the
    head maps each token to the next one to be said.
    """
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    from transformers.utils import logging

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {token: at for at, token in enumerate(["<|end|>", "<|go|>", *alphabet])}
    raw = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_tokens([AddedToken(piece, special=False, normalized=False) for piece in says])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        eos_token="<|end|>",
        pad_token="<|end|>",
        additional_special_tokens=["<|go|>"],
        chat_template="{% for m in messages %}{{ m.content }}{% endfor %}<|go|>",
    )
    steps = tokenizer.convert_tokens_to_ids(["<|go|>", *says, "<|end|>"])
    size = len(tokenizer)
    config = LlamaConfig(
        vocab_size=size,
        hidden_size=size + size % 2,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
        max_position_embeddings=32_768,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "norm" not in name:
                weights.zero_()
        model.model.embed_tokens.weight.copy_(torch.eye(size, config.hidden_size))
        for here, following in pairwise(steps):
            model.lm_head.weight[following, here] = 100.0
    logging.disable_progress_bar()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@contextmanager
def served(log: Path) -> Iterator[str]:
    """`transformers serve`, which loads the model that a call names."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("transformers")
    found = str(program) if program.exists() else shutil.which("transformers")
    assert found is not None
    command = [found, "serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=env)
        try:
            deadline = time.monotonic() + 150
            while time.monotonic() < deadline and process.poll() is None:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=2).close()
                    break
                except OSError:
                    time.sleep(0.3)
            else:
                pytest.fail(f"transformers serve did not come up: {log.read_text(encoding='utf-8')[-2000:]}")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(timeout=30)


VOTE = ['{"reason":', '"it is déjà vu",', '"score":', "5}"]
NO_VOTE = ['{"reason":', '"it is déjà vu",', '"score":', "9}"]


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_a_real_server(tmp_path: Path) -> None:
    rows = [
        Record(f"r{n}", "s", Draft((Message("user", f"What is {n}?"), Message("assistant", "café")))) for n in range(3)
    ]
    models = {"vote": tiny_judge(tmp_path / "vote", VOTE), "no_vote": tiny_judge(tmp_path / "no_vote", NO_VOTE)}
    found = {}
    with served(tmp_path / "log") as url:
        for name, folder in models.items():
            judge = Judge(RUBRIC, how(url, folder), tmp_path / "book")
            before = judge.ledger.spent()
            found[name] = judge.score(rows, 4)
            asked = judge.questions(rows[0])
            assert not isinstance(asked, str)
            reply = judge.ledger.reply(asked[0].key)
            assert reply is not None, found
            assert reply.text == "".join(VOTE if name == "vote" else NO_VOTE)
            assert reply.output in (4, 5)  # the end of turn may be counted
            prompt = sum(len(message["content"].encode()) for message in asked[0].body["messages"])
            assert reply.input is not None
            assert 0.9 * prompt < reply.input <= prompt + 64  # nearly a token a byte: the worst case is met
            assert 0 < judge.ledger.spent() - before <= 3 * asked[0].worst
        gone = Judge(RUBRIC, how(url, tmp_path / "no such model"), tmp_path / "book").score(rows[:1], 4)
    assert [(each.verdict.outcome, each.score) for each in found["vote"]] == [(Outcome.PASS, 5)] * 3
    assert [each.answers for each in found["no_vote"]] == [("wrong_schema",)] * 3
    assert gone[0].verdict.outcome is Outcome.ABSTAIN
    again = Judge(RUBRIC, how(url, models["vote"]), tmp_path / "book")
    assert again.score(rows, 4) == found["vote"]  # the server is gone: from the book alone


def how(url: str, model: Path) -> Endpoint:
    return Endpoint(
        base_url=url, model=str(model), cap_usd=1, input_usd=1, output_usd=1, max_tokens=60, concurrency=2,
        timeout_s=60, attempts=1,
    )  # fmt: skip

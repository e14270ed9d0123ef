"""A sentence-transformers model by name or folder: found, looked at, named by its bytes, and loaded.

Never pickled weights, never code that comes with a model unless the recipe asks for it. Not covered: whether a model
is any good, and files that change while they are read.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from buckets import InputError, RefusedError, digest, digest_file, read_json

Backend = Literal["torch", "onnx", "openvino"]
Precision = Literal["auto", "float32", "bfloat16"]

EXTRA = "pip install 'sft-curate[semantic]'"

_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")
_WANTED = ["*.safetensors", "*.json", "*.txt", "*.model", "onnx/model.onnx", "openvino/*"]
"""What is downloaded of a model that is named: weights without pickle, configuration, tokenizer."""


@dataclass(frozen=True)
class Trust:
    """What a model may do besides being weights."""

    remote_code: bool = False


def found(name: str, base: Path, trust: Trust = Trust()) -> Path:
    """The folder of a model: `name` relative to `base` if it is one there, else downloaded from the Hugging Face hub.

    Raises InputError when there is none, RefusedError when its weights are pickled or it brings code of its own.
    """
    here = base / Path(name).expanduser()
    folder = here if here.is_dir() else _download(name)
    _check(folder, name, trust)
    return folder


def identity(folder: Path) -> str:
    """32 hex digits over names and bytes of all files that the vectors depend on."""
    suffixes = (".safetensors", ".json", ".txt", ".model", ".onnx", ".xml", ".py")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in suffixes)
    return digest(part for path in files for part in (path.relative_to(folder).as_posix(), digest_file(path)))


def load(folder: Path, backend: str, trust: Trust, precision: str) -> Any:
    """The SentenceTransformer; on a CPU unless torch sees a GPU. InputError names what is missing."""
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise missing(error) from error
    device = None if backend == "torch" else "cpu"
    dtype = torch.bfloat16 if precision == "bfloat16" and backend == "torch" else torch.float32
    with _quiet():
        try:
            model = SentenceTransformer(
                str(folder),
                device=device,
                local_files_only=True,
                trust_remote_code=trust.remote_code,
                model_kwargs={"dtype": dtype, "use_safetensors": True},
            )
        except (OSError, ValueError, RuntimeError, ImportError) as error:
            raise InputError(f"semantic.model: {folder} cannot be loaded ({str(error)[:300]})") from error
    if not getattr(getattr(model, "tokenizer", None), "is_fast", False):
        raise InputError(f"semantic.model: {folder} is no transformer with a fast tokenizer; name another model")
    return model.eval()


def resolved(precision: Precision, backend: Backend) -> Literal["float32", "bfloat16"]:
    """`auto` is bfloat16 where the processor computes in it, and float32 elsewhere; onnx knows float32 only."""
    if precision != "auto":
        if precision == "bfloat16" and backend == "onnx":
            raise InputError("semantic.precision: the onnx backend computes in float32 only; write float32 or auto")
        return precision
    if backend == "onnx":
        return "float32"
    import torch

    if torch.cuda.is_available():
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if native else "float32"


def missing(error: ImportError) -> InputError:
    return InputError(f"stage 'semantic' needs the extra: {EXTRA} (no module {error.name!r})")


def _download(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError
    except ImportError as error:
        raise missing(error) from error
    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED))
    except (OSError, ValueError, HFValidationError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise InputError(
            f"semantic.model: {name!r} is no folder beside the recipe, and no model of that name could be downloaded "
            f"({reason})"
        ) from error


def _check(folder: Path, name: str, trust: Trust) -> None:
    """Weights in safetensors, module types of sentence-transformers alone."""
    if not (folder / "config.json").exists() and not (folder / "modules.json").exists():
        raise InputError(f"semantic.model: {name} is no model folder (neither modules.json nor config.json in it)")
    for place in [folder, *(path for path in folder.iterdir() if path.is_dir())]:
        if any(next(place.glob(pattern), None) for pattern in _PICKLED) and not next(place.glob("*.safetensors"), None):
            raise RefusedError(
                f"semantic.model: {place} holds pickled weights and no .safetensors; unpickling can run any code: "
                "convert it, or choose another model"
            )
    listed = folder / "modules.json"
    kinds = [str(module.get("type", "")) for module in read_json(listed)] if listed.exists() else []
    configs = [read_json(path) for path in (folder / "config.json",) if path.exists()]
    foreign = [kind for kind in kinds if not kind.startswith("sentence_transformers.")]
    foreign += [str(config["auto_map"]) for config in configs if config.get("auto_map")]
    if foreign and not trust.remote_code:
        raise RefusedError(
            f"semantic.model: {name} brings code of its own ({foreign[0][:120]}); read it, then set "
            "semantic.trust_remote_code: true, or choose another model"
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No bars and warnings of the libraries while a model is read."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)

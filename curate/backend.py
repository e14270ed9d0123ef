"""What computes a batch: torch as it is, or the transformer compiled for onnxruntime or OpenVINO on the spot.

Only the transformer is compiled; pooling and what follows are the model's own modules. No exporter package is needed
besides the runtime (and `onnx` for onnxruntime). On a CPU every core computes its own batches, each on one thread: no
waiting at barriers, and the bits do not depend on the number of cores.
"""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from buckets import InputError, cores

I64 = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]


class Runner(Protocol):
    """ids and mask (rows, tokens) to sentence vectors (rows, width), not yet of length one."""

    threads: int

    def ready(self) -> contextlib.AbstractContextManager[None]: ...

    def enter(self) -> None: ...

    def __call__(self, ids: I64, mask: I64) -> F32: ...


def runner(model: Any, backend: str, precision: str) -> Runner:
    """`model` is a SentenceTransformer in evaluation mode."""
    if backend == "openvino":
        return Compiled(model, _openvino(model, precision))
    if backend == "onnx":
        return Compiled(model, _onnx(model))
    return Torch(model)


class Torch:
    """The model as torch runs it; on a GPU one thread feeds it."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.threads = cores() if model.device.type == "cpu" else 1

    @contextlib.contextmanager
    def ready(self) -> Iterator[None]:
        before = torch.get_num_threads()
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def enter(self) -> None:
        torch.set_num_threads(1)

    def __call__(self, ids: I64, mask: I64) -> F32:
        device = self._model.device
        features = {"input_ids": torch.from_numpy(ids).to(device), "attention_mask": torch.from_numpy(mask).to(device)}
        with torch.inference_mode():
            out: F32 = self._model(features)["sentence_embedding"].float().cpu().numpy()
        return out


class Compiled(Torch):
    """A compiled transformer with the model's own pooling after it."""

    def __init__(self, model: Any, hidden: Any) -> None:
        super().__init__(model)
        self._hidden = hidden
        self._after = list(model)[1:]

    def __call__(self, ids: I64, mask: I64) -> F32:
        features = {
            "token_embeddings": torch.from_numpy(self._hidden(ids, mask)),
            "attention_mask": torch.from_numpy(mask),
            "input_ids": torch.from_numpy(ids),
        }
        with torch.inference_mode():
            for module in self._after:
                features = module(features)
            out: F32 = features["sentence_embedding"].float().numpy()
        return out


class _Hidden(torch.nn.Module):
    """The last hidden state of a transformer as a function of ids and mask alone."""

    def __init__(self, transformer: Any) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return out


def _example() -> tuple[torch.Tensor, torch.Tensor]:
    """Two rows of eight tokens, the second one padded: the mask must not be traced away."""
    mask = torch.ones(2, 8, dtype=torch.long)
    mask[1, 5:] = 0
    return torch.ones(2, 8, dtype=torch.long), mask


def _transformer(model: Any) -> _Hidden:
    inner = getattr(model[0], "model", None)
    if inner is None:
        raise InputError("semantic.backend: the first module of this model is no transformer; use backend: torch")
    return _Hidden(inner).eval()


class _OpenVINO:
    """A compiled model with one request for each thread."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._own = threading.local()

    def __call__(self, ids: I64, mask: I64) -> F32:
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        out = self._own.request.infer([ids, mask])
        return np.array(next(iter(out.values())), dtype=np.float32)


def _openvino(model: Any, precision: str) -> _OpenVINO:
    try:
        import openvino
    except ImportError as error:
        raise InputError("semantic.backend: openvino needs the extra: pip install 'sft-curate[openvino]'") from error
    with _silent():
        graph = openvino.convert_model(_transformer(model), example_input=_example())
    settings = {
        "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
        "NUM_STREAMS": str(cores()),
        "INFERENCE_NUM_THREADS": cores(),
    }
    return _OpenVINO(openvino.Core().compile_model(graph, "CPU", settings))


def _onnx(model: Any) -> Any:
    try:
        import onnxruntime

        with _silent():
            data: Any = io.BytesIO()  # the exporter's types know paths only
            axes = {0: "row", 1: "token"}
            torch.onnx.export(
                _transformer(model),
                _example(),
                data,
                dynamo=False,
                opset_version=17,
                input_names=["input_ids", "attention_mask"],
                output_names=["hidden"],
                dynamic_axes={"input_ids": axes, "attention_mask": axes, "hidden": axes},
            )
    except (ImportError, torch.onnx.OnnxExporterError) as error:
        if isinstance(error, ImportError) or "not installed" in str(error):
            raise InputError("semantic.backend: onnx needs the extra: pip install 'sft-curate[onnx]'") from error
        raise InputError(f"semantic.backend: this model cannot be exported to onnx ({str(error)[:200]})") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data.getvalue(), options, providers=["CPUExecutionProvider"])

    def hidden(ids: I64, mask: I64) -> F32:
        out: F32 = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return out

    return hidden


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield

"""The template families of the comparison with TRL: its templates, and the control tokens they do not spell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """`stock` and `training` are names of TRL's template files."""

    stock: str
    bos: str | None
    eos: str
    extra: tuple[str, ...] = ()
    marked: bool = False
    """The stock template has the marks itself: TRL trains with it as it is."""

    @property
    def training(self) -> str:
        return self.stock if self.marked else f"{self.stock}_training"


FAMILIES = {
    "Qwen2.5": Family("qwen2_5", None, "<|im_end|>"),
    "Qwen3": Family("qwen3", None, "<|im_end|>"),
    "Qwen3-Instruct-2507": Family("qwen3_instruct_2507", None, "<|im_end|>"),
    "Qwen3.5": Family("qwen3_5_think", None, "<|im_end|>"),
    "Qwen3-VL": Family("qwen3_vl", None, "<|im_end|>"),
    "Llama-3": Family("llama3", "<|begin_of_text|>", "<|eot_id|>"),
    "Gemma": Family("gemma", "<bos>", "<eos>"),
    "Gemma-3": Family("gemma3", "<bos>", "<eos>"),
    "Phi-3": Family("phi3", "<s>", "<|endoftext|>"),
    "Phi-3.5": Family("phi3_5", "<s>", "<|endoftext|>"),
    "GLM-4-MoE": Family("glm4moe", None, "<|endoftext|>", ("[gMASK]", "<sop>")),
    "gpt-oss": Family("gptoss", "<|startoftext|>", "<|return|>", ("<|channel|>", "<|constrain|>")),
    "DeepSeek-V3": Family("deepseekv3", "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
    "DeepSeek-R1-Distill": Family("deepseek_r1_distill", "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
    "Cohere": Family("cohere", "<BOS_TOKEN>", "<|END_OF_TURN_TOKEN|>"),
    "Cohere2": Family("cohere2", "<BOS_TOKEN>", "<|END_OF_TURN_TOKEN|>"),
    "LFM2": Family("lfm2_v2", "<|startoftext|>", "<|im_end|>"),
    "LFM2.5": Family("lfm2_2_5", "<|startoftext|>", "<|im_end|>", marked=True),
    "Nemotron-3-Nano": Family("nemotron_3_nano", None, "<|im_end|>"),
    "Muse-Glimmer": Family("muse_glimmer", "<|begin_of_text|>", "<|eot|>"),
    "Mistral (Llava-Next)": Family("llava_next", "<s>", "</s>"),
    "SmolVLM": Family("smolvlm", None, "<end_of_utterance>"),
}

"""Twelve small chat templates of our own, in the styles of well-known families; none of them rewrites history."""

from __future__ import annotations

_CALLS = (
    "{% for c in m.tool_calls or [] %}<tool_call>{{ {'name': c.function.name, 'arguments': c.function.arguments} "
    "| tojson }}</tool_call>{% endfor %}"
)
_THINK = "{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}"
_TOOLS = "{% if tools %}{{ OPEN }}{{ tools | tojson }}{{ CLOSE }}{% endif %}"


def _talk(header: str, end: str, *, prompt: str, front: str = "", tools: tuple[str, str] = ("", "")) -> str:
    listed = _TOOLS.replace("{{ OPEN }}", tools[0]).replace("{{ CLOSE }}", tools[1]) if tools[0] else ""
    body = f"{header}{_THINK}{{{{ m.content }}}}{_CALLS}{end}"
    loop = f"{{% for m in messages %}}{body}{{% endfor %}}"
    return f"{front}{listed}{loop}{{% if add_generation_prompt %}}{prompt}{{% endif %}}"


_GEMMA_ROLE = "{{ 'model' if m.role == 'assistant' else m.role }}"

CLEAN: dict[str, str] = {
    "chatml": _talk("<|im_start|>{{ m.role }}\n", "<|im_end|>\n", prompt="<|im_start|>assistant\n"),
    "chatml with tools": _talk(
        "<|im_start|>{{ m.role }}\n",
        "<|im_end|>\n",
        prompt="<|im_start|>assistant\n",
        tools=("<|im_start|>tools\n", "<|im_end|>\n"),
    ),
    "llama": _talk(
        "<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n",
        "<|eot_id|>",
        prompt="<|start_header_id|>assistant<|end_header_id|>\n\n",
        front="{{ bos_token }}",
    ),
    "gemma": _talk(
        f"<start_of_turn>{_GEMMA_ROLE}\n",
        "<end_of_turn>\n",
        prompt="<start_of_turn>model\n",
        front="{{ bos_token }}",
    ),
    "phi": _talk("<|{{ m.role }}|>\n", "<|end|>\n", prompt="<|assistant|>\n"),
    "phi with an end of text": _talk("<|{{ m.role }}|>\n", "<|end|>\n", prompt="<|assistant|>\n").replace(
        "{% if add_generation_prompt %}", "{% if not add_generation_prompt %}{{ eos_token }}{% else %}"
    ),
    "mistral": "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}"
    + _THINK
    + " {{ m.content }}"
    + _CALLS
    + "{{ eos_token }}{% else %}[INST] {{ m.content }}[/INST]{% endif %}{% endfor %}",
    "harmony": "{% for m in messages %}{% if m.role == 'assistant' %}"
    "{% if m.reasoning_content %}<|start|>assistant<|channel|>analysis<|message|>{{ m.reasoning_content }}<|end|>"
    "{% endif %}"
    "<|start|>assistant<|channel|>final<|message|>{{ m.content }}"
    + _CALLS
    + "<|return|>{% else %}<|start|>{{ m.role }}<|message|>{{ m.content }}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}",
    "deepseek": "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}<｜Assistant｜>"
    + _THINK
    + "{{ m.content }}"
    + _CALLS
    + "{{ eos_token }}{% else %}<｜User｜>{{ m.content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<｜Assistant｜>{% endif %}",
    "glm": _talk("[gMASK]<|{{ m.role }}|>\n", "<|endoftext|>", prompt="[gMASK]<|assistant|>\n"),
    "command": _talk(
        "<|START_OF_TURN_TOKEN|><|{{ m.role | upper }}_TOKEN|>",
        "<|END_OF_TURN_TOKEN|>",
        prompt="<|START_OF_TURN_TOKEN|><|ASSISTANT_TOKEN|>",
        front="{{ bos_token }}",
    ),
    "trimmed": _talk("<|im_start|>{{ m.role }}\n", "<|im_end|>\n", prompt="<|im_start|>assistant\n").replace(
        "{{ m.content }}", "{{ m.content | trim }}"
    ),
}

# Earlier reasoning is dropped, and the last turn has an empty block where it has none: the style of Qwen3.
REWRITES = (
    "{% set ns = namespace(last=-1) %}{% for m in messages %}{% if m.role == 'user' %}{% set ns.last = loop.index0 %}"
    "{% endif %}{% endfor %}{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.role == 'assistant' and loop.index0 > ns.last %}<think>\n{{ m.reasoning_content or '' }}\n</think>\n\n"
    "{% endif %}{{ m.content }}" + _CALLS + "<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# The marks take the header in, as some training templates do.
HEADER_IN_MARKS = (
    "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}<|im_start|>assistant\n{{ m.content }}"
    "<|im_end|>{% endgeneration %}\n{% else %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ENDLESS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
GLUED = (
    "{% for m in messages %}<|im_start|>{{ m.role }}: th{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant: th{% endif %}"
)

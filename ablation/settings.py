"""The `ablation` table of a recipe: which model, which arms, how each one is trained and sampled."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from ablation.mask_policy import MaskPolicy


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class TinyModel(_Table):
    """A small Llama-family model trained on the spot, when no model is at hand: minutes on two cores."""

    hidden: int = Field(96, ge=8)
    """Width, in features; a multiple of `heads`."""
    layers: int = Field(2, ge=1)
    heads: int = Field(4, ge=1)
    vocab: int = Field(512, ge=300)
    """Tokens of the byte-level BPE tokenizer, digits split one by one."""
    context: int = Field(256, ge=32)
    """Longest sequence in tokens; longer rows are left out and counted, never cut."""
    corpus: tuple[str, ...] = ()
    """Globs of conversations in any known format, for the base."""
    base_tokens: int = Field(400_000, ge=1)
    """Tokens (all turns) of the conversations that make the base; its loss is on the assistant turns."""
    learning_rate: float = Field(3e-3, gt=0)
    """Peak AdamW step size for the base."""

    @model_validator(mode="after")
    def _head_width_is_even(self) -> TinyModel:
        if self.hidden % (2 * self.heads):
            raise ValueError(f"hidden ({self.hidden}) must be a multiple of 2 x heads ({self.heads})")
        return self


class SavedModel(_Table):
    """A Hugging Face model folder: config.json, tokenizer with a chat template, safetensors."""

    path: str


def _kind(value: Any) -> str:
    has_path = "path" in value if isinstance(value, dict) else isinstance(value, SavedModel)
    return "saved" if has_path else "tiny"


class TrainSettings(_Table):
    """How every arm is trained; the same for all arms."""

    learning_rate: float = Field(3e-3, gt=0)
    """Peak AdamW step size; 3e-3 suits the tiny model, 1e-5 a model of billions."""
    batch_tokens: int = Field(512, ge=1)
    """Tokens of all turns in one optimizer step; 512 suits the tiny model, 30,000 and more a large one."""
    micro_tokens: int = Field(8192, ge=1)
    """Largest padded area (rows x longest row) in one forward pass: bounds memory, not the result."""
    warmup_fraction: float = Field(0.05, ge=0, lt=1)
    """Share of the steps in linear warm-up."""
    decay_fraction: float = Field(0.3, ge=0, le=1)
    """Share of the steps in the final linear decay to zero; the rest is constant (warmup-stable-decay)."""
    weight_decay: float = Field(0.01, ge=0)
    """AdamW decay on matrices; norms and biases have none."""


class SampleSettings(_Table):
    """How every arm answers the eval prompts."""

    k: int = Field(4, ge=1)
    """Samples per prompt."""
    temperature: float = Field(1.0, ge=0)
    """Sampling temperature; 0 is greedy. Use the one RL would use: entropy is read at it."""
    max_new_tokens: int = Field(48, ge=1)
    """Longest answer in tokens; a sample that reaches it counts as not terminated."""
    batch: int = Field(256, ge=1)
    """Sequences sampled together."""


Rows = Annotated[int, Field(ge=1)]
Passes = Annotated[float, Field(gt=0)]


class AblationSettings(_Table):
    """Train the same base on the full mixture, on fractions of it and without each bucket; score every arm."""

    model: Annotated[Annotated[TinyModel, Tag("tiny")] | Annotated[SavedModel, Tag("saved")], Discriminator(_kind)] = (
        TinyModel()
    )
    """A tiny model's sizes, or {path: folder}."""
    items: tuple[str, ...] = ()
    """Globs of eval items in JSON Lines."""
    holdout: float = Field(0.0, ge=0, lt=1)
    """Fraction of each bucket's talks (by a hash of their first user turn) held out of training and scored by NLL."""
    holdout_max: int = Field(200, ge=1)
    """At most this many held-out items per bucket."""
    metric: Literal["pass@1", "nll"] = "pass@1"
    """What gains are read on: share of samples the verifier passes, or NLL per reference token."""
    doses: tuple[float, ...] = (0.125, 0.25, 0.5, 1.0)
    """Fractions of every bucket's unique rows; 1 is always added and called "full"."""
    leave_one_out: bool = True
    """One arm per bucket that trains on all the others."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Each arm runs once per seed; the seed drives the draw of rows, their order and the sampling."""
    rows_per_bucket: Rows | dict[str, Rows] | None = None
    """At most this many unique rows of each bucket at dose 1, one number or {bucket: number}; none: all."""
    tokens_per_bucket: int | None = Field(None, ge=1)
    """At most about this many unique trained (assistant) tokens of each bucket at dose 1; none: all."""
    epochs: Passes | dict[str, Passes] = 2.0
    """Passes over each bucket's unique rows at dose 1; {default: 2, domain_qa: 8} sets single buckets apart."""
    control: Literal["fixed_tokens", "fixed_epochs"] = "fixed_tokens"
    """fixed_tokens: a smaller dose repeats its rows until it has trained as many tokens as dose 1, so a
    gain is due to the data and not to more steps. fixed_epochs: a smaller dose trains fewer tokens."""
    train: TrainSettings = TrainSettings()
    mask: MaskPolicy = MaskPolicy()
    """What is in the loss of every arm, and how rows longer than the context are cut."""
    masks: dict[str, MaskPolicy] = Field(default_factory=dict)
    """One arm `mask:<name>` each: the rows, repeats and order of "full" under this policy instead of `mask`. A row that
    has nothing to train under it is left out of that arm."""
    sample: SampleSettings = SampleSettings()
    sandbox: Literal["off", "auto", "namespaces", "bubblewrap"] = "off"
    """Where sampled programs, queries and tool calls are run to be graded, as in `check.execution.sandbox`. What cannot
    be run is no zero: such samples are taken out of `samples` and counted in `abstained`."""
    files: str | None = None
    """Folder of the databases and modules that the tests of eval items name."""
    loo_splits: tuple[Literal["dev", "ood", "hard"], ...] = ("dev",)
    """Splits that leave-one-out arms are scored on; every other arm is scored on all."""
    min_rows: int = Field(20, ge=1)
    """Buckets with fewer usable rows are trained on but not left out."""
    rules: tuple[str, ...] = ()
    """Filter rules, or stages for all of their rules (check, dedup, semantic, balance), whose worth is measured with
    `rule_arms`; needs the rows that they dropped."""
    rule_arms: tuple[Literal["random", "unfiltered", "only"], ...] = ("random", "unfiltered", "only")
    """random: as many tokens taken out at random instead of by the rule, the control that decides; unfiltered: the
    rule's dropped rows put back; only: the dropped rows alone. All train as many tokens as "full"."""
    random_mixtures: int = Field(0, ge=0)
    """Arms that share the tokens of "full" out anew, drawn from a flat Dirichlet: for a response surface."""
    add_one: bool = False
    """One arm per bucket that trains on its rows alone, as many tokens of it as in "full"."""
    workers: int | None = Field(None, ge=1)
    """Trials at once; none: one per core."""
    timeout_minutes: float = Field(60.0, gt=0)
    """A trial that runs longer is stopped and recorded as timed out."""

    def rows_cap(self, bucket: str) -> int | None:
        """Most unique rows of one bucket; None for no cap."""
        cap = self.rows_per_bucket
        return cap.get(bucket, cap.get("default")) if isinstance(cap, dict) else cap

    def passes(self, bucket: str) -> float:
        """Passes over one bucket's rows at dose 1."""
        if isinstance(self.epochs, dict):
            return self.epochs.get(bucket, self.epochs.get("default", 2.0))
        return self.epochs

    @model_validator(mode="after")
    def _sane(self) -> AblationSettings:
        wrong = [dose for dose in self.doses if not 0 < dose <= 1]
        if wrong:
            raise ValueError(f"doses must lie in (0, 1], not {wrong}")
        if not self.seeds or len(set(self.seeds)) != len(self.seeds) or min(self.seeds) < 0:
            raise ValueError(f"seeds must be distinct, not negative, and at least one, not {list(self.seeds)}")
        return self

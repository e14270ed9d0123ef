"""What the README of the public test data knows of the sets, as facts about what was read.

Not covered: facts about the world outside the files, and those that the verifiers have to find.
"""

from __future__ import annotations

from benchmarks.read_facts import (
    Across,
    Fact,
    agreeing,
    answers,
    asked_too,
    calculations,
    calls,
    distinct,
    documents,
    empty_answers,
    empty_turns,
    firsts,
    graded,
    having,
    in_order,
    items,
    items_in,
    items_with,
    matching,
    no_tools,
    not_alternating,
    other_gold,
    records,
    repeats,
    right_pairs,
    same,
    silent_calls,
    strange_labels,
    suffixed,
    system_prompts,
    tasks,
    tool_turns,
    total_turns,
    valued,
    with_meta,
)

_SLOT = r"\{\{(name|author)\}\}"
_BIG = "the others are in rows with integers beyond 64 bits, quarantined"
_EXTRA = Fact("rows with an extra key, kept in meta", 1, with_meta("example_input"))

FACTS: dict[str, tuple[Fact, ...]] = {
    "stanford_alpaca/alpaca_data.json.gz": (
        Fact("empty outputs", 28, empty_answers),
        Fact("rows that repeat another row's output", 1160, repeats(answers)),
    ),
    "stanford_alpaca/seed_tasks.jsonl": (Fact("seed tasks", 175, documents),),
    "dsl_debug_parquet/sft_train.parquet": (
        Fact("messages", 16994, total_turns),
        Fact("system prompts", 1, system_prompts),
    ),
    **{
        f"gpteacher/toolformer-{name}-dataset.json.gz": (_EXTRA,)
        for name in ("similarity-0.9", "similarity-0.8", "similarity-0.7", "similarity-0.6")
    },
    "gpteacher/toolformer-dedupe-only-dataset.json.gz": (_EXTRA, Fact("repeated responses", 563, repeats(answers))),
    "gsm8k/train.jsonl.gz": (
        Fact("calculator annotations, all taken out", 23716, calculations),
        Fact("answers that still hold one", 0, matching("<<|>>")),
        Fact(
            "answers that had none", 95, lambda read: records(read) - with_meta("calculator_annotations_removed")(read)
        ),
        Fact("answers with a gold number", 7473, having("reference")),
    ),
    "gsm8k/test.jsonl.gz": (Fact("items with an answer", 1319, items_with("answer")),),
    "hh_rlhf/harmless-base_test.jsonl.gz": (
        Fact("empty chosen answers", 4, empty_answers),
        Fact("rows that do not alternate", 8, not_alternating),
        Fact("distinct first turns", 2178, distinct(firsts)),
        Fact("pairs, the other side in meta", 2312, with_meta("rejected")),
    ),
    "humaneval/HumanEval.jsonl.gz": (
        Fact("items with a solution", 164, items_with("code")),
        Fact("records with tests", 164, having("tests")),
    ),
    "mbpp/mbpp.jsonl": (
        Fact("items with a solution", 974, items_with("code")),
        Fact("records with tests", 974, having("tests")),
    ),
    "evalplus/MbppPlus.jsonl.gz": (Fact("items with a solution", 420, items_with("code")),),
    "cruxeval/cruxeval.jsonl": (Fact("items", 800, items),),
    "ifeval/input_data.jsonl": (Fact("items", 541, items),),
    "arena_hard/question.jsonl": (Fact("items", 500, items),),
    "bbh/bbh.tar.gz": (
        Fact("examples", 6511, items),
        Fact("tasks", 27, lambda read: len({one.id.rpartition("/")[0] for one in read.problems})),
        Fact("items with an answer", 6511, items_with("answer")),
    ),
    "bfcl_v4/BFCL_v4_*.json": (
        Fact("items of irrelevance, which have no answer", 240, items_in("irrelevance")),
        Fact("items whose calls are known", 1258, items_with("calls")),
    ),
    "mmlu/mmlu.zip": (
        Fact("dev", 285, items_in("_dev/")),
        Fact("val", 1531, items_in("_val/")),
        Fact("test", 14042, items_in("_test/")),
        Fact("items with options", 15858, items_with("options")),
    ),
    "mtbench/question.jsonl": (Fact("items with a reference answer", 30, items_with("answer")),),
    "mtbench/dummy_conversation.json": (Fact("distinct first turns", 52, distinct(firsts)),),
    "xstest/xstest_prompts.csv": (Fact("prompts", 450, items),),
    "xstest/evaluation.tar.gz": (
        Fact("GPT-4 labels of gpt4 that people share", 421, agreeing("completions_gpt4_gpteval", "gpt4_label")),
        Fact(
            "string-match labels of gpt4 that people share", 416, agreeing("completions_gpt4_streval", "strmatch_label")
        ),
        Fact("labels outside the set", 11, strange_labels),
    ),
    "json_schema_test_suite/json_schema_test_suite.tar.gz": (
        Fact("draft2020-12, valid", 1228, graded("draft2020-12", "true"), 1223, _BIG),
        Fact("draft2020-12, not valid", 997, graded("draft2020-12", "false"), 996, _BIG),
    ),
    "llamafactory_demo/identity.json": (Fact("answers with unfilled slots", 85, matching(_SLOT)),),
    "llamafactory_demo/v1_sft_demo.jsonl": (Fact("answers with unfilled slots", 50, matching(_SLOT)),),
    "llamafactory_demo/glaive_toolcall_en_demo.json": (
        Fact("rows without tools", 109, no_tools),
        Fact("tool calls that parse", 211, calls),
    ),
    "llamafactory_demo/glaive_toolcall_zh_demo.json": (
        Fact("rows without tools", 100, no_tools),
        Fact("tool calls that parse", 216, calls),
        Fact("more observations than calls", 2, lambda read: tool_turns(read) - calls(read)),
    ),
    "longalign/few_shots.json": (
        Fact("groups", 50, documents),
        Fact("scored answers", 150, records),
    ),
    "lost_in_the_middle/kv-retrieval-75_keys.jsonl.gz": (Fact("right answers", 500, right_pairs),),
    "lost_in_the_middle/kv-retrieval-140_keys.jsonl.gz": (Fact("right answers", 500, right_pairs),),
    "lost_in_the_middle/nq-open-oracle.jsonl.gz": (Fact("answers found", 2655, having("reference")),),
    "math_train_parquet/math_train.parquet": (
        Fact("problems", 7500, records),
        Fact("problems with gold", 7500, having("reference"), 7498, "the gold of two rows is an empty text"),
        Fact("prompts with the fixed suffix", 7500, suffixed),
        Fact("gold that is not the last box", 1, other_gold),
    ),
    "medicalgpt_zh/sharegpt_zh_1K_format.jsonl.gz": (
        Fact("empty turns", 17, empty_turns),
        Fact("rows that do not alternate", 7, not_alternating),
        Fact("repeated first turns", 7, repeats(firsts)),
    ),
    "medquad/medquad_xml.tar.gz": (
        Fact("question and answer pairs", 47441, records),
        Fact("empty answers", 31034, empty_answers),
        Fact("repeated questions", 2838, repeats(firsts)),
    ),
    "pubmedqa/ori_pqal.json.gz": (
        Fact("yes", 552, valued("reference", "yes")),
        Fact("no", 338, valued("reference", "no")),
        Fact("maybe", 110, valued("reference", "maybe")),
    ),
    "safety_tuned_llamas/safety_only_data_Instructions.json": (
        Fact("repeated instructions", 4, repeats(firsts)),
        Fact("rows", 2483, records),
    ),
    "self_instruct_eval/user_oriented_instructions.jsonl": (Fact("instructions", 252, items),),
    "tatqa/tatqa_dataset_dev.json.gz": (Fact("tables", 278, documents),),
    "tau_bench/gpt-4o-airline.json.gz": (
        Fact("calls whose arguments parse", 1164, calls),
        Fact("assistant messages without content", 1074, silent_calls),
        Fact("dialogues with reward 1", 84, with_meta("reward", 1.0)),
        Fact("tasks tried four times", 50, tasks),
    ),
    "text2sql/wikisql.json.bz2": (
        Fact("sentences", 80654, records),
        Fact("distinct sentences", 75434, distinct(firsts), 80287, "the README counts them before names are filled in"),
        Fact("queries", 51159, documents),
    ),
    "toolalpaca/eval_simulated.json": (Fact("tasks", 100, records), Fact("APIs", 10, documents)),
    "toolalpaca/eval_real.json": (Fact("tasks", 114, records), Fact("APIs", 11, documents)),
}

_ALPACA = "stanford_alpaca/alpaca_data.json.gz"
_SGD = tuple(f"sgd/dev_dialogues_{number:03}.json.gz" for number in (*range(1, 15), 16, 19, 20))
ACROSS: tuple[Across, ...] = (
    Across("rows that are alpaca rows", 5305, ("alpagasus/claude_t45.json.gz", _ALPACA), same),
    Across("rows that are alpaca rows", 2022, ("alpagasus/helpfulness_t45.json.gz", _ALPACA), same),
    Across("rows that are alpaca rows", 9229, ("alpagasus/random_9k.json.gz", _ALPACA), same),
    Across("rows that are alpaca rows", 5000, ("stanford_alpaca/alpaca_5000.json.gz", _ALPACA), same),
    Across("unchanged rows", 241, ("alpaca_cleaned_head5k/alpaca_data_cleaned_first5000.json.gz", _ALPACA), same),
    Across(
        "prompts of alpaca", 4502, ("alpaca_cleaned_head5k/alpaca_data_cleaned_first5000.json.gz", _ALPACA), asked_too
    ),
    Across(
        "equal rows in the same order",
        4535,
        ("codealpaca/new_codealpaca.json.gz", "gpteacher/codegen-instruct.json.gz"),
        in_order,
    ),
    Across(
        "rows of the stricter file in the other",
        5942,
        ("gpteacher/toolformer-similarity-0.9-dataset.json.gz", "gpteacher/toolformer-dedupe-only-dataset.json.gz"),
        same,
    ),
    Across(
        "items that are in MATH test", 500, ("math_eval/math500_test.jsonl", "math_eval/math_test.jsonl.gz"), asked_too
    ),
    Across(
        "inputs that are GSM8K test questions",
        329,
        ("math_eval/gsm_hard_test.jsonl.gz", "gsm8k/test.jsonl.gz"),
        asked_too,
    ),
    Across(
        "instructions that are alpaca's", 0, ("self_instruct_eval/user_oriented_instructions.jsonl", _ALPACA), asked_too
    ),
    Across(
        "rows of v1_sft that repeat the other two",
        303,
        (
            "llamafactory_demo/v1_sft_demo.jsonl",
            "llamafactory_demo/alpaca_en_demo.json",
            "llamafactory_demo/identity.json",
        ),
        lambda one, *others: len(set(one.hashes) & {mark for other in others for mark in other.hashes}),
        305,
        "a count of the raw texts gives 305 too; the other 195 have instruction and input glued together",
    ),
    Across("dialogues", 2098, _SGD, lambda *files: sum(len(file.hashes) for file in files)),
    Across("turns", 38768, _SGD, lambda *files: sum(file.turns for file in files)),
    Across("dialogues that do not alternate", 0, _SGD, lambda *files: sum(file.odd for file in files)),
)

"""How fast and how right languages are told: `python -m benchmarks.language --data DIR --json FILE.json`

Sentences written for this file, one to four a language; outputs of Alpaca (English) and of two demo sets (English,
Chinese), of which a part is code, numbers or single words that belong to no language. One core.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "1")

from buckets import LanguageBy, frame_of, languages

SENTENCES = {
    "en": (
        "The meeting was moved to Thursday because the room is being painted, and nobody told us until this morning.",
        "You can bake the bread at two hundred degrees, but watch the crust so that it does not burn.",
        "Paris is the capital of France.",
        "To sort a list in Python, use the sorted function with a key that returns the value you want to compare.",
    ),
    "vi": (
        "Hà Nội là thủ đô của Việt Nam và có rất nhiều hồ đẹp trong thành phố.",
        "Bạn nên uống đủ nước mỗi ngày để giữ gìn sức khỏe của mình.",
    ),
    "zh": (
        "会议改到星期四，因为会议室正在粉刷，直到今天早上才有人告诉我们。",
        "北京是中国的首都。",
        "可以使用 sorted 函数对 list 排序，key 参数返回要比较的值。",
    ),
    "ja": ("会議は木曜日に変更されました。部屋が塗装されているためです。", "東京は日本の首都です。"),
    "ko": ("회의가 목요일로 옮겨졌습니다. 방에 페인트칠을 하고 있기 때문입니다.",),
    "fr": (
        "La réunion a été déplacée à jeudi parce que la salle est en train d'être repeinte.",
        "Paris est la capitale de la France et la plus grande ville du pays.",
    ),
    "de": (
        "Die Besprechung wurde auf Donnerstag verschoben, weil der Raum gerade gestrichen wird.",
        "Berlin ist die Hauptstadt von Deutschland, und dort leben fast vier Millionen Menschen.",
    ),
    "es": (
        "La reunión se trasladó al jueves porque están pintando la sala.",
        "Madrid es la capital de España y la ciudad más poblada del país.",
    ),
    "nl": (
        "De vergadering is verplaatst naar donderdag, want in de kamer is het niet fijn of veilig was de boodschap.",
        "Amsterdam is de hoofdstad van Nederland, maar de regering zit in Den Haag.",
    ),
    "ru": ("Встреча перенесена на четверг, потому что комнату красят.",),
    "uk": ("Зустріч перенесли на четвер, тому що кімнату фарбують.",),
    "ar": ("تم نقل الاجتماع إلى يوم الخميس لأن الغرفة تطلى الآن.",),
    "el": ("Η συνάντηση μεταφέρθηκε στην Πέμπτη επειδή βάφεται η αίθουσα.",),
    "th": ("การประชุมถูกเลื่อนไปเป็นวันพฤหัสบดีเพราะกำลังทาสีห้อง",),
    "hi": ("बैठक गुरुवार को कर दी गई है क्योंकि कमरे की पुताई हो रही है।",),
    "pt": ("A reunião foi transferida para quinta-feira porque a sala está sendo pintada.",),
    "it": ("La riunione è stata spostata a giovedì perché stanno dipingendo la stanza.",),
    "pl": ("Spotkanie przeniesiono na czwartek, ponieważ pokój jest malowany, a to nie koniec.",),
    "tr": ("Toplantı perşembe gününe alındı çünkü oda boyanıyor.",),
    "id": ("Rapat dipindahkan ke hari Kamis karena ruangan sedang dicat.",),
}
SETS = {
    "stanford_alpaca (en)": "stanford_alpaca/alpaca_data.json.gz",
    "alpaca_en_demo": "llamafactory_demo/alpaca_en_demo.json",
    "alpaca_zh_demo": "llamafactory_demo/alpaca_zh_demo.json",
}


def told(texts: list[str], by: LanguageBy) -> tuple[list[str], float]:
    """Languages and rows a second of processor."""
    turn = {"role": "assistant", "reasoning": None, "tool_calls": None, "tool_call_id": None, "name": None}
    rows: list[dict[str, Any]] = [
        {"id": str(n), "origin": {"file": "f", "row": n}, "messages": [turn | {"content": text}]}
        for n, text in enumerate(texts)
    ]
    frame = frame_of(rows)
    languages(frame[:10], by)  # the model is loaded once
    started = time.process_time()
    found = languages(frame, by)
    return found.to_list(), len(texts) / (time.process_time() - started)


def outputs(path: Path, most: int) -> list[str]:
    raw = path.read_bytes()
    rows = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    return [row["output"] for row in rows][:most]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    pairs = [(code, text) for code, texts in SENTENCES.items() for text in texts]
    found: dict[str, Any] = {}
    ways: tuple[LanguageBy, ...] = ("script", "py3langid")
    for by in ways:
        codes, _ = told([text for _, text in pairs], by)
        said = list(zip((code for code, _ in pairs), codes, strict=True))
        wrong = [pair for pair in said if pair[1] not in (pair[0], "und")]
        found[by] = {"sentences": len(pairs), "wrong": wrong, "unsure": [code for code, got in said if got == "und"]}
        for name, file in SETS.items():
            codes, speed = told(outputs(args.data / file, args.rows), by)
            counts = {code: codes.count(code) for code in sorted(set(codes), key=lambda code: -codes.count(code))}
            found[by][name] = {"rows": len(codes), "rows_a_processor_second": round(speed), "languages": counts}
    facts = {
        "command": f"python -m benchmarks.language --data DIR --rows {args.rows} --json FILE",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version()},
    }
    text = json.dumps(facts | found, indent=1, ensure_ascii=False)
    print(text)
    if args.json:
        args.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Word problems with open numbers: each text comes with the solution that its numbers give."""

from __future__ import annotations

SUMS = (
    (
        "{name} packs {a} boxes a day for the {place} and works {b} days. How many boxes is that in all?",
        "Each day gives {a} boxes, and there are {b} days. {a} times {b} is {product}. The answer is {product}.",
    ),
    (
        "A {place} in {city} had {a} visitors on Saturday and {b} on Sunday. How many came over the weekend?",
        "Add the two days: {a} plus {b} makes {total} visitors. The answer is {total}.",
    ),
    (
        "{name} read {a} pages of a long novel, and {b} pages more on the train to {city}. How many pages is that?",
        "Before the trip it was {a}, and the train adds {b}, so we get {total}. The answer is {total}.",
    ),
    (
        "A garden near {city} is {a} metres long and {b} metres wide. What area does {name} have to mow?",
        "The area is length times width, so {a} x {b} = {product} square metres. The answer is {product}.",
    ),
    (
        "The {place} buys {a} crates that hold {b} bottles each for the summer party of {name}. "
        "How many bottles arrive?",
        "Every crate holds {b}, and {a} crates arrive, which is {product} bottles. The answer is {product}.",
    ),
    (
        "{name} saves {a} coins in spring, then {b} coins in autumn, and hides them in the {place}. "
        "How large is the treasure?",
        "Spring gives {a} and autumn gives {b}. Together that is {total} coins. The answer is {total}.",
    ),
    (
        "On the road to {city} a bus uses {a} litres on each leg, and {name} drives {b} legs. How much fuel is burned?",
        "One leg costs {a} litres. For {b} legs the bus needs {a} * {b} = {product} litres. The answer is {product}.",
    ),
    (
        "In {city} a tailor sews {a} shirts in the morning while {name} sews {b}. How many shirts hang in the {place}?",
        "Both piles count: {a} + {b} = {total} shirts hang there. The answer is {total}.",
    ),
)

TRANSLATED: tuple[tuple[str, str, str, str], ...] = (
    ("Where is the station in {c}?", "{c}的车站在哪里？", "Wo ist der Bahnhof in {c}?", "Où est la gare à {c} ?"),
    (
        "How do I make tea like in {c}?",
        "怎样泡出{c}那样的茶？",
        "Wie koche ich Tee wie in {c}?",
        "Comment faire le thé de {c} ?",
    ),
    (
        "Tell me a short joke about {c}.",
        "给我讲一个关于{c}的短笑话。",
        "Erzähl einen Witz über {c}.",
        "Raconte une blague sur {c}.",
    ),
    (
        "Write a poem about rain in {c}.",
        "写一首关于{c}的雨的诗。",
        "Schreib ein Gedicht über Regen in {c}.",
        "Écris un poème sur la pluie à {c}.",
    ),
    (
        "What should I pack for {c} in May?",
        "五月去{c}该带什么？",
        "Was packe ich im Mai für {c} ein?",
        "Que prendre pour {c} en mai ?",
    ),
    (
        "Is the water in {c} safe to drink?",
        "{c}的自来水能喝吗？",
        "Kann man das Wasser in {c} trinken?",
        "L'eau est-elle potable à {c} ?",
    ),
    (
        "Plan one day in {c} with children.",
        "安排带孩子在{c}玩一天。",
        "Plane einen Tag in {c} mit Kindern.",
        "Prévois un jour à {c} avec des enfants.",
    ),
    (
        "Which museum in {c} is free?",
        "{c}哪家博物馆免费？",
        "Welches Museum in {c} ist gratis?",
        "Quel musée est gratuit à {c} ?",
    ),
)
"""One request in English, Chinese, German and French; {c} is a city."""

REPLIES = (
    "Ask at the front desk in {c}; they know best.",
    "{c}的情况请问当地人，他们最清楚。",
    "Frag am besten vor Ort in {c}, dort weiß man es genau.",
    "Le plus simple est de demander sur place à {c}.",
)

"""The closed vocabulary of the world: few words, so that a tiny tokenizer holds each as one token."""

from __future__ import annotations

NAMES = ("Ana", "Ben", "Cora", "Dan", "Eva", "Finn", "Gus", "Hana", "Ida", "Jon", "Kim", "Leo")
CITIES = ("Oslo", "Rome", "Lima", "Cairo", "Delhi", "Paris", "Tokyo", "Quito")
COLOURS = ("red", "blue", "green", "gold", "black", "white", "pink", "gray")
PETS = ("cat", "dog", "fox", "owl", "hen", "pig", "cow")
THINGS = ("cups", "pens", "figs", "nuts", "maps", "keys", "caps")

TRADES = ("salt", "silk", "iron", "wine", "wool", "corn", "fish", "tea")
HOMES = ("hills", "coast", "woods", "plain", "caves", "dunes", "isles", "marsh")
SIGNS = ("sun", "moon", "star", "wolf", "bear", "hawk", "rose", "oak")

GUILDS = tuple(c + v for c in "BDFGHJKLMNPRSTVZ" for v in "aeiou")
"""80 two-letter names: one merge each, so the tokenizer learns them whole."""

COPY_WORDS = COLOURS + PETS + THINGS + NAMES + CITIES
VALUES = PETS + COLOURS + THINGS
"""What a key can point at in the retrieval tasks."""

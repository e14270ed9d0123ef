"""Near-duplicate engine: MinHash sketches, bands, and exact verification, over columns of text."""

from curate.near.bands import banding, groups_of
from curate.near.find import Found, find
from curate.near.neighbours import Neighbours
from curate.near.sketch import Sets, Shape, Sketch, jaccard, keys_of, permutations, shingle_sets, sketch
from curate.near.texts import Bytes, Mode, bytes_of

__all__ = [
    "Bytes",
    "Found",
    "Mode",
    "Neighbours",
    "Sets",
    "Shape",
    "Sketch",
    "banding",
    "bytes_of",
    "find",
    "groups_of",
    "jaccard",
    "keys_of",
    "permutations",
    "shingle_sets",
    "sketch",
]

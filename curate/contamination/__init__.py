"""Which training rows hold an evaluation item, and as what: verbatim, near, or only its template."""

from curate.contamination.hits import HIT_SCHEMA, falls, hits
from curate.contamination.index import EvalIndex
from curate.contamination.semantic import Semantic, semantic_hits

__all__ = ["HIT_SCHEMA", "EvalIndex", "Semantic", "falls", "hits", "semantic_hits"]

"""Arguments and options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RecipePath = Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe, a YAML file.", show_default=False)]
RunDir = Annotated[
    Path, typer.Argument(metavar="DIR", help="A run folder, as --out of `curate run`.", show_default=False)
]
Out = Annotated[Path | None, typer.Option("--out", help="Run folder; default runs/<recipe name>.", show_default=False)]
Changes = Annotated[
    list[str], typer.Option("--set", metavar="A.B=C", help="Change one key of the recipe; may be repeated.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="Processes (default: one per usable core; little input is cleaned by one); changes speed, never the "
        "outcome.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

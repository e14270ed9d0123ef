"""The `curate` command: thin verbs over the pipeline, errors as sentences, exit codes as documented."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from curate.job import Run
    from curate.shards import Notify

app = typer.Typer(
    name="curate",
    help="Which SFT data is worth training on, what each kind buys, and when SFT is done.\n\n"
    "Exit codes: 0 done, 2 bad recipe or input, 3 incomplete but resumable, 4 refused.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

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
        "--workers", min=1, help="Processes (default: one per usable core); changes speed, never the outcome."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def check(recipe: RecipePath, changes: Changes = [], as_json: AsJson = False) -> None:  # noqa: B006 - typer copies it
    """Check a recipe in full and show what it would do; nothing is run."""
    from buckets import RecipeError
    from curate.ahead import forecast, stops
    from curate.recipe import ROAD, load
    from curate.show import files_table

    loaded = load(recipe, changes)
    on = [stage for stage in ROAD if loaded.has(stage)]
    if mistakes := stops(loaded, recipe.parent.resolve(), on):
        raise RecipeError(mistakes)
    files = files_table(loaded, recipe.parent.resolve())
    trials = forecast(loaded, recipe.parent.resolve())
    if as_json:
        _print_json({"stages": on, "files": files, "ablation": trials})
        return
    typer.echo(f"{recipe}: fine. Stages: {' > '.join(on)}")
    for line in files:
        typer.echo(f"  {line['source']}: {line['path']} is {line['format']} ({line['why']})")
    if trials is not None:
        typer.echo(f"  ablation: {trials['text']}")


@app.command()
def read(
    files: Annotated[list[Path], typer.Argument(help="Raw files or folders.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Look at raw files: format found and why, rows, unreadable rows by reason."""
    from curate.show import look_at

    found = [look_at(path) for path in files]
    if as_json:
        _print_json(found)
        return
    for line in found:
        typer.echo(
            f"{line['path']}: {line['format']} ({line['why']}); {line['records']} records from {line['rows']} rows"
        )
        for reason, count in line["quarantined"].items():
            typer.echo(f"  quarantined {count}: {reason} (first at row {line['first'][reason]})")
        for bucket, count in line["buckets"].items():
            typer.echo(f"  bucket {bucket}: {count}")


@app.command()
def run(
    recipe: RecipePath,
    out: Out = None,
    changes: Changes = [],  # noqa: B006 - typer copies it
    only: Annotated[str | None, typer.Option("--only", metavar="STAGE", help="Run one stage on what stands.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="STAGE", help="Stop after this stage.")] = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Walk the road from raw files to report and export; the same command resumes."""
    from curate.recipe import load

    out = out or Path("runs") / recipe.stem
    with _progress() as notify:
        entry = _walk(_job(load(recipe, changes), recipe.parent.resolve(), out, workers, notify), until, only)
    _close(entry, out, as_json)


def _again(verb: str, help: str) -> None:
    """One later stage of a finished cleaning, from the recipe stored in the run folder."""

    def command(folder: RunDir, changes: Changes = [], workers: Workers = None, as_json: AsJson = False) -> None:  # noqa: B006
        from curate.show import stored_recipe

        recipe, base = stored_recipe(folder, changes)
        with _progress() as notify:
            entry = _walk(_job(recipe, base, folder, workers, notify), None, verb)
        _close(entry, folder, as_json)

    app.command(name=verb, help=help)(command)


_again("ablate", "Train and sample the trials of a run folder; finished trials are not run again.")
_again("decide", "Verdict and mixture from the stored scores; try other margins with --set decide.margin=0.02.")
_again("report", "Write report.html and report.json again.")
_again("export", "Write the dataset for trainers again.")


@app.command()
def show(
    folder: RunDir,
    id: Annotated[str, typer.Argument(help="A record's id.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """One record's life: where it came from, what it says, each stage, why it fell, its witness."""
    from curate.show import life, life_text

    found = life(folder, id)
    if as_json:
        _print_json(found)
    else:
        typer.echo(life_text(found))


@app.command()
def index(
    folder: RunDir,
    redis: Annotated[
        str | None, typer.Option("--redis", metavar="HOST:PORT", help="Fill datasketch's MinHashLSH there.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Basename of the keys in Redis.")] = "sft-curate",
    as_json: AsJson = False,
) -> None:
    """The duplicate index of a run: what it holds, and its hand-over to datasketch's index in Redis."""
    from curate.index import Index

    stored = Index.of(folder)
    facts = stored.facts()
    if redis is not None:
        facts["inserted"] = stored.into_redis(redis, name)
    if as_json:
        _print_json(facts)
    else:
        typer.echo("\n".join(f"{key:>20}  {value}" for key, value in facts.items()))


@app.command()
def schema() -> None:
    """Print the JSON Schema of a recipe, for editors."""
    from curate.recipe import Recipe

    _print_json(Recipe.model_json_schema())


def _job(recipe: Any, base: Path, out: Path, workers: int | None, notify: Notify) -> Run:
    from buckets import cores
    from curate.job import Run

    return Run(recipe, base, out, workers or cores(), notify, shlex.join(["curate", *sys.argv[1:]]))


def _walk(job: Run, until: str | None, only: str | None) -> dict[str, Any]:
    from curate.pipeline import run as walk

    return walk(job, until, only)


@contextmanager
def _progress() -> Iterator[Notify]:
    """A bar for each stage on a terminal; silence elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from curate.shards import silent

    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    columns = (TextColumn("{task.description:>14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, Any] = {}

        def notify(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield notify


def _close(entry: dict[str, Any], out: Path, as_json: bool) -> None:
    from curate.show import closing

    if as_json:
        _print_json(entry)
    else:
        typer.echo(closing(entry, out))


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def main() -> None:
    """Entry point: every error of ours becomes a sentence and its exit code."""
    try:
        app()
    except KeyboardInterrupt:
        typer.echo("curate: stopped; the same command resumes from the last whole shard or trial", err=True)
        raise SystemExit(3) from None
    except Exception as error:
        from buckets import CurateError  # here, so that `--help` need not load it

        if not isinstance(error, CurateError):
            raise
        typer.echo(f"curate: {_sentence(error)}", err=True)
        raise SystemExit(error.exit_code) from error


def _sentence(error: Exception) -> str:
    from buckets import RecipeError

    if not isinstance(error, RecipeError):
        return str(error)
    lines = "\n".join(f"  - {mistake}" for mistake in error.mistakes)
    return f"{len(error.mistakes)} mistake(s) in the recipe:\n{lines}"


if __name__ == "__main__":
    main()

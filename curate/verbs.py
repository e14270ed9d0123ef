"""The verbs of the `curate` command, thin over the pipeline. `curate.cli` is the door."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from curate import __version__
from curate.arguments import AsJson, Changes, Out, RecipePath, RunDir, Workers
from curate.auditing import audit_mask
from curate.inspecting import diff, ledger, show
from curate.terminal import STOPPED
from curate.terminal import print_json as _print_json
from curate.terminal import progress as _progress
from curate.terminal import say as _say

if TYPE_CHECKING:
    from curate.job import Run
    from curate.shards import Notify


class _Verbs(TyperGroup):
    """Turns Ctrl-C into an error of ours before typer answers it with a bare exit 130."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            from buckets import IncompleteError

            raise IncompleteError(STOPPED) from error


app = typer.Typer(
    name="curate",
    cls=_Verbs,
    help="Which SFT data is worth training on, what each kind buys, and when SFT is done.\n\n"
    "Exit codes: 0 done, 2 bad recipe or input, 3 incomplete but resumable, 4 refused.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"sft-curate {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What stands before the verbs."""


@app.command()
def check(recipe: RecipePath, changes: Changes = [], as_json: AsJson = False) -> None:  # noqa: B006 - typer copies it
    """Check a recipe in full and show what it would do; nothing is run."""
    from buckets import RecipeError
    from curate.ahead import forecast, judge_forecast, stops
    from curate.judge import TOO_LITTLE
    from curate.look import files_table, passed_over_text
    from curate.recipe import ROAD, load

    loaded = load(recipe, changes)
    on = [stage for stage in ROAD if loaded.has(stage)]
    if mistakes := stops(loaded, recipe.parent.resolve(), on):
        raise RecipeError(mistakes)
    files = files_table(loaded, recipe.parent.resolve())
    passed = loaded.read.passed_over(recipe.parent.resolve())
    trials = forecast(loaded, recipe.parent.resolve())
    calls = judge_forecast(loaded, recipe.parent.resolve())
    if as_json:
        told = {"stages": on, "files": files, "passed_over": passed}
        _print_json(told | {"ablation": trials, "judge": calls and asdict(calls)})
        return
    _say(f"{recipe}: fine. Stages: {' > '.join(on)}")
    for line in files:
        unwanted = f", {line['not_wanted']} of them not wanted by `only`" if line["not_wanted"] else ""
        _say(
            f"  {line['source']}: {line['path']} is {line['format']} ({line['why']}); "
            f"{line['readable']} can be read{unwanted}"
        )
        if line["fault"]:
            _say(f"    first that cannot: {line['fault']}")
    for name, others in passed.items():
        _say(f"  {name}: {passed_over_text(others)}")
    if calls is not None:
        _say(f"  {calls.text()}{'' if calls.enough else f': if cleaning takes few rows out, {TOO_LITTLE}'}")
    if trials is not None:
        _say(f"  ablation: {trials['text']}")


@app.command()
def read(
    files: Annotated[list[Path], typer.Argument(help="Raw files or folders.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Look at raw files: format found and why, rows, unreadable rows by reason."""
    from buckets import InputError
    from curate.inputs import all_of
    from curate.look import look_at, passed_over_text

    looked = [look_at(path) for path in files]
    found = [line for one in looked for line in one.files]
    if as_json:
        _print_json(found)
    for line in found if not as_json else ():
        _say(f"{line['path']}: {line['format']} ({line['why']}); {line['records']} records from {line['rows']} rows")
        for reason, count in line["quarantined"].items():
            _say(f"  quarantined {count}: {reason} (first at row {line['first'][reason]})")
        for bucket, count in line["buckets"].items():
            _say(f"  bucket {bucket}: {count}")
    if others := [name for one in looked for name in one.passed_over]:
        _say(passed_over_text(others), err=as_json)
    if faults := [fault for one in looked for fault in one.faults]:
        raise InputError(all_of(faults))


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

    if only is not None and until is not None:
        raise typer.BadParameter("give either --only or --until: one stage, or all up to one")
    out = out or Path("runs") / recipe.stem
    with _progress() as notify:
        entry = _walk(_job(load(recipe, changes), recipe.parent.resolve(), out, workers, notify), until, only)
    _close(entry, out, as_json)


def _again(verb: str, help: str) -> None:
    """One later stage of a finished cleaning, from the recipe stored in the run folder."""

    def command(folder: RunDir, changes: Changes = [], workers: Workers = None, as_json: AsJson = False) -> None:  # noqa: B006
        from curate.stored import stored_recipe

        recipe, base = stored_recipe(folder, changes)
        with _progress() as notify:
            entry = _walk(_job(recipe, base, folder, workers, notify, commands(folder, verb)), None, verb)
        _close(entry, folder, as_json)

    app.command(name=verb, help=help)(command)


_again("ablate", "Train and sample the trials of a run folder; finished trials are not run again.")
_again("decide", "Verdict and mixture from the stored scores; try other margins with --set decide.margin=0.02.")


@app.command()
def confirm(folder: RunDir, changes: Changes = [], workers: Workers = None, as_json: AsJson = False) -> None:  # noqa: B006
    """Train the proposed mixture and the baselines with fresh seeds at equal tokens; until then it is a proposal."""
    from buckets import read_json
    from curate.confirm import FILE, cost_text
    from curate.confirmed import confirmation_text
    from curate.stored import last_stage, stored_recipe

    recipe, base = stored_recipe(folder, changes)
    with _progress() as notify:
        job = _job(recipe, base, folder, workers, notify, commands(folder, "confirm"))
        _say(cost_text(job, last_stage(folder)), err=True)
        _walk(job, None, "confirm")
    found = read_json(folder / FILE)
    if as_json:
        _print_json(found)
    else:
        _say(confirmation_text(found))


@app.command()
def gains(folder: RunDir, as_json: AsJson = False) -> None:
    """The gain ledger: what each filter rule dropped, how often wrongly, and what that bought over a random filter."""
    from curate.gains import filters_part, filters_text
    from curate.stored import must_be_run

    must_be_run(folder)
    found = filters_part(folder)
    if as_json:
        _print_json([line.model_dump(mode="json") for line in found])
    else:
        _say(filters_text(found))


_again("report", "Write report.html and report.json again.")
_again("export", "Write the dataset for trainers again.")


app.command()(show)
app.command(name="ledger")(ledger)
app.command(name="diff")(diff)
app.command(name="audit-mask")(audit_mask)


@app.command()
def agreement(
    labels: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS",
            help='JSON Lines: {"verifier", "label": "good" or "bad", "record"}, or "id" for the record with --run; '
            'for a judge {"id", "label"} with --run.',
            show_default=False,
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Option("--run", metavar="DIR", help="The run folder that the ids are of.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write it for judge.agreement or check.agreement.", show_default=False)
    ] = None,
    least_precision: Annotated[float, typer.Option("--least-precision", help="As in the recipe.")] = 0.9,
    least_kappa: Annotated[float, typer.Option("--least-kappa", help="As in the recipe.")] = 0.6,
    as_json: AsJson = False,
) -> None:
    """How far verifiers, or the judge and each rule of a run, agree with human labels, and what may drop rows."""
    from buckets import write_json
    from curate.agreed import measure_verifiers, names_verifiers, verifiers_text
    from curate.agreement import agreement_text, measure
    from verifiers import Agreement

    if folder is None or names_verifiers(labels):
        found = measure_verifiers(labels, run=folder)
        if out is not None:
            write_json(out, found)
        if as_json:
            _print_json(found)
        else:
            _say(verifiers_text(found))
        return
    found = measure(folder, labels)
    if out is not None:
        write_json(out, found)
    shortfalls = Agreement(**found["counts"]).shortfalls(least_precision, least_kappa)
    if as_json:
        _print_json(found | {"shortfalls": shortfalls})
    else:
        _say(agreement_text(found, shortfalls))


@app.command(name="contamination-card")
def contamination_card(
    recipe: Annotated[
        Path | None, typer.Argument(metavar="RECIPE", help="A recipe with a decontaminate table.", show_default=False)
    ] = None,
    evals: Annotated[
        list[str], typer.Option("--evals", metavar="NAME=FILE", help="An eval set without a recipe; may be repeated.")
    ] = [],  # noqa: B006 - typer copies it
    sample: Annotated[int | None, typer.Option("--sample", min=1, help="At most so many items of each set.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Draws the sample and the transforms.")] = 1,
    as_json: AsJson = False,
    out: Annotated[Path | None, typer.Option("--out", help="Also write the card as JSON.", show_default=False)] = None,
) -> None:
    """How much of each eval set decontamination finds: recall by injection, and the items that it cannot detect."""
    from buckets import write_json
    from curate.contamination.card import card, card_text
    from curate.decontaminate import table_of

    table, base = table_of(recipe, evals)
    with _progress() as notify:
        found = card(table.problems(base), table.index(base), seed, sample, notify)
    if out is not None:
        write_json(out, found)
    if as_json:
        _print_json(found)
    else:
        typer.echo(card_text(found))


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


def _job(recipe: Any, base: Path, out: Path, workers: int | None, notify: Notify, command: str | None = None) -> Run:
    from buckets import cores
    from curate.job import Run

    return Run(recipe, base, out, workers or cores(), notify, command or _command(), chosen=workers is not None)


def _command() -> str:
    return shlex.join(["curate", *sys.argv[1:]])


def commands(folder: Path, verb: str) -> str:
    """The command of the run, and below it those that trained or decided anew; a page or an export changes nothing."""
    from buckets import read_json

    journal = read_json(folder / "run.json") if (folder / "run.json").exists() else {}
    lines = str(journal.get("command", "")).splitlines()
    if not lines or (verb in ("ablate", "decide", "confirm") and _command() not in lines):
        lines.append(_command())
    return "\n".join(lines)


def _walk(job: Run, until: str | None, only: str | None) -> dict[str, Any]:
    from curate.pipeline import run as walk

    return walk(job, until, only)


def _close(entry: dict[str, Any], out: Path, as_json: bool) -> None:
    from curate.closing import closing, unread_sources

    if as_json:
        _print_json(entry)
        for warning in unread_sources(entry["stages"][0]["notes"]["files"]):
            _say(f"WARNING: {warning}", err=True)
    else:
        _say(closing(entry, out))

"""The command ``votd``. Importing it loads nothing heavy: each command imports what it runs."""

import contextlib
import datetime as dt
import json
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from votd.media import errors

if TYPE_CHECKING:
    from votd.config.settings import Settings
    from votd.flows.outcome import Outcome
    from votd.flows.request import Request

T = TypeVar("T")
EXIT = {
    errors.RejectedSource: 1,
    errors.BadRequest: 2,
    errors.Unavailable: 3,
    errors.ToolFailed: 4,
    errors.Stopped: 130,
}
LAST_WORDS = 5
STAGES = "Single stages over plain files"

app = typer.Typer(
    name="votd",
    help="The newsroom's video of the day: from a dropped file to a page that plays.",
    epilog="Exit codes: 1 the file is refused, 2 the command or a setting is wrong, "
    "3 something is out of reach (try again), 4 a tool failed, 130 ended from outside.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Video = Annotated[Path, typer.Argument(help="A video file.", show_default=False)]
Language = Annotated[
    str | None, typer.Option(help="Language of the speech, such as mk or en; recognised if not given.")
]
Model = Annotated[
    str | None,
    typer.Option(help="Whisper model: auto (what is fit and at hand), a name that faster-whisper knows, or a folder."),
]
Articles = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FOLDER|ADDRESS",
        help="Folder of articles (text, Markdown, HTML), or address of a feed, a news sitemap or a WordPress site, "
        "among which to find the right one; several may be.",
    ),
]
TranscriptFile = Annotated[Path, typer.Argument(help="The JSON that votd transcribe wrote.", show_default=False)]


def main() -> None:
    """Run the command; an error of ours is one sentence and its exit code."""
    try:
        app()
    except errors.VotdError as e:
        _fail(e)
    except OSError as e:
        _fail(errors.ToolFailed(f"{e.filename or 'A file or the network'}: {e.strerror or e}."))


def _fail(error: errors.VotdError) -> NoReturn:
    """Say an error and exit; a tool's last words come after the sentence."""
    typer.echo(f"votd: {error}", err=True)
    if isinstance(error, errors.ToolFailed) and error.tail:
        typer.echo("\n".join(f"    {line}" for line in error.tail.splitlines()[-LAST_WORDS:]), err=True)
    sys.exit(next(code for kind, code in EXIT.items() if isinstance(error, kind)))


@app.command(
    epilog="Examples:\n\n  votd publish video.mp4 --articles articles/\n\n"
    "  votd publish video.mp4 --article story.html --title 'European troops' --to s3://bucket/votd"
)
def publish(
    video: Video,
    articles: Articles = None,
    article: Annotated[
        str | None,
        typer.Option(metavar="FILE|ADDRESS", help="The article that it belongs to: the choice of a person."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title; the linked article's if not given.")] = None,
    date: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Day of the video; today if not given.")
    ] = None,
    to: Annotated[str | None, typer.Option(metavar="STORE", help="file:FOLDER or s3://BUCKET/PREFIX.")] = None,
    language: Language = None,
    model: Model = None,
    script: Annotated[
        Path | None, typer.Option(help="The words that are spoken; VIDEO.txt beside the video if not given.")
    ] = None,
    captions: Annotated[
        list[Path] | None,
        typer.Option(help="A person's captions, NAME.LANGUAGE.vtt or .srt; those beside the video if not given."),
    ] = None,
    translate: Annotated[bool | None, typer.Option("--translate", help="Add English subtitles by Whisper.")] = None,
    flow: Annotated[
        bool, typer.Option("--flow", help="Run as a Prefect flow, on the embedded server if need be.")
    ] = False,
    direct: Annotated[bool, typer.Option("--direct", help="Run in this process, without Prefect.")] = False,
) -> None:
    """Publish one video: renditions, captions, the link to its article, and a page that plays.

    Runs as a Prefect flow where a Prefect server is configured or [bold]votd up[/bold] is running, else in this
    process. A second time with the same inputs changes nothing and costs next to nothing.
    """
    from votd.flows.request import Request, captions_of

    if flow and direct:
        raise errors.BadRequest("--flow and --direct exclude each other.")
    settings = _settings(store=to, model=model)
    if language:
        _known_language(language)
    request = Request(
        video=_absolute(video),
        articles=_sources(articles) if articles else settings.articles,
        article=_sources([article])[0] if article else None,
        title=title,
        date=_date(date),
        language=language,
        script=_absolute(script) if script else None,
        captions=captions_of([_absolute(file) for file in captions]) if captions else None,
        translate=translate,
    )
    outcome = _run(_publish(request, settings, flow, direct))
    _summary(outcome)


async def _publish(request: "Request", settings: "Settings", flow: bool, direct: bool) -> "Outcome":
    from votd.flows.display import Bars, Ledger

    with Bars() as bars:
        ledger = Ledger(bars.watch)
        from votd.flows import server

        api = None if direct else server.find(settings)
        if direct or not (api or flow):
            from votd.flows.story import publish_here

            return await publish_here(request, settings, ledger)
        async with contextlib.AsyncExitStack() as stack:
            with ledger.stage("start Prefect" if not api else "reach Prefect"):
                if api is None:
                    api = await stack.enter_async_context(server.embedded(settings))
                # The console is the bars'; the run's page has every line.
                quiet = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}
                os.environ.update(server.environment(settings, api) | quiet)
                from votd.flows.runs import drain, publishing
            run = publishing(settings, ledger)
            stack.push_async_callback(drain)  # before the server ends
            outcome: Outcome = await run(request)  # type: ignore[misc]  # an async flow is typed as a plain one
            return outcome


@app.command(
    epilog="Examples:\n\n  votd correct 2026-11-23-sample sample.en.vtt\n\n"
    "  votd correct 2026-11-23-sample captions.srt --language mk --learn"
)
def correct(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Which video.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="The corrected captions, .vtt or .srt.", show_default=False)],
    language: Annotated[str | None, typer.Option(help="Which captions these are, such as mk.")] = None,
    learn: Annotated[bool, typer.Option("--learn", help="Add the corrected names to the glossary.")] = False,
    to: Annotated[str | None, typer.Option(metavar="STORE", help="file:FOLDER or s3://BUCKET/PREFIX.")] = None,
) -> None:
    """Publish corrected captions: a new version, of which only the captions and what derives from them are new."""
    from votd.flows import correct as run
    from votd.flows.display import Bars, Ledger
    from votd.flows.speech import recogniser, user_cache
    from votd.flows.steps import Steps

    if language:
        _known_language(language)
    settings = _settings(store=to)
    with Bars() as bars:
        steps = Steps(settings, user_cache(), Ledger(bars.watch), recogniser(settings))
        done = _run(run.correct(id_, _absolute(file), language, steps))
    for note in done.notes:
        typer.echo(f"{file.name}: {note}")
    for change in done.changes:
        typer.echo(f"  “{change.heard}” → “{change.corrected}”")
    if done.names and learn:
        fresh = run.learn(settings, done.names)
        typer.echo(f"Added to {settings.glossary_file}: {', '.join(fresh) or 'nothing that was not there'}.")
    elif done.names:
        typer.echo(f"Names to learn for the next night, with --learn: {', '.join(done.names)}.")
    state = f"published, {done.published.uploaded} objects uploaded" if done.published.changed else "nothing to do"
    typer.echo(f"{id_}, version {done.published.record.version}: {state}.")


@app.command(epilog="Example:\n\n  votd show 2026-11-23-sample")
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Which video.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the record and the report as JSON.")] = False,
    to: Annotated[str | None, typer.Option(metavar="STORE", help="file:FOLDER or s3://BUCKET/PREFIX.")] = None,
) -> None:
    """Show what stands for a video, what was heard in it, and which captions to doubt."""
    from votd.flows import show as run

    record, report = run.show(id_, _settings(store=to))
    if as_json:
        whole = {"record": record.model_dump(mode="json"), "report": report}
        typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    typer.echo("\n".join(run.lines(record, report)))


@app.command(epilog="Example:\n\n  votd serve site")
def serve(
    folder: Annotated[Path, typer.Argument(help="A directory store.", show_default=False)],
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Serve a directory store, to watch what was published."""
    from votd.flows.serve import serve as run

    if not folder.is_dir():
        raise errors.BadRequest(f"{folder} is not a folder. Publish something to it first.")
    typer.echo(f"http://{host}:{port}/ shows the latest video of {folder}; Ctrl-C ends it.")
    run(folder.absolute(), host=host, port=port)


@app.command(epilog="Examples:\n\n  votd verify site\n\n  votd verify https://video.example.org 2026-11-23-sample")
def verify(
    place: Annotated[
        str, typer.Argument(metavar="STORE|URL", help="A store, or its public address.", show_default=False)
    ],
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Which video; the latest if not given.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure what is published anew, and judge it rule by rule; ends with 4 where something is wrong."""
    from votd.flows import verify as run
    from votd.flows.stages import ffmpeg_of
    from votd.media.delivery.store import open_store

    settings = _settings(store=None)
    ffmpeg, s3 = ffmpeg_of(settings), settings.s3
    if place.startswith(("http://", "https://")):
        report = _run(run.verify_url(place, id_, ffmpeg))
    else:
        store = open_store(place, endpoint=s3.endpoint, path_style=s3.path_style, checksum=s3.checksum)
        report = _run(run.verify_store(store, id_, ffmpeg))
    typer.echo(run.as_json(report) if as_json else "\n".join(run.lines(report.findings)))
    if not report.ok:
        raise errors.ToolFailed(run.failure(report, "What is published", "Publish it again with this version of votd."))


@app.command()
def up() -> None:
    """Put this machine on duty: Prefect's server, a worker and the inbox watcher, until it is told to end."""
    from votd.flows.duty import up as run

    _run(run(_settings(), typer.echo))


@app.command()
def status() -> None:
    """Show what waits, what runs, what failed, and what is published."""
    from votd.flows.status import status as ask

    for line in _run(ask(_settings())):
        typer.echo(line)


@app.command(rich_help_panel=STAGES)
def probe(video: Video) -> None:
    """Print what a file is, as JSON; refuse it where publishing would."""
    from votd.media.schema import dump
    from votd.media.source.judge import judge
    from votd.media.source.probe import probe as run

    with _copied(video) as source:
        info = _run(run(source))
    typer.echo(dump(info).decode(), nl=False)
    judge(info)


@app.command(rich_help_panel=STAGES)
def transcode(
    video: Video, to: Annotated[Path, typer.Option(metavar="DIR", help="A new or empty folder.", show_default=False)]
) -> None:
    """Make the renditions, the MP4 and the poster of a video."""
    from votd.flows.stages import transcode as run

    with _copied(video) as source:
        typer.echo(_run(run(source, _folder(to), _settings())))


@app.command(rich_help_panel=STAGES)
def transcribe(
    media: Annotated[Path, typer.Argument(metavar="FILE", help="A video file with sound.", show_default=False)],
    output: Annotated[Path, typer.Option("-o", metavar="TRANSCRIPT.json", help="Where to write.", show_default=False)],
    language: Language = None,
    model: Model = None,
) -> None:
    """Recognise the speech of a file, with the time of every word."""
    from votd.flows.stages import transcribe as run

    if language:
        _known_language(language)
    if not output.absolute().parent.is_dir():
        raise errors.BadRequest(f"There is no folder {output.absolute().parent}.")
    with _copied(media) as source:
        typer.echo(_run(run(source, output, language, _settings(model=model))))


@app.command(rich_help_panel=STAGES)
def caption(
    transcript: TranscriptFile,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to.", show_default=False)],
) -> None:
    """Write the captions of a transcript: WebVTT, SRT and the HLS rendition."""
    from votd.flows.stages import caption as run

    typer.echo(run(_transcript(transcript), _folder(to, empty=False)))


@app.command(rich_help_panel=STAGES)
def link(
    transcript: TranscriptFile,
    articles: Annotated[
        list[str],
        typer.Option(metavar="FOLDER|ADDRESS", help="Folder or address of the candidates.", show_default=False),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    title: Annotated[str | None, typer.Option(help="Title of the video, where it is known.")] = None,
    date: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Day of the video, where it is known.")] = None,
) -> None:
    """Find the article that a transcript belongs to, or say that none fits."""
    from votd.flows.stages import link as run

    verdict, problems = _run(run(_transcript(transcript), _sources(articles), title, _date(date), _settings()))
    for problem in problems:
        typer.echo(f"votd: {problem}", err=True)
    if as_json:
        typer.echo(json.dumps(verdict, ensure_ascii=False, indent=2))
        return
    nothing = "a person should look at these" if verdict["status"] == "review" else "no article"
    typer.echo(f"{verdict['status']}: {verdict['title'] or nothing}")
    for candidate in verdict["candidates"]:
        typer.echo(f"  {candidate['score']:.3f}  {candidate['title']}")
        if candidate["evidence"]:
            typer.echo(f"         {' '.join(candidate['evidence'])}")


def _sources(given: list[str]) -> tuple[str, ...]:
    from votd.config.settings import source_of

    return tuple(source_of(one, Path.cwd()) for one in given)


def _settings(**given: Any) -> "Settings":
    from votd.config.settings import load

    try:
        return load(**given)
    except ValueError as e:
        raise errors.BadRequest(str(e)) from e


def _run(job: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; SIGINT and SIGTERM cancel it, and every child ends with it."""
    import asyncio
    import signal

    async def watched() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(job)
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            # Every child is dead by now. A thread may still wait for a store: it gets no time, as with kill -9.
            typer.echo("votd: Ended from outside. What was finished is kept; run it again.", err=True)
            sys.stdout.flush()
            os._exit(EXIT[errors.Stopped])

    return asyncio.run(watched())


def _copied(file: Path) -> Any:
    """Lend the path of a private copy: no stage opens what somebody else can still change."""
    from votd.flows.stages import copied

    return copied(_absolute(file))


def _absolute(path: Path) -> Path:
    """Make a path absolute; links stay links, since a dropped link is refused."""
    return path.expanduser().absolute()


def _folder(path: Path, empty: bool = True) -> Path:
    path = _absolute(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise errors.BadRequest(f"{path} cannot be made: {e.strerror}.") from e
    if empty and any(path.iterdir()):
        raise errors.BadRequest(f"{path} is not empty. Give a new folder.")
    return path


def _known_language(tag: str) -> None:
    from votd.config.settings import is_language

    if not is_language(tag):
        raise errors.BadRequest(f"“{tag}” is not a language tag such as mk or en.")


def _date(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as e:
        raise errors.BadRequest(f"“{text}” is not a date. Write it like 2026-11-23.") from e


def _transcript(path: Path) -> Any:
    from votd.media.model import Transcript
    from votd.media.schema import load

    try:
        return load(Transcript, path.read_bytes())
    except OSError as e:
        raise errors.BadRequest(f"{path} cannot be read: {e.strerror}.") from e
    except ValueError as e:
        raise errors.BadRequest(f"{path} is not a transcript that votd transcribe wrote.") from e


def _summary(outcome: "Outcome") -> None:
    from votd.flows.outcome import lines

    for name, value in lines(outcome):
        typer.echo(f"{typer.style(f'{name:<12}', bold=True)} {value}")
    times = (f"{s.name} {'reused' if s.reused else f'{s.seconds:.1f} s'}" for s in outcome.stages)
    typer.echo(f"{typer.style('Time        ', bold=True)} {', '.join(times)}")

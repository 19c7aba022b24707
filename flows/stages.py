"""The single stages as commands run them: over plain files, without workspace, store or Prefect."""

import contextlib
import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from votd.config.profiles import caption_style, ladder, word_classes
from votd.config.settings import Settings
from votd.flows.articles import refresh, said_of
from votd.flows.display import Bars, Ledger
from votd.flows.speech import UNDETERMINED, fit_model, track_label, user_cache
from votd.media.articles import link as linking
from votd.media.articles.index import Index
from votd.media.captions import webvtt
from votd.media.captions.cues import cues
from votd.media.model import CaptionTrack, Loudness, MediaInfo, Transcript
from votd.media.schema import dump
from votd.media.source.ingest import ingest
from votd.media.source.judge import judge, judge_sound
from votd.media.source.probe import probe
from votd.media.speech.recogniser import Recogniser, Sound
from votd.media.video.encode import transcode as encode
from votd.media.video.listen import extract_audio
from votd.media.video.sound import published

SEGMENT_MS = 6000


@contextlib.contextmanager
def copied(file: Path) -> Iterator[Path]:
    """Lend a private copy of a plain file, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="votd-") as folder:
        ingest(file, Path(folder, "source"))
        yield Path(folder, "source")


async def transcode(source: Path, to: Path, settings: Settings) -> str:
    """Encode a file into the empty folder ``to``; return one sentence."""
    info = await probe(source)
    judge(info)
    with Bars() as bars, tempfile.TemporaryDirectory(prefix="votd-") as folder:
        ledger = Ledger(bars.watch)
        found: tuple[Loudness, ...] = ()
        if info.audio:
            found = await _audio(source, info, Path(folder, "speech.wav"), settings, ledger)
        with ledger.stage("transcode", info.duration_ms) as stage:
            made = await encode(
                source,
                info,
                ladder(settings.profile),
                to,
                streams=published(info, settings.language),
                loudness=found,
                target_lufs=settings.loudness,
                ffmpeg=ffmpeg_of(settings),
                threads=settings.cores,
                progress=stage.progress,
            )
    return f"{len(made.video)} renditions, {made.mp4}, {made.stills.poster} and {made.stills.storyboard} are in {to}"


async def transcribe(source: Path, output: Path, language: str | None, settings: Settings) -> str:
    """Write the transcript of a file; return one sentence."""
    info = await probe(source)
    judge_sound(info)
    with Bars() as bars, tempfile.TemporaryDirectory(prefix="votd-") as folder:
        ledger, wav = Ledger(bars.watch), Path(folder, "speech.wav")
        await _audio(source, info, wav, settings, ledger, language=language)
        with ledger.stage("transcribe", info.duration_ms) as stage:
            model = fit_model(settings, language or settings.language or UNDETERMINED)
            async with Recogniser(user_cache(), settings.cores) as ear:
                sound = Sound(wav, model, language or settings.language)
                heard = (await ear.transcribe(sound, Path(folder, "heard.json"), stage.progress)).transcript
    output.write_bytes(dump(heard))
    return f"{len(heard.words)} words in {heard.language} are in {output}"


def caption(transcript: Transcript, to: Path) -> str:
    """Write the captions of a transcript into ``to``; return one sentence."""
    language = transcript.language
    made = cues(transcript, caption_style(), word_classes(language))
    track = CaptionTrack(language, "captions", track_label(language, "machine"), "machine", made)
    files = webvtt.write(track, to, duration_ms=transcript.duration_ms, segment_ms=SEGMENT_MS)
    return f"{len(made)} captions are in {to / files.vtt}, {to / files.srt} and {to / files.hls}"


async def link(
    transcript: Transcript, articles: tuple[str, ...], title: str | None, date: dt.date | None, settings: Settings
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Judge a transcript against folders; return the verdict as plain JSON data, and sentences on bad files."""
    with contextlib.closing(Index()) as index:
        problems = await refresh(index, articles, settings, dt.datetime.now(settings.zone).date())
        verdict = linking.link(index, said_of(transcript, title or "", date), articles)
    candidates = [
        {
            "title": c.article.title,
            "file": c.article.file,
            "url": c.article.url,
            "language": c.article.language,
            "score": c.score,
            "linked": c.linked,
            "evidence": c.evidence,
        }
        for c in verdict.candidates
    ]
    nothing = {"title": None, "file": None, "url": None}
    best = {name: candidates[0][name] for name in nothing} if verdict.linked else nothing
    score = candidates[0]["score"] if candidates else 0.0
    return {"status": verdict.status, **best, "score": score, "candidates": candidates}, problems


async def _audio(
    source: Path, info: MediaInfo, wav: Path, settings: Settings, ledger: Ledger, *, language: str | None = None
) -> tuple[Loudness, ...]:
    with ledger.stage("audio", info.duration_ms) as stage:
        return await extract_audio(
            source,
            info,
            published(info, language or settings.language),
            wav,
            ffmpeg=ffmpeg_of(settings),
            progress=stage.progress,
        )


def ffmpeg_of(settings: Settings) -> str:
    """Return the ffmpeg that is to be used."""
    return str(settings.ffmpeg or imageio_ffmpeg.get_ffmpeg_exe())

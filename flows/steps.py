"""The steps of the story: each makes one artifact, or finds it finished in the workspace.

What is finished is found by a key: the step and its number, the hashes of its inputs, its parameters.
"""

import asyncio
import contextlib
import datetime as dt
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from babel import Locale, UnknownLocaleError

from votd.config.profiles import caption_style, ladder
from votd.config.settings import Settings
from votd.flows.assemble import STEPS, Encoded, Parts, Speech, assemble
from votd.flows.display import Ledger
from votd.flows.facts import Identity, identify, noted
from votd.flows.request import Request
from votd.flows.verify import failure, lines
from votd.media.articles.link import link
from votd.media.articles.read import read_file, read_folder
from votd.media.captions import webvtt
from votd.media.captions.cues import cues
from votd.media.delivery import publish as delivery
from votd.media.delivery.store import Store, open_store
from votd.media.errors import Unfit
from votd.media.model import AudioStream, Candidate, CaptionTrack, Encoding, Link, Loudness, MediaInfo, Transcript
from votd.media.process import Progress
from votd.media.record import Record
from votd.media.schema import dump, load
from votd.media.source.ingest import ingest
from votd.media.source.judge import judge
from votd.media.source.probe import probe
from votd.media.speech import recognise, weights
from votd.media.verify.verify import verify
from votd.media.video.encode import transcode
from votd.media.video.listen import extract_audio
from votd.media.video.run import version
from votd.media.video.sound import published
from votd.media.workspace.workspace import Key, LocalWorkspace, file_sha256

WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Source:
    """A dropped file, copied in: its hash is its identity from here on."""

    sha256: str
    path: Path


@dataclass(frozen=True, slots=True)
class Audio:
    """What speech recognition hears, the sounds to publish, and how loud each of them is."""

    wav: Path
    streams: tuple[AudioStream, ...]
    loudness: tuple[Loudness, ...]


class Steps:
    """Bind the stages to one machine's settings, workspace and store."""

    def __init__(self, settings: Settings, cache: Path, ledger: Ledger) -> None:
        self.settings = settings
        self.cache = cache
        self.ledger = ledger
        self.ladder = ladder(settings.profile)
        self.ffmpeg = str(settings.ffmpeg or imageio_ffmpeg.get_ffmpeg_exe())
        self.workspace = LocalWorkspace(settings.home / "workspace")
        s3 = settings.s3
        self.store: Store = open_store(
            settings.store_address, endpoint=s3.endpoint, path_style=s3.path_style, checksum=s3.checksum
        )

    @property
    def address(self) -> str:
        """Return where the store's root is seen from: its public address, if it has one."""
        return (self.settings.public_url or self.store.address).rstrip("/")

    async def ingest(self, file: Path) -> Source:
        """Copy a file in while hashing it."""
        with self.ledger.stage("copy in") as stage, self._folder() as folder:
            sha256 = await asyncio.to_thread(ingest, file, folder / "source")
            key = Key("source", STEPS["source"], {"sha256": sha256}, {})
            kept = await asyncio.to_thread(self.workspace.get, key)
            stage.reused = kept is not None
            if kept is None:
                kept = await asyncio.to_thread(self.workspace.put, key, folder)
            return Source(sha256, kept / "source")

    @contextlib.asynccontextmanager
    async def alone_with(self, source: Source) -> AsyncIterator[None]:
        """Wait until no other run is at these bytes; the lock dies with its owner."""
        while not (lock := self.workspace.try_lock(source.sha256)):  # noqa: ASYNC110 - the kernel's lock has no event
            await asyncio.sleep(WAIT_S)
        with lock:
            yield

    async def identify(self, source: Source, request: Request) -> tuple[Identity, Record | None]:
        """Find or give the id; return with it the record that stands for it.

        It is noted before the store is asked: a store that is down must not cost a video its day.
        """
        today = request.seen or dt.datetime.now(self.settings.zone).date()
        given = noted(self.workspace.root / "ids" / f"{source.sha256}.json", request, today)
        index = await asyncio.to_thread(delivery.index, self.store)
        identity = identify(given, source.sha256, index)
        return identity, await asyncio.to_thread(delivery.current_record, self.store, identity.id)

    async def examine(self, source: Source) -> MediaInfo:
        """Probe a source and judge what was found, before anything is decoded."""

        async def make(folder: Path, progress: Progress) -> None:
            (folder / "info.json").write_bytes(dump(await probe(source.path)))

        folder = await self._made("examine", Key("probe", STEPS["probe"], {"source": source.sha256}, {}), make)
        info = load(MediaInfo, (folder / "info.json").read_bytes())
        judge(info)
        return info

    async def extract_audio(self, source: Source, info: MediaInfo, language: str | None) -> Audio | None:
        """Make the WAV that recognition hears, in a pass that decodes no video; ``None`` where there is no sound.

        Where the video speaks several languages, ``language`` is the one to hear.
        """
        streams = published(info, language)
        if not info.audio:
            return None

        async def make(folder: Path, progress: Progress) -> None:
            found = await extract_audio(
                source.path, info, streams, folder / "speech.wav", ffmpeg=self.ffmpeg, progress=progress
            )
            (folder / "loudness.json").write_bytes(dump(found))

        made_with = {"ffmpeg": version(self.ffmpeg), "streams": [stream.index for stream in streams]}
        key = Key("audio", STEPS["audio"], {"source": source.sha256}, made_with)
        folder = await self._made("audio", key, make, info.duration_ms)
        loudness = load(tuple[Loudness, ...], (folder / "loudness.json").read_bytes())
        return Audio(folder / "speech.wav", streams, loudness)

    async def transcode(self, source: Source, info: MediaInfo, audio: Audio | None) -> Encoded:
        """Make the ladder, the MP4 and the stills. Encoded bytes differ between runs: each has its attempt token."""
        threads, target = self.settings.cores, self.settings.loudness
        made_with = {
            "ladder": asdict(self.ladder),
            "loudness": target,
            "streams": [stream.index for stream in audio.streams] if audio else [],
            "copy": bool(info.video and info.video.gops),
            "ffmpeg": version(self.ffmpeg),
            "threads": threads,
        }
        key = Key("encode", STEPS["encode"], {"source": source.sha256}, made_with)

        async def make(folder: Path, progress: Progress) -> None:
            await transcode(
                source.path,
                info,
                self.ladder,
                folder,
                streams=audio.streams if audio else (),
                loudness=audio.loudness if audio else (),
                target_lufs=target,
                ffmpeg=self.ffmpeg,
                threads=threads,
                progress=progress,
            )
            (folder / "attempt").write_text(secrets.token_hex(4), encoding="ascii")

        folder = await self._made("transcode", key, make, info.duration_ms)
        attempt = (folder / "attempt").read_text(encoding="ascii")
        encoding = load(Encoding, (folder / "encoding.json").read_bytes())
        return Encoded(encoding, folder, f"media/{source.sha256}/{key.digest[:16]}-{attempt}")

    async def transcribe(self, audio: Audio, language: str | None) -> Transcript:
        """Recognise the speech."""
        model = self.settings.model
        heard = await asyncio.to_thread(file_sha256, audio.wav)
        made_with = {"model": weights.identity(model, self.cache), "language": language}
        key = Key("transcript", STEPS["transcript"], {"audio": heard}, made_with)

        async def make(folder: Path, progress: Progress) -> None:
            await recognise.transcribe(
                audio.wav,
                model,
                to=folder / "transcript.json",
                language=language,
                cache=self.cache,
                threads=max(1, self.settings.cores // 2),  # the encoder has the rest, and takes longer
                progress=progress,
            )

        wav_ms = audio.wav.stat().st_size // 32  # 16 kHz, 16 bits
        folder = await self._made("transcribe", key, make, wav_ms)
        return load(Transcript, (folder / "transcript.json").read_bytes())

    def caption(self, transcript: Transcript) -> Speech:
        """Turn a transcript into its caption track; no speech gives an empty one."""
        language, model = transcript.language, self.settings.model
        made = cues(transcript, caption_style())
        track = CaptionTrack(language, "captions", language_name(language), "machine", made)
        # A local path is nobody else's business.
        return Speech(transcript, (track,), Path(model).name if weights.is_path(model) else model)

    async def kept_speech(self, standing: Record) -> Speech:
        """Read back the captions and the transcript of the version that stands."""
        with self.ledger.stage("keep captions"), self._folder() as folder:
            tracks = []
            for number, entry in enumerate(standing.captions):
                file = folder / f"{number}.vtt"
                await asyncio.to_thread(self.store.fetch, entry.vtt, file)
                kept = webvtt.guarded(webvtt.read(file), standing.duration_ms)
                tracks.append(CaptionTrack(entry.language, entry.kind, entry.label, entry.origin, kept))
            transcript = None
            if standing.transcript and (found := await asyncio.to_thread(self.store.read, standing.transcript)):
                transcript = load(Transcript, found.data)
            return Speech(transcript, tuple(tracks), standing.speech.model if standing.speech else None)

    async def link(self, transcript: Transcript | None, request: Request, stem: str) -> tuple[Link, tuple[str, ...]]:
        """Find the article among the candidates, or judge the one that a person named; with sentences on bad files."""
        with self.ledger.stage("link"):
            heard = transcript or Transcript(request.language or "und", 0.0, 0, ())
            if request.article:
                chosen = await asyncio.to_thread(read_file, request.article)
                verdict = link(heard, [chosen], title=request.title, date=request.date)
                score = verdict.best.score if verdict.best else 0.0
                return Link("linked", (Candidate(chosen, score),)), ()
            if not request.articles:
                return Link("none", ()), ()
            found = await asyncio.to_thread(read_folder, request.articles)
            verdict = link(heard, found.articles, title=request.title or stem, date=request.date)
            return verdict, found.problems

    async def publish(self, parts: Parts, standing: Record | None) -> delivery.Publication:
        """Put the version together and upload it: immutable objects first, pointers last."""
        with self.ledger.stage("upload") as stage, self._folder() as folder:
            now = dt.datetime.now(self.settings.zone).replace(microsecond=0)
            record, objects = assemble(parts, folder, standing.published_at if standing else None, now)
            try:
                await self._verified(record, objects)
            except Unfit:
                await asyncio.to_thread(self.workspace.discard, parts.encoded.folder)  # the next run makes it anew
                raise
            done = await asyncio.to_thread(delivery.publish, self.store, record, objects, standing, stage.progress)
            stage.reused = not done.changed
            return done

    async def _verified(self, record: Record, objects: Mapping[str, Path | bytes]) -> None:
        """Measure a version by other means before anything of it is uploaded; one that passed is not measured again."""
        key = f"{delivery.version_folder(record.id, record.version)}/record.json"

        async def make(folder: Path, progress: Progress) -> None:
            files = {**objects, key: record.model_dump_json().encode()}
            report = await verify(files, key, ffmpeg=self.ffmpeg, scratch=folder)
            if not report.ok:
                sentence = failure(report, "What was made of the video", "Nothing was published: run it again.")
                raise Unfit(sentence, tail="\n".join(lines(report.failures)))
            (folder / "report.json").write_bytes(dump(report))

        await self._made("verify", Key("verify", STEPS["verify"], {"version": record.version}, {}), make)

    def report(self, id_: str, facts: Mapping[str, Any]) -> None:
        """Keep what is not for the public."""
        place = self.workspace.root / "reports" / f"{id_}.json"
        fresh = place.with_suffix(f".{secrets.token_hex(4)}.part")
        fresh.write_bytes(dump(dict(facts)))
        fresh.replace(place)

    @contextlib.contextmanager
    def _folder(self) -> Iterator[Path]:
        with self.workspace.scratch() as scratch:
            (scratch / "work").mkdir()
            yield scratch / "work"

    async def _made(
        self, stage: str, key: Key, make: Callable[[Path, Progress], Awaitable[None]], media_ms: int | None = None
    ) -> Path:
        with self.ledger.stage(stage, media_ms) as running:
            if kept := await asyncio.to_thread(self.workspace.get, key):
                running.reused = True
                return kept
            with self._folder() as folder:
                await make(folder, running.progress)
                return await asyncio.to_thread(self.workspace.put, key, folder)


def user_cache() -> Path:
    """Return this user's folder for what can be fetched or made again: the models."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser().absolute() / "votd"


def language_name(tag: str) -> str:
    """Name a language in itself ("македонски" for ``mk``), as players show it; unknown tags stand as they are."""
    if tag == "und":
        return "No speech"
    try:
        return Locale.parse(tag, sep="-").get_display_name() or tag
    except (UnknownLocaleError, ValueError):
        return tag

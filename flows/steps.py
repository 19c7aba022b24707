"""The steps of the story: each makes one artifact, or finds it finished in the workspace.

What is finished is found by a key: the step and its number, the hashes of its inputs, its parameters.
"""

import asyncio
import contextlib
import datetime as dt
import functools
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from votd.config import profiles
from votd.config.settings import Settings
from votd.flows.articles import (
    KEPT,
    Found,
    chosen,
    earlier_here,
    earlier_of,
    index_of,
    is_young,
    refresh,
    said_of,
)
from votd.flows.assemble import ENCODING, STEPS, Encoded, Parts, Speech, assemble
from votd.flows.display import Ledger
from votd.flows.facts import Identity, identify, noted
from votd.flows.request import Request
from votd.flows.speech import (
    AUTO,
    SURE_LANGUAGE,
    UNDETERMINED,
    fit_model,
)
from votd.flows.verify import failure, files_of, lines
from votd.media.articles import link as linking
from votd.media.captions.read import parse as parse_captions
from votd.media.delivery import publish as delivery
from votd.media.delivery.store import Store, open_store
from votd.media.errors import BadRequest, Unfit, VotdError
from votd.media.model import (
    AudioStream,
    CaptionTrack,
    Encoding,
    Link,
    Loudness,
    MediaInfo,
    Recognition,
    Transcript,
)
from votd.media.process import Progress
from votd.media.record import Record, RecordArticle
from votd.media.schema import dump, load
from votd.media.source.ingest import ingest
from votd.media.source.judge import judge
from votd.media.source.probe import probe
from votd.media.speech import weights
from votd.media.speech.recogniser import Recogniser, Sound
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

    def __init__(self, settings: Settings, cache: Path, ledger: Ledger, recogniser: Recogniser) -> None:
        self.settings = settings
        self.cache = cache
        self.ledger = ledger
        self.recogniser = recogniser
        self.ladder = profiles.ladder(settings.profile)
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

    async def transcribe(self, audio: Audio, language: str | None) -> Recognition:
        """Recognise the speech; ``auto`` hears an unknown language first, and again where another model is fit."""
        model = fit_model(self.settings, language or UNDETERMINED)
        heard = await self._heard("transcribe", Sound(audio.wav, model, language), self.recogniser.transcribe)
        if self.settings.model == AUTO and not language and heard.transcript.utterances:
            fit = fit_model(self.settings, heard.transcript.language)
            if fit != model:
                heard = await self._heard("transcribe", Sound(audio.wav, fit, language), self.recogniser.transcribe)
        return heard

    async def translate(self, audio: Audio, language: str | None) -> Recognition:
        """Recognise the speech and tell it in English."""
        model = fit_model(self.settings, language or UNDETERMINED)
        return await self._heard("translate", Sound(audio.wav, model, language), self.recogniser.translate)

    async def align(self, audio: Audio, paragraphs: Sequence[str], language: str | None) -> Recognition:
        """Give the words of a script their times: any model can, also one that does not know the language."""
        model = fit_model(self.settings, language or UNDETERMINED, aligning=True)
        ask = functools.partial(self.recogniser.align, script=paragraphs)
        return await self._heard("align", Sound(audio.wav, model, language), ask, {"script": list(paragraphs)})

    async def respell(self, audio: Audio, heard: Recognition, names: Sequence[str]) -> Recognition:
        """Hear doubtful names again, knowing which may have been meant."""
        ask = functools.partial(self.recogniser.respell, heard=heard, names=names)
        what = {"heard": hashlib.sha256(dump(heard)).hexdigest(), "names": list(names)}
        return await self._heard("names", Sound(audio.wav, heard.model, heard.transcript.language), ask, what)

    async def _heard(
        self,
        stage: str,
        sound: Sound,
        ask: Callable[..., Awaitable[Recognition]],
        what: Mapping[str, Any] | None = None,
    ) -> Recognition:
        key = await self._sound_key("names" if stage == "names" else "transcript", stage, sound, what)

        async def make(folder: Path, progress: Progress) -> None:
            await ask(sound, to=folder / "recognition.json", progress=progress)

        wav_ms = sound.wav.stat().st_size // 32  # 16 kHz, 16 bits
        folder = await self._made(stage, key, make, wav_ms)
        return load(Recognition, (folder / "recognition.json").read_bytes())

    async def language(self, audio: Audio) -> str | None:
        """Detect the language of the speech; ``None`` where nobody speaks or it cannot be told."""
        sound = Sound(audio.wav, fit_model(self.settings, UNDETERMINED), None)
        key = await self._sound_key("transcript", "language", sound)

        async def make(folder: Path, progress: Progress) -> None:
            found = await self.recogniser.language(sound, progress)
            (folder / "language.json").write_bytes(dump(found))

        try:
            folder = await self._made("language", key, make)
        except VotdError:  # a person's captions are published without it
            return None
        tag, probability = load(tuple[str, float], (folder / "language.json").read_bytes())
        return tag if probability >= SURE_LANGUAGE and tag != UNDETERMINED else None

    async def _sound_key(self, step: str, task: str, sound: Sound, what: Mapping[str, Any] | None = None) -> Key:
        sha256 = await asyncio.to_thread(file_sha256, sound.wav)
        identity = weights.identity(sound.model, self.cache)
        made_with = {"task": task, "model": identity, "language": sound.language, **(what or {})}
        return Key(step, STEPS[step], {"audio": sha256}, made_with)

    async def kept_speech(self, standing: Record) -> Speech:
        """Read back the captions and the transcript of the version that stands."""
        with self.ledger.stage("keep captions"), self._folder() as folder:
            tracks = []
            for number, entry in enumerate(standing.captions):
                file = folder / f"{number}.vtt"
                await asyncio.to_thread(self.store.fetch, entry.vtt, file)
                kept = parse_captions(file.read_bytes(), f"{number}.vtt", standing.duration_ms).cues
                tracks.append(CaptionTrack(entry.language, entry.kind, entry.label, entry.origin, kept, entry.doubtful))
            transcript = None
            if standing.transcript and (found := await asyncio.to_thread(self.store.read, standing.transcript)):
                transcript = load(Transcript, found.data)
            said = standing.speech
            return Speech(transcript, tuple(tracks), said.model if said else None, said.script if said else None)

    async def kept_encode(self, standing: Record) -> Encoded:
        """Return the encode of the version that stands, of which nothing is fetched but its notes."""
        place = standing.mp4.rpartition("/")[0]
        found = await asyncio.to_thread(self.store.read, f"{place}/{ENCODING}")
        if found is None:
            raise BadRequest(f"{standing.id} was published by an older votd: publish its video again first.")
        return Encoded(load(Encoding, found.data), None, place)

    async def link(
        self, transcript: Transcript | None, request: Request, identity: Identity, standing: Record | None
    ) -> Found:
        """Find the article among the candidates, or judge the one that a person named; with sentences on bad files.

        Raises ``VotdError`` where a named file is no article; whatever else fails costs a sentence.
        """
        with self.ledger.stage("link"):
            if not request.article and not request.articles:
                return Found(Link("none", ()))
            try:
                return await self._found(transcript, request, identity, standing)
            except Exception as e:  # whatever breaks in the search: the video matters more than its link
                if request.article and isinstance(e, VotdError):
                    raise
                return _unsure(Link("none", ()), (f"No article could be looked for: {cause(e)}",), standing)

    async def _found(
        self, transcript: Transcript | None, request: Request, identity: Identity, standing: Record | None
    ) -> Found:
        heard = transcript or Transcript(request.language or UNDETERMINED, 0.0, 0, ())
        day = request.date or identity.date
        said = await asyncio.to_thread(said_of, heard, request.title or identity.stem, day)
        sure, today = request.date is not None, dt.datetime.now(self.settings.zone).date()
        if request.article:
            young = is_young(day, self.settings, today)
            found = await chosen(said, request.article, self.settings, young=young)
            before = await asyncio.to_thread(earlier_here, found.link, request.articles, self.settings)
            return replace(found, earlier=before)
        with contextlib.closing(index_of(self.settings)) as index:
            problems = await refresh(index, request.articles, self.settings, today)
            link = await asyncio.to_thread(linking.link, index, said, request.articles, sure_of_day=sure)
            unknown = [one for one in _machines(standing) if not index.has(one.title, one.url, request.articles)]
            unjudged = unknown and problems and not link.linked
            if unjudged:
                return _unsure(link, problems, standing)
            return Found(link, problems, earlier=await asyncio.to_thread(earlier_of, index, link, request.articles))

    async def publish(self, parts: Parts, standing: Record | None) -> delivery.Publication:
        """Put the version together and upload it: immutable objects first, pointers last."""
        with self.ledger.stage("upload") as stage, self._folder() as folder:
            now = dt.datetime.now(self.settings.zone).replace(microsecond=0)
            record, objects = assemble(parts, folder, standing.published_at if standing else None, now)
            try:
                await self._verified(record, objects, None if parts.encoded.folder else parts.encoded.place)
            except Unfit:
                if parts.encoded.folder:
                    await asyncio.to_thread(self.workspace.discard, parts.encoded.folder)  # the next run makes it anew
                raise
            put = functools.partial(delivery.publish, self.store, record, objects, standing, stage.progress)
            done = await asyncio.to_thread(put, public=parts.public)
            stage.reused = not done.changed
            return done

    async def _verified(self, record: Record, objects: Mapping[str, Path | bytes], stands: str | None) -> None:
        """Measure a version by other means before anything of it is uploaded; one that passed is not measured again.

        What was encoded before is looked at where it ``stands`` in the store.
        """
        key = f"{delivery.version_folder(record.id, record.version)}/record.json"

        async def make(folder: Path, progress: Progress) -> None:
            with files_of(self.store, self.store.list(f"{stands}/") if stands else ()) as standing:
                files = {**standing, **objects, key: record.model_dump_json().encode()}
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
            (scratch / "made").mkdir()
            yield scratch / "made"

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


def _unsure(link: Link, problems: tuple[str, ...], standing: Record | None) -> Found:
    """Say that no search could judge the articles that the machine found before, where there are any."""
    kept = (KEPT,) if _machines(standing) else ()
    return Found(link, (*problems, *kept), unsure=True)


def _machines(standing: Record | None) -> list[RecordArticle]:
    return [one for one in standing.articles if one.origin == "machine"] if standing else []


def cause(error: Exception) -> str:
    """Say what went wrong: our own sentence, or the class and the text of what nobody expected."""
    return str(error) if isinstance(error, VotdError) else f"{type(error).__name__}: {error}"

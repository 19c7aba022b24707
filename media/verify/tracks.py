"""Measure a track from the playlist that names its files: one reading for the rules of HLS, of boxes and of DASH."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from votd.media.verify import boxes, packets
from votd.media.verify.bundle import Bundle
from votd.media.verify.packets import Header, Part
from votd.media.verify.playlists import Attributes, MediaPlaylist, Variant
from votd.media.verify.rates import Piece
from votd.media.verify.walk import Outline


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment with the playlist's word for its length; ``wrong`` says why it could not be read."""

    key: str
    extinf: Fraction
    part: Part | None = None
    facts: boxes.FragmentFacts | None = None
    wrong: str | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """One published track. ``name`` is its folder, ``init`` the key of its initialization segment."""

    name: str
    key: str
    playlist: MediaPlaylist
    init: str
    header: Header
    facts: boxes.InitFacts
    segments: tuple[Segment, ...]

    @property
    def parts(self) -> list[Part]:
        return [segment.part for segment in self.segments if segment.part]

    @property
    def pieces(self) -> list[Piece]:
        return [(part.size, part.seconds) for part in self.parts]

    @property
    def seconds(self) -> Fraction:
        return sum((part.seconds for part in self.parts), Fraction(0))

    @property
    def rate(self) -> Fraction:
        """Samples per second; for video that is its frame rate."""
        return sum(part.samples for part in self.parts) / (self.seconds or Fraction(1))

    @property
    def frame(self) -> Fraction:
        """Seconds of one frame."""
        return 1 / (self.rate or Fraction(1))

    @property
    def shift(self) -> int:
        """Ticks that the edit list takes from every time."""
        return max((media_time for _, media_time in self.facts.edits), default=0)

    @property
    def starts(self) -> list[Fraction]:
        """When the first picture or sound of each segment is presented."""
        return [(part.first_pts - self.shift) * part.time_base for part in self.parts]


@dataclass(frozen=True, slots=True)
class Measured:
    """A version with its tracks measured; ``unread`` says which could not be, and why."""

    outline: Outline
    videos: tuple[tuple[Variant, Track], ...]
    audios: tuple[tuple[Attributes, Track], ...]
    unread: tuple[tuple[str, str], ...]

    @property
    def tracks(self) -> tuple[Track, ...]:
        return (*(track for _, track in self.videos), *(track for _, track in self.audios))


def measure(bundle: Bundle, outline: Outline) -> Measured:
    """Demux every track once."""
    unread: list[tuple[str, str]] = []
    videos = [(tag, _track(bundle, key, playlist, unread)) for tag, key, playlist in outline.videos]
    audios = [(tag, _track(bundle, key, playlist, unread)) for tag, key, playlist in outline.audios]
    return Measured(
        outline,
        tuple((tag, track) for tag, track in videos if track and track.header.kind == "video"),
        tuple((tag, track) for tag, track in audios if track and track.header.kind == "audio"),
        tuple(unread),
    )


def iframe_faults(bundle: Bundle, key: str, playlist: MediaPlaylist, track: Track) -> Iterator[tuple[str, str]]:
    """Decode every range of an I-frame playlist; yield what is wrong."""
    config = track.header.video
    assert config is not None, "only video has I-frames"
    init = bundle.files[track.init].read_bytes()
    own = {segment.key for segment in track.segments}
    for number, entry in enumerate(playlist.entries, 1):
        found, start = bundle.resolve(key, entry.uri), bundle.resolve(key, entry.init or "")
        where = f"{track.name}, I-frame {number}"
        if found not in own or start != track.init:
            yield where, f"{entry.uri} and its EXT-X-MAP are not of this variant"
        elif entry.span is None:
            yield where, "there is no EXT-X-BYTERANGE"
        elif min(entry.span) < 0 or sum(entry.span) > bundle.files[found].stat().st_size:
            yield where, "its range is not within the segment"
        elif wrong := packets.one_idr(init, _range(bundle, found, *entry.span), config):
            yield where, wrong


def _track(bundle: Bundle, key: str, playlist: MediaPlaylist, unread: list[tuple[str, str]]) -> Track | None:
    names = {entry.init for entry in playlist.entries}
    init_key = bundle.resolve(key, names.pop() or "") if len(names) == 1 else None
    entries = [(bundle.resolve(key, entry.uri), entry.seconds) for entry in playlist.entries]
    there = [(each, seconds) for each, seconds in entries if each and bundle.find(each, key)]
    if init_key is None or not bundle.find(init_key, key) or not there:
        unread.append((key, "it has no initialization segment, or no segments"))
        return None
    init = bundle.files[init_key].read_bytes()
    try:
        facts = boxes.init_facts(init)
        header = packets.header(init, bundle.files[there[0][0]].read_bytes())
    except ValueError as e:
        unread.append((init_key, str(e)))
        return None
    segments = tuple(_segment(bundle, init, header, each, seconds) for each, seconds in there)
    if not any(segment.part for segment in segments):
        unread.append((segments[0].key, segments[0].wrong or "it cannot be read"))
        return None
    return Track(key.split("/")[-2], key, playlist, init_key, header, facts, segments)


def _segment(bundle: Bundle, init: bytes, header: Header, key: str, seconds: Fraction) -> Segment:
    data = bundle.files[key].read_bytes()
    try:
        facts = boxes.fragment_facts(data)
        return Segment(key, seconds, packets.part(init, data, header.video), facts)
    except ValueError as e:
        return Segment(key, seconds, wrong=str(e))


def _range(bundle: Bundle, key: str, length: int, offset: int) -> bytes:
    with bundle.files[key].open("rb") as stream:
        stream.seek(offset)
        return stream.read(length)

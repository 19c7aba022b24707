"""Errors cross process borders."""

import pickle

import pytest

from votd.media import errors

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.VotdError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_survives_pickling(kind: type[errors.VotdError]) -> None:
    """An error that does not would hang a pool of workers."""
    arguments = ("It broke.", ("ffmpeg", "-i"), "last words") if issubclass(kind, errors.ToolFailed) else ("It broke.",)
    again = pickle.loads(pickle.dumps(kind(*arguments)))
    assert type(again) is kind
    assert again.args == arguments
    assert str(again) == "It broke."
    assert vars(again) == vars(kind(*arguments))

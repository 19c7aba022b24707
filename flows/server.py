"""Which Prefect server a command talks to, and the environment that Prefect's processes need. Imports no Prefect."""

import json
import os
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

from votd.config.settings import Settings
from votd.media import errors
from votd.media.workspace.workspace import take_lock

ANSWER_S = 5.0
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
}


def find(settings: Settings) -> str | None:
    """Return the API of the server to use: the configured one, else that of a running ``votd up``, else ``None``.

    Raises ``Unavailable`` where one is configured and does not answer.
    """
    api = configured() or on_duty(settings)
    if api and not answers(api):
        raise errors.Unavailable(
            f"The Prefect server at {api} does not answer. Start it, unset PREFECT_API_URL, or give --direct."
        )
    return api


def configured() -> str | None:
    """Return the API that PREFECT_API_URL or Prefect's active profile names."""
    if api := os.environ.get("PREFECT_API_URL"):
        return api
    home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    try:
        profiles = tomllib.loads((home / "profiles.toml").read_text(encoding="utf-8"))
        name = os.environ.get("PREFECT_PROFILE") or profiles["active"]
        return profiles["profiles"][name].get("PREFECT_API_URL") or None
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def duty_lock(settings: Settings) -> Path:
    """Return the file whose lock a running ``votd up`` holds; its text is the API."""
    return settings.home / "duty.lock"


def on_duty(settings: Settings) -> str | None:
    """Return the API of the ``votd up`` that runs for this home."""
    path = duty_lock(settings)
    if not path.is_file():
        return None
    if free := take_lock(path):
        free.close()
        return None
    return path.read_text(encoding="utf-8").strip() or None


def answers(api: str) -> bool:
    """Tell whether a Prefect API answers; one that wants a password answers too."""
    if not api.startswith(("http://", "https://")):
        return False
    try:
        with urllib.request.urlopen(f"{api.rstrip('/')}/health", timeout=ANSWER_S) as answer:  # noqa: S310 - http(s) only
            return json.load(answer) is True
    except urllib.error.HTTPError as e:
        return e.code in (401, 403)
    except (OSError, ValueError):
        return False


def environment(settings: Settings, api: str | None) -> dict[str, str]:
    """Return what Prefect needs to know; without an API it runs its embedded server on files of our own home.

    The start-up limit is generous: on a busy machine the default of 20 s fails every time.
    """
    if api:
        return QUIET | {"PREFECT_API_URL": api}
    return QUIET | {
        "PREFECT_HOME": str(settings.home / "prefect"),
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    }

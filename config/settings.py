"""Every setting of votd: one ``votd.toml``, overridden by ``VOTD_*`` in the environment.

The file is the one that ``VOTD_CONFIG`` names, else ``votd.toml`` in the current folder, else none. Relative paths
in it are relative to it; those in the environment to the current folder. A name in a section is written with two
underscores in the environment: ``VOTD_S3__ENDPOINT``.
"""

import datetime as dt
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from votd.config.profiles import ladder


class S3Settings(BaseModel, extra="forbid"):
    """How to reach an S3 store; the credentials come from boto3's own chain alone."""

    endpoint: str | None = Field(None, description="Address of an S3-compatible server; none for AWS itself")
    path_style: bool = Field(False, description="Put the bucket into the path, as most compatible servers want it")
    checksum: Literal["when_supported", "when_required"] = Field(
        "when_supported", description="`when_required` for servers that refuse newer checksums"
    )


class Settings(BaseSettings):
    """What a machine needs to know; see ``README.md`` for the table made from here."""

    model_config = SettingsConfigDict(
        env_prefix="VOTD_", env_nested_delimiter="__", extra="forbid", validate_default=True, env_ignore_empty=True
    )

    home: Path = Field(Path("~/votd"), description="Folder of the drops, the finished work and Prefect's own files")
    store: str | None = Field(None, description="`file:FOLDER` or `s3://BUCKET/PREFIX`; `file:HOME/site` if not set")
    public_url: str | None = Field(None, description="Public address of the store's root, for the links in messages")
    articles: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Folders and sites (feed, news sitemap, WordPress) among whose articles a drop finds its own; "
        "one a line in the environment",
    )
    article_days: int = Field(
        30, ge=0, description="For how many days the nightly flow looks after a video's link, or tries to find one"
    )
    articles_private: bool = Field(False, description="Allow sites inside this machine's own network")
    timezone: str = Field("Europe/Skopje", description="Of the dates and of the nightly schedule")
    cron: str = Field("0 2 * * *", description="When the nightly flow runs")
    language: str | None = Field(None, description="Of the speech (BCP 47); recognised if not set")
    model: str = Field(
        "auto",
        description="Whisper model: a name that faster-whisper knows, a folder, or `auto`: what is fit and at hand",
    )
    translate: bool = Field(False, description="Add English subtitles, translated by Whisper, to other languages")
    glossary: Path | None = Field(None, description="Names to recognise, one a line; `HOME/glossary.txt` if not set")
    doubtful: float = Field(0.3, ge=0, le=1, description="Share of doubtful captions from which `withhold` applies")
    withhold: bool = Field(False, description="Do not publish machine captions above that share")
    profile: str = Field("fast", description="Which ladder of `config/ladder.toml`")
    loudness: float = Field(-18, ge=-31, le=-9, description="What sounds are brought to, LUFS (EBU R128, AES TD1008)")
    rubric: str = Field("Video of the day", description="The rubric that the page names")
    threads: int = Field(0, ge=0, description="Threads of the encoder and the recogniser; 0: one per core")
    ffmpeg: Path | None = Field(None, description="Another ffmpeg than the one that is installed with votd")
    settle_s: float = Field(5, gt=0, description="Seconds a drop must rest; twelve times that if it looks cut off")
    attempts: int = Field(5, gt=0, description="How often a drop is tried before it is put aside")
    prefect_port: int = Field(4200, gt=0, lt=65536, description="Port of the server that `votd up` runs")
    s3: S3Settings = Field(S3Settings(), description="The section `[s3]`")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments first, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())

    @field_validator("home", "ffmpeg", "glossary")
    @classmethod
    def _absolute(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return _base(info.field_name).joinpath(value.expanduser()).absolute() if value else None

    @field_validator("articles", mode="before")
    @classmethod
    def _sources(cls, value: object) -> object:
        given = value.splitlines() if isinstance(value, str) else value
        if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
            raise ValueError("is not a folder or an address, or a list of them")
        return tuple(source_of(one, _base("articles")) for one in given)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is not a time zone of the IANA list, such as Europe/Skopje")
        return value

    @field_validator("language")
    @classmethod
    def _known_language(cls, value: str | None) -> str | None:
        if value is not None and not is_language(value):
            raise ValueError("is not a language tag such as mk or en")
        return value

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, value: str) -> str:
        ladder(value)
        return value

    @field_validator("cron")
    @classmethod
    def _known_cron(cls, value: str) -> str:
        try:
            CronSim(value, dt.datetime.now(dt.UTC))
        except CronSimError as e:
            raise ValueError("is not a cron line such as 0 2 * * *") from e
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def store_address(self) -> str:
        return self.store or f"file:{self.home / 'site'}"

    @property
    def glossary_file(self) -> Path:
        return self.glossary or self.home / "glossary.txt"

    @property
    def cores(self) -> int:
        return self.threads or len(os.sched_getaffinity(0))

    def environment(self) -> dict[str, str]:
        """Return these settings as ``VOTD_*``, for a child that starts in another folder."""
        flat: dict[str, Any] = {}
        if file := config_file():
            flat["config"] = file
        for name, value in self.model_dump(mode="json", exclude_none=True).items():
            inner = value if isinstance(value, dict) else {}
            flat |= {f"{name}__{n}": v for n, v in inner.items()}
            flat |= {} if inner else {name: "\n".join(value) if isinstance(value, list) else value}
        return {f"VOTD_{name.upper()}": str(value) for name, value in flat.items()}


def config_file() -> Path | None:
    """Return the settings file that applies, if there is one."""
    named = os.environ.get("VOTD_CONFIG")
    file = Path(named or "votd.toml").absolute()
    return file if named or file.is_file() else None


def load(**given: Any) -> Settings:
    """Read the settings; ``given`` wins over environment and file. Raises ``ValueError`` with one sentence."""
    file = config_file()
    if file and not file.is_file():
        raise ValueError(f"The settings file {file}, which VOTD_CONFIG names, is not there.")
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as e:
        first = e.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"The setting {name} is not right: {first['msg'].removeprefix('Value error, ')}.") from e
    except ValueError as e:
        where = f"{file} cannot be read as TOML" if file else "The environment's VOTD_ variables cannot be read"
        raise ValueError(f"{where}: {e}.") from e
    return settings.model_copy(update={"store": _store(settings, given), "model": _model(settings, given)})


def source_of(given: str, base: Path) -> str:
    """Return a source of articles as it is known by: an address as it stands, a folder absolute."""
    return given if re.match(r"https?://", given, re.IGNORECASE) else str((base / Path(given).expanduser()).absolute())


def is_language(tag: str) -> bool:
    """Tell whether a text looks like a BCP 47 tag: it becomes a file's name and part of a playlist."""
    return re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", tag) is not None


def _store(settings: Settings, given: dict[str, Any]) -> str | None:
    """Make a store that is a folder absolute: a worker's runs start somewhere else."""
    store = settings.store
    if store is None or store.startswith("file:/") or re.match(r"(?!file:)\w+:", store):
        return store
    base = Path.cwd() if given.get("store") else _base("store")
    return f"file:{(base / Path(store.removeprefix('file:')).expanduser()).absolute()}"


def _model(settings: Settings, given: dict[str, Any]) -> str:
    """Make a model that is a folder absolute; a name stays one."""
    base = Path.cwd() if given.get("model") else _base("model")
    folder = base / Path(settings.model).expanduser()
    return str(folder.absolute()) if "/" in settings.model and folder.is_dir() else settings.model


def _base(name: str | None) -> Path:
    """Return the folder that a relative path is relative to: the file's own, unless the environment gave it."""
    file = config_file()
    return Path.cwd() if not file or f"VOTD_{(name or '').upper()}" in os.environ else file.parent

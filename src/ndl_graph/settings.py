"""The settings, where each came from, and the one place where the parts are put together."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from ndl_graph.catalog import Catalog
from ndl_graph.errors import SettingError
from ndl_graph.formats import Format
from ndl_graph.loading import Loader, Progress
from ndl_graph.sources import Limits
from ndl_graph.stores import EmbeddedStore
from ndl_graph.validation import Profile, load_profile
from ndl_graph.validation.profiles import DEFAULT_BASE

__all__ = ["SETTINGS", "Setting", "Settings", "load_settings", "open_catalog", "open_loader", "open_profiles"]

_FILE: Final = "ndl-graph.toml"
_ENVIRONMENT: Final = "NDL_GRAPH_"


@dataclass(frozen=True)
class Setting:
    """One setting: its name, default and meaning."""

    name: str
    default: Any
    help: str


#: Every setting; the documentation and `ndl-graph config` are made from it.
SETTINGS: Final = (
    Setting("store", ".ndl-graph", "Folder of the store."),
    Setting(
        "base_iri",
        "",
        "What the IRIs of records start with; empty: that of the store, else http://HOST:PORT/.",
    ),
    Setting("host", "127.0.0.1", "Address that the web service listens on."),
    Setting("port", 8000, "Port that the web service listens on."),
    Setting("profile", "ndl", "Profile, or several with commas, that descriptions are validated against."),
    Setting("title", "National Data Library catalogue", "Name of the catalogue on its pages."),
    Setting("max_file_bytes", 2 * 1024**3, "Largest file that is read."),
    Setting("max_download_bytes", 256 * 1024**2, "Largest answer that is read from the web."),
    Setting("download_seconds", 60, "Longest time that a download may take."),
    Setting("max_body_bytes", 10 * 1024**2, "Largest description that the web service checks."),
    Setting("cache_bytes", 64 * 1024**2, "Memory for pages that are asked for again."),
    Setting("page_size", 20, "Records on one page of search results."),
)


@dataclass(frozen=True)
class Settings:
    """The values of all settings, and by name where each came from."""

    store: str
    base_iri: str
    host: str
    port: int
    profile: str
    title: str
    max_file_bytes: int
    max_download_bytes: int
    download_seconds: int
    max_body_bytes: int
    cache_bytes: int
    page_size: int
    origins: Mapping[str, str]


def load_settings(
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Flags, else `NDL_GRAPH_*`, else `ndl-graph.toml`, else defaults; raises `SettingError`."""
    environment = os.environ if environment is None else environment
    path = (folder or Path()) / _FILE
    from_file = _read_file(path)
    known = {setting.name for setting in SETTINGS}
    for name in from_file:
        if name not in known:
            raise SettingError(f"there is no setting {name!r}", where=str(path), hint="See: ndl-graph config")
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for setting in SETTINGS:
        variable = _ENVIRONMENT + setting.name.upper()
        if flags and flags.get(setting.name) is not None:
            value, origin = flags[setting.name], f"--{setting.name.replace('_', '-')}"
        elif variable in environment:
            value, origin = environment[variable], variable
        elif setting.name in from_file:
            value, origin = from_file[setting.name], str(path)
        else:
            value, origin = setting.default, "default"
        values[setting.name] = _typed(setting, value, origin)
        origins[setting.name] = origin
    base = values["base_iri"]
    if base and not (base.startswith(("http://", "https://")) and base.endswith("/")):
        raise SettingError(
            f"{base!r} is no base for IRIs",
            where=origins["base_iri"],
            hint="It starts with http:// or https:// and ends with a slash.",
        )
    assert {field.name for field in fields(Settings)} == known | {"origins"}
    return Settings(**values, origins=origins)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"it cannot be read: {error}", where=str(path)) from None


def _typed(setting: Setting, value: Any, origin: str) -> Any:
    if not isinstance(setting.default, int):
        return str(value)
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise SettingError(f"{setting.name} must be a whole number, not {value!r}", where=origin) from None
    if number < 0 or (setting.name == "port" and number > 65535) or (setting.name == "page_size" and number < 1):
        raise SettingError(f"{setting.name} cannot be {number}", where=origin)
    return number


def open_store(settings: Settings) -> EmbeddedStore:
    """The store that the settings name; raises `StoreError`."""
    if settings.store.startswith(("http://", "https://")):
        raise SettingError(
            "a SPARQL server as a store is not supported yet",
            where=settings.origins["store"],
            hint="Name a folder with --store.",
        )
    store = EmbeddedStore(Path(settings.store), settings.base_iri or None)
    if not store.exists and not settings.base_iri:
        store.base_iri = f"http://{settings.host}:{settings.port}/"
    return store


def open_catalog(settings: Settings) -> Catalog:
    """The catalogue in the store that the settings name."""
    return Catalog(open_store(settings))


def open_profiles(settings: Settings, base: str = DEFAULT_BASE) -> list[Profile]:
    """The profiles that the settings name; raises `ProfileError`."""
    return [load_profile(name.strip(), base) for name in settings.profile.split(",") if name.strip()]


def limits(settings: Settings) -> Limits:
    """How much of a source is read."""
    return Limits(
        file_bytes=settings.max_file_bytes,
        download_bytes=settings.max_download_bytes,
        seconds=settings.download_seconds,
    )


def open_loader(
    settings: Settings,
    *,
    form: Format | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Loader:
    """A loader for the store that the settings name."""
    store = open_store(settings)
    return Loader(
        store,
        open_profiles(settings, store.base_iri),
        limits=limits(settings),
        form=form,
        dry_run=dry_run,
        progress=progress,
    )

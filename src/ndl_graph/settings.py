"""The settings, where each came from, and the one place where the parts are put together."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pyoxigraph import NamedNode

from ndl_graph.catalog import Catalog
from ndl_graph.errors import SettingError
from ndl_graph.formats import Format
from ndl_graph.links import LinkCache, LinkLimits
from ndl_graph.loading import Loader, Progress
from ndl_graph.namespaces import is_web
from ndl_graph.quality import Scorer
from ndl_graph.sources import Limits
from ndl_graph.sparql.federation import Federation
from ndl_graph.sparql.pool import QueryLimits, Runner, WorkerPool
from ndl_graph.stores import EmbeddedStore, RemoteRunner, RemoteStore, Server
from ndl_graph.validation import Profile, load_profile
from ndl_graph.validation.profiles import DEFAULT_BASE

if TYPE_CHECKING:
    from ndl_graph.search.meaning import Meaning

__all__ = ["SETTINGS", "Setting", "Settings", "load_settings", "open_catalog", "open_loader", "open_profiles"]

_FILE: Final = "ndl-graph.toml"
_ENVIRONMENT: Final = "NDL_GRAPH_"
_LEAST: Final = {
    "page_size": 1,
    "query_workers": 1,
    "query_seconds": 1,
    "query_share_percent": 1,
    "link_at_once": 1,
}
_MOST: Final = {"port": 65535, "query_share_percent": 100, "query_nice": 19}


@dataclass(frozen=True)
class Setting:
    """One setting: its name, default and meaning."""

    name: str
    default: Any
    help: str
    secret: bool = False


#: Every setting; the documentation and `ndl-graph config` are made from it.
SETTINGS: Final = (
    Setting("store", ".ndl-graph", "Folder of the store, or the address of a SPARQL 1.1 server (http://…)."),
    Setting("store_folder", ".ndl-graph-remote", "Folder for what a SPARQL server does not keep: index, rejections."),
    Setting("store_query_url", "", "Where the SPARQL server answers queries; empty: STORE/query."),
    Setting("store_update_url", "", "Where the SPARQL server takes updates; empty: STORE/update."),
    Setting("store_user", "", "Name for the SPARQL server (HTTP Basic)."),
    Setting("store_password", "", "Password for the SPARQL server; shown nowhere.", secret=True),
    Setting("store_seconds", 60, "Longest time that the SPARQL server may take to answer."),
    Setting(
        "base_iri",
        "",
        "What the IRIs of records start with; empty: that of the store, else http://HOST:PORT/.",
    ),
    Setting("host", "127.0.0.1", "Address that the web service listens on."),
    Setting("port", 8000, "Port that the web service listens on."),
    Setting("profile", "ndl", "Profile, or several with commas, that descriptions are validated against."),
    Setting("title", "National Data Library catalogue", "Name of the catalogue on its pages."),
    Setting("contact", "", "E-mail address or page at which those who run the service can be told of a fault."),
    Setting("max_file_bytes", 2 * 1024**3, "Largest file that is read."),
    Setting("max_download_bytes", 256 * 1024**2, "Largest answer that is read from the web."),
    Setting("download_seconds", 60, "Longest time that a download may take."),
    Setting("max_body_bytes", 10 * 1024**2, "Largest description that the web service checks."),
    Setting("check_seconds", 30, "Longest time that the check of a description may take."),
    Setting("check_memory_bytes", 2 * 1024**3, "Most memory that the check of a description may take; 0: no limit."),
    Setting("robots_search", True, "Whether robots.txt lets search engines in."),
    Setting("robots_agents", True, "Whether robots.txt lets in agents that act for a reader."),
    Setting("robots_training", True, "Whether robots.txt lets in collectors of training data."),
    Setting("mcp_hosts", "", "Names, with commas, under which agents may reach /mcp, beside that of the base IRI."),
    Setting("cache_bytes", 64 * 1024**2, "Memory for pages that are asked for again."),
    Setting("meaning", True, "Whether search goes by meaning too, with vectors made while the service runs."),
    Setting("model_folder", "", "A sentence model of 384 dimensions in ONNX; empty: the one that is installed."),
    Setting("meaning_threads", 1, "Threads that make vectors."),
    Setting("page_size", 20, "Records on one page of search results."),
    Setting("link_days", 30, "Days after which a link is checked again."),
    Setting("link_seconds", 20, "Longest time that a link may take to answer when links are checked."),
    Setting("link_pause_ms", 1000, "Milliseconds between two links to one host."),
    Setting("link_at_once", 16, "Hosts that are asked at the same time."),
    Setting("link_private_hosts", "", "Hosts, with commas, that are checked although they are inside the network."),
    Setting("score_distributions", "best", "Whether one good distribution is enough for a score (best), or all must."),
    Setting("query_workers", 4, "Processes that answer public queries."),
    Setting("query_seconds", 10, "Longest time that a public query may take."),
    Setting("query_memory_bytes", 1024**3, "Most memory that a public query may take; 0 sets no limit."),
    Setting("query_rows", 1_000_000, "Most rows, or triples, in the answer to a public query."),
    Setting("query_bytes", 256 * 1024**2, "Largest answer to a public query."),
    Setting("query_text_bytes", 1024**2, "Longest text of a public query."),
    Setting("query_queue", 64, "Public queries that may wait for a worker."),
    Setting("query_wait_seconds", 10, "Longest time that a public query waits for a worker."),
    Setting("query_share_percent", 75, "Part of the workers, and of the queue, that one client may hold."),
    Setting("query_nice", 19, "How far public queries stand back where pages want the processor: 0 not, 19 wholly."),
    Setting("query_keys", "", "Keys, with commas, that make a client of their own (header X-API-Key).", secret=True),
    Setting("query_add_prefixes", True, "Whether well-known prefixes that a query does not declare are added."),
    Setting("dump_seconds", 600, "Longest time that a download of the whole catalogue may take."),
    Setting("service_endpoints", "", "Endpoints, with commas, that SERVICE may ask; empty: none."),
    Setting("service_seconds", 5, "Longest time that such an endpoint may take."),
    Setting("service_bytes", 4 * 1024**2, "Largest answer of such an endpoint."),
)


@dataclass(frozen=True)
class Settings:
    """The values of all settings, and by name where each came from."""

    store: str
    store_folder: str
    store_query_url: str
    store_update_url: str
    store_user: str
    store_password: str = field(repr=False)
    store_seconds: int
    base_iri: str
    host: str
    port: int
    profile: str
    title: str
    contact: str
    max_file_bytes: int
    max_download_bytes: int
    download_seconds: int
    max_body_bytes: int
    check_seconds: int
    check_memory_bytes: int
    robots_search: bool
    robots_agents: bool
    robots_training: bool
    mcp_hosts: str
    cache_bytes: int
    meaning: bool
    model_folder: str
    meaning_threads: int
    page_size: int
    link_days: int
    link_seconds: int
    link_pause_ms: int
    link_at_once: int
    link_private_hosts: str
    score_distributions: str
    query_workers: int
    query_seconds: int
    query_memory_bytes: int
    query_rows: int
    query_bytes: int
    query_text_bytes: int
    query_queue: int
    query_wait_seconds: int
    query_share_percent: int
    query_nice: int
    query_keys: str = field(repr=False)
    query_add_prefixes: bool
    dump_seconds: int
    service_endpoints: str
    service_seconds: int
    service_bytes: int
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
    if values["score_distributions"] not in ("best", "all"):
        raise SettingError(
            f"score_distributions is best or all, not {values['score_distributions']!r}",
            where=origins["score_distributions"],
        )
    base = values["base_iri"]
    if base and not _is_base(base):
        raise SettingError(
            f"{base!r} is no base for IRIs",
            where=origins["base_iri"],
            hint="It starts with http:// or https://, names a host and ends with a slash: https://data.example.gov.uk/",
        )
    if not split_list(values["profile"]):
        raise SettingError(
            "no profile is named: nothing would be checked",
            where=origins["profile"],
            hint="Name one, such as ndl; `ndl-graph profiles` lists them.",
        )
    assert {one.name for one in fields(Settings)} == known | {"origins"}
    return Settings(**values, origins=origins)


def _is_base(iri: str) -> bool:
    """Whether names can stand behind an IRI: it names a host and a folder, and nothing else."""
    try:
        NamedNode(iri)
        parts = urlsplit(iri)
    except ValueError:
        return False
    return is_web(iri) and bool(parts.hostname) and iri.endswith("/") and not set("?#") & set(iri)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"it cannot be read: {error}", where=str(path)) from None
    except OSError as error:
        raise SettingError(f"it cannot be read: {error.strerror}", where=str(path)) from None


def _typed(setting: Setting, value: Any, origin: str) -> Any:
    if isinstance(setting.default, bool):
        said = str(value).strip().casefold()
        if said in ("true", "yes", "on", "1", "false", "no", "off", "0"):
            return said in ("true", "yes", "on", "1")
        raise SettingError(f"{setting.name} is yes or no, not {value!r}", where=origin)
    if not isinstance(setting.default, int):
        return str(value)
    try:
        number = int(value)
        if isinstance(value, float) and number != value:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise SettingError(f"{setting.name} must be a whole number, not {value!r}", where=origin) from None
    if number < _LEAST.get(setting.name, 0) or number > _MOST.get(setting.name, number):
        raise SettingError(f"{setting.name} cannot be {number}", where=origin)
    return number


def open_store(settings: Settings) -> EmbeddedStore | RemoteStore:
    """The store that the settings name; raises `StoreError`."""
    if is_remote(settings):
        return RemoteStore(open_server(settings), Path(settings.store_folder), settings.base_iri or None)
    store = EmbeddedStore(Path(settings.store), settings.base_iri or None)
    if not store.exists and not settings.base_iri:
        store.base_iri = f"http://{settings.host}:{settings.port}/"
    return store


def is_remote(settings: Settings) -> bool:
    """Whether the store is on a SPARQL server."""
    return is_web(settings.store)


def open_server(settings: Settings) -> Server:
    """The SPARQL server that the settings name."""
    address = settings.store.rstrip("/")
    return Server(
        query_url=settings.store_query_url or f"{address}/query",
        update_url=settings.store_update_url or f"{address}/update",
        user=settings.store_user,
        password=settings.store_password,
        seconds=settings.store_seconds,
    )


def split_list(text: str) -> list[str]:
    """The parts of a setting that holds several with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def open_runner(settings: Settings) -> Runner:
    """What runs public queries on the store that the settings name."""
    if is_remote(settings):
        return RemoteRunner(open_server(settings), query_limits(settings))
    return WorkerPool(
        size=settings.query_workers,
        limits=query_limits(settings),
        share=settings.query_share_percent / 100,
        queue=settings.query_queue,
        wait_seconds=settings.query_wait_seconds,
        nice=settings.query_nice,
    )


def query_limits(settings: Settings) -> QueryLimits:
    """What a public query may use."""
    return QueryLimits(
        query_seconds=settings.query_seconds,
        query_memory_bytes=settings.query_memory_bytes,
        query_rows=settings.query_rows,
        query_bytes=settings.query_bytes,
    )


def open_federation(settings: Settings) -> Federation:
    """The endpoints that public queries may ask."""
    return Federation(
        frozenset(split_list(settings.service_endpoints)), settings.service_seconds, settings.service_bytes
    )


def open_catalog(settings: Settings) -> Catalog:
    """The catalogue in the store that the settings name."""
    return Catalog(open_store(settings))


def open_profiles(settings: Settings, base: str = DEFAULT_BASE) -> list[Profile]:
    """The profiles that the settings name; raises `ProfileError`."""
    return [load_profile(name, base) for name in dict.fromkeys(split_list(settings.profile))]


def links_file(settings: Settings) -> Path:
    """Where what is known of links is kept: beside the store, or beside what a SPARQL server does not keep."""
    return Path(settings.store_folder if is_remote(settings) else settings.store) / "links.sqlite"


def open_meaning(settings: Settings) -> "Meaning | None":
    """What finds records by meaning; None where it is turned off or the model is not installed."""
    if not settings.meaning:
        return None
    from ndl_graph.search.embedding import Embedder
    from ndl_graph.search.meaning import Meaning

    embedder = Embedder.installed(settings.model_folder, settings.meaning_threads)
    return Meaning(embedder, links_file(settings).with_name("vectors.sqlite")) if embedder else None


def link_limits(settings: Settings, user_agent: str) -> LinkLimits:
    """How links are checked, and in whose name."""
    return LinkLimits(
        seconds=settings.link_seconds,
        pause=settings.link_pause_ms / 1000,
        at_once=settings.link_at_once,
        private_hosts=frozenset(split_list(settings.link_private_hosts)),
        user_agent=user_agent,
    )


def open_scorer(settings: Settings) -> Scorer:
    """What says how good a description is, with what is known of links."""
    return Scorer(LinkCache.known(links_file(settings)), all_distributions=settings.score_distributions == "all")


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
        scorer=open_scorer(settings),
    )

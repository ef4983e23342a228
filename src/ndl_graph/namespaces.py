"""The prefixes of the field, each in one place."""

import re
from typing import Final

from pyoxigraph import NamedNode

__all__ = [
    "ADMS",
    "CR",
    "DCAT",
    "DCT",
    "DPV",
    "FOAF",
    "GENID",
    "HYDRA",
    "IANA",
    "LOCN",
    "METRIC",
    "NDL",
    "ODRL",
    "ORG",
    "OWL",
    "POD",
    "PREFIXES",
    "PROV",
    "RDF",
    "RDFS",
    "RELATIVE",
    "SCHEMA",
    "SD",
    "SH",
    "SKOS",
    "SPDX",
    "TIME",
    "VCARD",
    "VOID",
    "WELL_KNOWN",
    "XSD",
    "Namespace",
    "compact",
    "has_xml_name",
    "is_web",
    "relative_base",
]


class Namespace:
    """The terms under one IRI: `DCT.title`, or `VCARD["organization-name"]`."""

    def __init__(self, iri: str) -> None:
        self._iri = iri

    def __getattr__(self, name: str) -> NamedNode:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> NamedNode:
        # Terms are asked for millions of times in a load: each is made once.
        node: NamedNode = self.__dict__.setdefault(name, NamedNode(self._iri + name))
        return node

    def __str__(self) -> str:
        return self._iri


#: Our vocabulary: its terms stand behind a #, its lists of terms behind a /.
VOCABULARY: Final = "https://w3id.org/ndl-graph/vocab"

PREFIXES: Final[dict[str, str]] = {
    "adms": "http://www.w3.org/ns/adms#",
    "cr": "http://mlcommons.org/croissant/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "dqv": "http://www.w3.org/ns/dqv#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "locn": "http://www.w3.org/ns/locn#",
    "ndl": f"{VOCABULARY}#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "pod": "https://project-open-data.cio.gov/v1.1/schema#",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "ukgov": "https://w3id.org/co-cddo/ukgov-metadata-exchange-model/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

#: Prefixes that a query may use without declaring them: ours, and others that everybody knows.
WELL_KNOWN: Final[dict[str, str]] = {
    **PREFIXES,
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": PREFIXES["dct"],
    "geo": "http://www.opengis.net/ont/geosparql#",
    "qb": "http://purl.org/linked-data/cube#",
    "sdo": PREFIXES["schema"],
    "time": "http://www.w3.org/2006/time#",
    "wgs84": "http://www.w3.org/2003/01/geo/wgs84_pos#",
}

ADMS: Final = Namespace(PREFIXES["adms"])
CR: Final = Namespace(PREFIXES["cr"])
DCAT: Final = Namespace(PREFIXES["dcat"])
DCT: Final = Namespace(PREFIXES["dct"])
DPV: Final = Namespace(PREFIXES["dpv"])
DQV: Final = Namespace(PREFIXES["dqv"])
FOAF: Final = Namespace(PREFIXES["foaf"])
HYDRA: Final = Namespace(PREFIXES["hydra"])
IANA: Final = Namespace("https://www.iana.org/assignments/media-types/")
LOCN: Final = Namespace(PREFIXES["locn"])
#: The start of each metric of ours (`vocab/metric.ttl`).
METRIC: Final = f"{VOCABULARY}/metric#"
NDL: Final = Namespace(PREFIXES["ndl"])
ODRL: Final = Namespace(PREFIXES["odrl"])
ORG: Final = Namespace(PREFIXES["org"])
OWL: Final = Namespace(PREFIXES["owl"])
POD: Final = Namespace(PREFIXES["pod"])
PROV: Final = Namespace(PREFIXES["prov"])
RDF: Final = Namespace(PREFIXES["rdf"])
RDFS: Final = Namespace(PREFIXES["rdfs"])
SCHEMA: Final = Namespace(PREFIXES["schema"])
SD: Final = Namespace(PREFIXES["sd"])
SH: Final = Namespace(PREFIXES["sh"])
SKOS: Final = Namespace(PREFIXES["skos"])
SPDX: Final = Namespace(PREFIXES["spdx"])
TIME: Final = Namespace(WELL_KNOWN["time"])
VCARD: Final = Namespace(PREFIXES["vcard"])
VOID: Final = Namespace(PREFIXES["void"])
XSD: Final = Namespace(PREFIXES["xsd"])

_BY_LENGTH: Final = sorted(PREFIXES.items(), key=lambda item: -len(item[1]))


def is_web(address: str) -> bool:
    """Whether an address is one of the web; a scheme may be written in capitals (RFC 3986, section 3.1)."""
    return address.startswith(("http://", "https://")) or address[:8].lower().startswith(("http://", "https://"))


def compact(iri: str) -> str:
    """The prefixed name of an IRI (`dct:title`), or the IRI itself where no prefix fits."""
    for prefix, namespace in _BY_LENGTH:
        if iri.startswith(namespace):
            local = iri[len(namespace) :]
            return f"{prefix}:{local}" if local and "/" not in local else iri
    return iri


_XML_NAME: Final = re.compile(r"[^\W\d][\w.\-\u00b7]*\Z")


def has_xml_name(iri: str) -> bool:
    """Whether an XML element can be called by a property of that IRI (RDF 1.1 XML Syntax, section 2.4)."""
    return _XML_NAME.search(iri) is not None


#: What marks an IRI that was made for a blank node (RDF 1.1, section 3.5).
GENID: Final = "/.well-known/genid/"
#: The start of an IRI that was relative.
RELATIVE: Final = re.compile(r"relative://[0-9]*/")


def relative_base(number: int = 0) -> str:
    """What a document's relative IRIs are read against, so that they can be told apart and given a stable home later.

    A number keeps those of one document apart from those of the others.
    """
    return f"relative://{number or ''}/"

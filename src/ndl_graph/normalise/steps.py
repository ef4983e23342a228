"""The repairs, each with an example: the documentation, the load report and the tests are made from this table."""

from dataclasses import dataclass, field
from typing import Final

__all__ = ["STEPS", "Repairs", "Step"]

_EU: Final = "http://publications.europa.eu/resource/authority/"


@dataclass(frozen=True)
class Step:
    """One repair: what it is called, what it does, and an example in Turtle before and after."""

    name: str
    what: str
    before: str
    after: str


STEPS: Final = (
    Step(
        "iri",
        "Spaces and other characters that an IRI may not hold are percent-encoded; scheme and host are lower-cased.",
        "ex:d dcat:landingPage <HTTPS://Data.Example.org/my data> .",
        "ex:d dcat:landingPage <https://data.example.org/my%20data> .",
    ),
    Step(
        "term",
        "Terms in superseded namespaces and in the wrong case get their standard IRI.",
        "ex:d <http://www.w3.org/ns/dcat#accessUrl> <https://example.org/> .",
        "ex:d dcat:accessURL <https://example.org/> .",
    ),
    Step(
        "empty",
        "Values that hold no text, or a mark that a template left, are left out, and so are licences, places and the "
        "like of which nothing is said.",
        'ex:d dct:provenance "" ; dct:title "Rivers" .',
        'ex:d dct:title "Rivers" .',
    ),
    Step(
        "text",
        "Characters that no text has, such as a vertical tab, and directions of writing are taken out.",
        'ex:d dct:title "Rivers\\u000B" .',
        'ex:d dct:title "Rivers" .',
    ),
    Step(
        "language-tag",
        "Language tags are written as BCP 47 has them.",
        'ex:d dct:title "Afonydd"@welsh .',
        'ex:d dct:title "Afonydd"@cy .',
    ),
    Step(
        "link",
        "Web addresses given as text become IRIs, one that begins with `www.` with its `https://`; one that starts "
        "nowhere becomes the text that it is.",
        'ex:d dcat:landingPage "https://example.org/rivers" .',
        "ex:d dcat:landingPage <https://example.org/rivers> .",
    ),
    Step(
        "email",
        "E-mail addresses become `mailto:` IRIs, also where a name stands beside them.",
        'ex:c vcard:hasEmail "data@example.org" .',
        "ex:c vcard:hasEmail <mailto:data@example.org> .",
    ),
    Step(
        "date",
        "Dates get the type that fits them; dates in words or with the day first are rewritten where only one "
        "reading is possible.",
        'ex:d dct:modified "4 May 2022" ; dct:issued "2022-05-04T15:46:07Z" .',
        'ex:d dct:modified "2022-05-04"^^xsd:date ; dct:issued "2022-05-04T15:46:07Z"^^xsd:dateTime .',
    ),
    Step(
        "language",
        "Languages of the data become IRIs of the EU language list.",
        'ex:d dct:language "en-GB" .',
        f"ex:d dct:language <{_EU}language/ENG> .",
    ),
    Step(
        "licence",
        "Licence names and the many addresses of one licence become the licence's own IRI.",
        "ex:d dct:license <https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3> .",
        "ex:d dct:license <http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/> .",
    ),
    Step(
        "media-type",
        "Media types become IRIs of the IANA registry; a plain `type/subtype` is kept beside, as the UK model asks.",
        'ex:f dcat:mediaType "text/csv" .',
        'ex:f dcat:mediaType "text/csv", <https://www.iana.org/assignments/media-types/text/csv> .',
    ),
    Step(
        "format",
        "Names of file formats become IRIs of the EU file type list.",
        'ex:f dct:format "MS EXCEL" .',
        f"ex:f dct:format <{_EU}file-type/XLS> .",
    ),
    Step(
        "frequency",
        "Update frequencies become IRIs of the EU frequency list; a Dublin Core frequency is kept beside.",
        'ex:d dct:accrualPeriodicity "R/P1M" .',
        f"ex:d dct:accrualPeriodicity <{_EU}frequency/MONTHLY> .",
    ),
    Step(
        "access-rights",
        "UK and US access levels are kept and the EU access right is put beside them.",
        'ex:d dct:accessRights "OPEN" .',
        f'ex:d dct:accessRights "OPEN", <{_EU}access-right/PUBLIC> .',
    ),
    Step(
        "agent",
        "A publisher or creator given as a name becomes an organisation with that name.",
        'ex:d dct:publisher "Highland Council" .',
        "ex:d dct:publisher <https://base.example/organisation/highland-council> . "
        '<https://base.example/organisation/highland-council> a foaf:Agent ; foaf:name "Highland Council" .',
    ),
    Step(
        "period",
        "A period written as `start/end`, `start to end` or one date becomes a `dct:PeriodOfTime`; one in schema.org's "
        "words gets DCAT's beside.",
        'ex:d dct:temporal "2001-01-01/2011-12-31" .',
        "ex:d dct:temporal [ a dct:PeriodOfTime ; "
        'dcat:startDate "2001-01-01"^^xsd:date ; dcat:endDate "2011-12-31"^^xsd:date ] .',
    ),
    Step(
        "place",
        "Codes of areas of the UK, which stand on nine characters, become the addresses that go with them.",
        'ex:d dct:spatial "S92000003" .',
        "ex:d dct:spatial <http://statistics.data.gov.uk/id/statistical-geography/S92000003> .",
    ),
    Step(
        "checksum",
        "Names of hash functions become the terms that SPDX has for them.",
        'ex:c spdx:algorithm "SHA-256" .',
        "ex:c spdx:algorithm spdx:checksumAlgorithm_sha256 .",
    ),
    # The steps below need a whole description and are done when it is cut out: see `identity`.
    Step(
        "crosswalk",
        "A schema.org or Croissant dataset gets the same statements in DCAT; its own stay.",
        'ex:d a schema:Dataset ; schema:name "Rivers" .',
        'ex:d a schema:Dataset, dcat:Dataset ; schema:name "Rivers" ; dct:title "Rivers" .',
    ),
    Step(
        "dataset-iri",
        "A dataset without an IRI of its own gets one from us, which leads to its page.",
        '[] a dcat:Dataset ; dct:title "Rivers" .',
        '<https://base.example/id/dataset/rivers> a dcat:Dataset ; dct:title "Rivers" .',
    ),
    Step(
        "blank-node",
        "Blank nodes get stable IRIs made from what is said about them (RDF 1.1, section 3.5).",
        'ex:d a dcat:Dataset ; dcat:contactPoint [ vcard:fn "Data team" ] .',
        "ex:d a dcat:Dataset ; dcat:contactPoint <https://base.example/.well-known/genid/HASH> . "
        '<https://base.example/.well-known/genid/HASH> vcard:fn "Data team" .',
    ),
)


def _told(value: object) -> str:
    text = str(value)
    return "a blank node" if text.startswith("_:") else text[:200]


@dataclass
class Repairs:
    """How often each step changed something, with the first example."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, tuple[str, str]] = field(default_factory=dict)

    def note(self, step: str, before: object, after: object) -> None:
        """Counts one repair."""
        self.counts[step] = self.counts.get(step, 0) + 1
        if step not in self.examples:
            # The name of a blank node is another one at each reading.
            self.examples[step] = (_told(before), _told(after))

    def add(self, other: "Repairs") -> None:
        """Takes in the counts of another report."""
        for step, count in other.counts.items():
            self.counts[step] = self.counts.get(step, 0) + count
            self.examples.setdefault(step, other.examples[step])

    def as_json(self) -> dict[str, dict[str, object]]:
        """Count and example by step, in the order of `STEPS`."""
        return {
            step.name: {
                "count": self.counts[step.name],
                "before": self.examples[step.name][0],
                "after": self.examples[step.name][1],
            }
            for step in STEPS
            if step.name in self.counts
        }

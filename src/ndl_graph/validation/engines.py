"""Two SHACL engines behind one function: a fast one for sets, and the reference it is held against."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, Literal

from ndl_graph.errors import ProfileError
from ndl_graph.namespaces import SH, XSD
from ndl_graph.record import Term, triples_of
from ndl_graph.validation.profiles import Profile
from ndl_graph.validation.report import Result, Severity, ValidationReport, short_path

if TYPE_CHECKING:
    import rdflib

__all__ = ["ENGINES", "nonconforming", "validate"]

#: Runs shapes on data, both N-Triples; gives the results in terms of the profile.
Engine = Callable[[Profile, str, str], list[Result]]


@lru_cache(maxsize=32)
def _compiled(profile_iri: str, shapes: str) -> object:
    import shacl

    try:
        return shacl.Shapes.from_text(shapes, "ntriples", base=profile_iri)
    except ValueError as error:
        raise ProfileError(f"the shapes are ill-formed: {error}", where=profile_iri) from None


def fast(profile: Profile, shapes: str, data: str) -> list[Result]:
    """The results of the Rust engine `shacl`."""
    import shacl

    compiled = _compiled(profile.iri, shapes)
    assert isinstance(compiled, shacl.Shapes)
    try:
        report = compiled.validate_text(data, "ntriples", allow_warnings=True)
    except ValueError as error:
        raise ProfileError(f"the shapes cannot be applied: {error}", where=profile.iri) from None
    results = report.results
    if any(node and node.startswith("_:") for found in results for node in (found.focus_node, found.value)):
        names = _blank_names(shapes, data)
    else:
        names = {}
    return [
        _result(
            profile,
            focus=names.get(found.focus_node) or _plain(found.focus_node),
            path=_path(found.path),
            value=None if found.value is None else names.get(found.value) or found.value_plain or "",
            term=None if found.value is None else names.get(found.value, found.value),
            component=found.component,
            severity=found.severity.lower(),
            shape=_plain(found.source_shape or found.root_shape or ""),
            message=found.message,
        )
        for found in results
    ]


def _blank_names(shapes: str, data: str) -> dict[str, str]:
    """The engine's names of blank nodes and ours: it numbers them as it meets them, those of the shapes first."""
    first = len(dict.fromkeys(_blank_nodes(shapes)))
    return {f"_:0_b{number}": name for number, name in enumerate(dict.fromkeys(_blank_nodes(data)), first)}


def _blank_nodes(ntriples: str) -> Iterator[str]:
    for line in ntriples.split("\n"):
        if "_:" in line:
            subject, _, value = line.split(" ", 2)
            if subject.startswith("_:"):
                yield subject
            if value.startswith("_:"):
                yield value.split(" ", 1)[0]


def reference(profile: Profile, shapes: str, data: str) -> list[Result]:
    """The results of pySHACL."""
    import pyshacl
    import rdflib
    from rdflib.namespace import SH as RSH

    graph = rdflib.Graph()
    for triple in triples_of(line.removesuffix(" .") for line in data.split("\n") if line):
        graph.add((_rdflib_node(triple.subject), rdflib.URIRef(triple.predicate.value), _rdflib_node(triple.object)))
    try:
        _, report, text = pyshacl.validate(
            graph,
            shacl_graph=rdflib.Graph().parse(data=shapes, format="nt"),
            inference="none",
            allow_warnings=True,
        )
    except Exception as error:  # pySHACL raises its own errors and rdflib's
        raise ProfileError(f"the shapes are ill-formed: {error}", where=profile.iri) from error
    if not isinstance(report, rdflib.Graph):
        raise ProfileError(f"the shapes are ill-formed: {text}", where=profile.iri)
    results = []
    for node in report.objects(None, RSH.result):
        path = report.value(node, RSH.resultPath)
        value = report.value(node, RSH.value)
        message = report.value(node, RSH.resultMessage)
        results.append(
            _result(
                profile,
                focus=_term(report.value(node, RSH.focusNode)),
                path=None if path is None else _rdflib_path(report, path),
                value=None if value is None else _term(value),
                term=None if value is None else _n_triples(value),
                component=str(report.value(node, RSH.sourceConstraintComponent)).rsplit("#", 1)[-1],
                severity=str(report.value(node, RSH.resultSeverity)).rsplit("#", 1)[-1].lower(),
                shape=str(report.value(node, RSH.sourceShape)),
                message=None if message is None else str(message),
            )
        )
    return results


def _rdflib_node(term: Term) -> "rdflib.term.Node":
    """The term with its blank node's name and its lexical form kept, which rdflib's own parser would change."""
    import rdflib

    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    if isinstance(term, Literal):
        if term.language:
            return rdflib.Literal(term.value, lang=term.language, normalize=False)
        # To rdflib a text with its datatype stated is another literal than one without.
        datatype = None if term.datatype == XSD.string else rdflib.URIRef(term.datatype.value)
        return rdflib.Literal(term.value, datatype=datatype, normalize=False)
    return rdflib.URIRef(getattr(term, "value", str(term)))


def _n_triples(term: "rdflib.term.Node") -> str:
    text: str = term.n3()
    return text


def _term(term: object) -> str:
    import rdflib

    return f"_:{term}" if isinstance(term, rdflib.BNode) else str(term)


#: The engines by name, to be held beside each other; `fast` serves where it is installed.
ENGINES: Final[dict[str, Engine]] = {"fast": fast, "reference": reference}


def _default_engine() -> Engine:
    try:
        import shacl  # noqa: F401 - only asks whether it is there
    except ImportError:
        return reference
    return fast


def validate(
    profiles: Sequence[Profile], data: str, engine: Engine | None = None, background: str = ""
) -> ValidationReport:
    """Validates N-Triples against each of the profiles (SHACL, section 3).

    `background` is N-Triples that the shapes may look at, such as a class hierarchy, and that are never reported on.
    Constraints marked with `ndl:engine` are left to the reference engine. Only `sh:Violation` keeps a description
    from conforming; warnings and information are advice. Raises `ProfileError` for shapes that are ill-formed.
    """
    run = engine or _default_engine()
    results: list[Result] = []
    for profile in profiles:
        apart = background + profile.background
        whole = data + apart
        if engine is None and run is fast and profile.for_reference_engine:
            found = run(profile, profile.for_fast_engine, whole)
            found += reference(profile, profile.for_reference_engine, whole)
        else:
            found = run(profile, profile.ntriples, whole)
        results += _told(found, data, apart) if apart else found
    results.sort(key=lambda found: (found.rank, found.focus_node, found.value or ""))
    return ValidationReport(profile="+".join(profile.name for profile in profiles), results=tuple(results))


def unreadable(profiles: Sequence[Profile], focus_node: str, error: Exception) -> ValidationReport:
    """The report on a description that an engine cannot read, or at which we failed: one violation that says so."""
    message, fix = (
        (f"It cannot be read as RDF: {error.message[:300]}", "Correct the address or the value that is named.")
        if isinstance(error, ProfileError)
        else (
            f"It could not be examined ({type(error).__name__}: {str(error)[:200]}).",
            "This is a fault of ndl-graph. Please report it with the description that shows it.",
        )
    )
    result = Result(
        focus_node=focus_node,
        path=None,
        value=None,
        component=f"{SH}NodeKindConstraintComponent",
        severity="violation",
        message=message,
        fix=fix,
        why="What cannot be read or examined is not published; all else in the source is.",
        example="<https://data.example.gov.uk/river%20levels>",
        shape=profiles[0].iri if profiles else "",
    )
    return ValidationReport("+".join(profile.name for profile in profiles), (result,))


def nonconforming(profile: Profile, data: str) -> set[str]:
    """The focus nodes with a result of any severity, when nothing else is asked of the results."""
    if _default_engine() is fast and not profile.for_reference_engine:
        import shacl

        compiled = _compiled(profile.iri, profile.ntriples)
        assert isinstance(compiled, shacl.Shapes)
        return {_plain(found.focus_node) for found in compiled.validate_text(data, "ntriples").results}
    return {found.focus_node for found in validate([profile], data).results}


def _told(results: list[Result], data: str, background: str) -> list[Result]:
    """The results about what was given, not those about the background."""
    behind = {_plain(line.split(" ", 1)[0]) for line in background.split("\n") if line}
    suspects = behind & {found.focus_node for found in results}
    if suspects:
        suspects -= {_plain(line.split(" ", 1)[0]) for line in data.split("\n")}
    return [found for found in results if found.focus_node not in suspects]


#: What a constraint of a shape without a message asks for (SHACL, section 4), in plain words.
_ASKS: Final = {
    "MinCount": "There are fewer values of {path} than asked for.",
    "MaxCount": "There are more values of {path} than allowed.",
    "Datatype": "A value of {path} is not of the datatype asked for.",
    "Class": "A value of {path} is not of the class asked for.",
    "NodeKind": "A value of {path} is not of the kind asked for: text, address or node.",
    "Pattern": "A value of {path} is not written in the form asked for.",
    "MinLength": "A value of {path} is shorter than asked for.",
    "MaxLength": "A value of {path} is longer than allowed.",
    "In": "A value of {path} is not in the list of values.",
    "HasValue": "The value of {path} that is asked for is not there.",
    "LanguageIn": "A value of {path} is in none of the languages asked for.",
    "UniqueLang": "{path} has two values in one language.",
    "Equals": "The values of {path} are not the same as those of another property.",
    "Disjoint": "A value of {path} is given for another property too.",
    "LessThan": "A value of {path} is not less than that of another property.",
    "LessThanOrEquals": "A value of {path} is greater than that of another property.",
    "MinInclusive": "A value of {path} is too small.",
    "MinExclusive": "A value of {path} is too small.",
    "MaxInclusive": "A value of {path} is too large.",
    "MaxExclusive": "A value of {path} is too large.",
    "Closed": "{path} is not one of the properties allowed here.",
    "Not": "A value of {path} is what it must not be.",
    "Or": "A value of {path} is none of what it may be.",
    "Xone": "A value of {path} is not exactly one of what it may be.",
    "And": "A value of {path} is not all that it must be.",
    "Node": "A value of {path} is not as another shape asks.",
}


def _in_words(component: str, path: str | None) -> str:
    asks = _ASKS.get(component.removesuffix("ConstraintComponent"), "{path} does not meet " + component + ".")
    return asks.format(path=short_path(path) or "the node")


#: Severities of one's own making count as violations (SHACL, section 2.1.4, leaves their meaning open).
_SEVERITIES: Final[dict[str, Severity]] = {"violation": "violation", "warning": "warning", "info": "info"}


def _result(
    profile: Profile,
    *,
    focus: str,
    path: str | None,
    value: str | None,
    term: str | None,
    component: str,
    severity: str,
    shape: str,
    message: str | None,
) -> Result:
    rule = profile.rules.get(shape)
    return Result(
        focus_node=focus,
        path=path,
        value=value,
        term=term,
        component=f"{SH}{component}",
        severity=_SEVERITIES.get(severity, "violation"),
        message=(rule.message if rule else None) or message or _in_words(component, path),
        fix=rule.fix if rule else "",
        why=rule.why if rule else "",
        example=rule.example if rule else "",
        shape=shape,
        order=rule.order if rule else 999,
        path_graph=rule.path_graph if rule else (),
    )


def _plain(term: str) -> str:
    if term.startswith('"'):  # a literal can be a focus node, where a shape targets the objects of a property
        return getattr(triples_of([f"<urn:s> <urn:p> {term}"])[0].object, "value", term)
    return term[1:-1] if term.startswith("<") else term


def _path(path: str | None) -> str | None:
    if path and path.startswith("<") and path.endswith(">") and path.count("<") == 1:
        return path[1:-1]
    return path


def _rdflib_path(report: "object", path: "object") -> str:
    import rdflib
    from rdflib.collection import Collection
    from rdflib.namespace import RDF as RRDF
    from rdflib.namespace import SH as RSH

    assert isinstance(report, rdflib.Graph)

    def render(node: object, top: bool = False) -> str:
        if isinstance(node, rdflib.URIRef):
            return str(node) if top else f"<{node}>"
        assert isinstance(node, rdflib.BNode)
        if (node, RRDF.first, None) in report:
            return "(" + "/".join(render(part) for part in Collection(report, node)) + ")"
        if (options := report.value(node, RSH.alternativePath)) is not None:
            return "(" + "|".join(render(part) for part in Collection(report, options)) + ")"
        if (inverse := report.value(node, RSH.inversePath)) is not None:
            return "^" + render(inverse)
        for name, mark in ((RSH.zeroOrMorePath, "*"), (RSH.oneOrMorePath, "+"), (RSH.zeroOrOnePath, "?")):
            if (inner := report.value(node, name)) is not None:
                return f"({render(inner)}){mark}"
        return str(node)

    return render(path, top=True)

"""Two SHACL engines behind one function: a fast one for sets, and the reference it is held against."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from ndl_graph.errors import ProfileError
from ndl_graph.namespaces import SH
from ndl_graph.validation.profiles import Profile
from ndl_graph.validation.report import Result, ValidationReport

__all__ = ["ENGINES", "validate"]

Engine = Callable[[Profile, str], list[Result]]


@lru_cache(maxsize=16)
def _compiled(profile_iri: str, shapes: str) -> object:
    import shacl

    try:
        return shacl.Shapes.from_text(shapes, "ntriples", base=profile_iri)
    except ValueError as error:
        raise ProfileError(f"the shapes are ill-formed: {error}", where=profile_iri) from None


def fast(profile: Profile, data: str) -> list[Result]:
    """The results of the Rust engine `shacl`; `data` is N-Triples."""
    import shacl

    shapes = _compiled(profile.iri, profile.ntriples)
    assert isinstance(shapes, shacl.Shapes)
    report = shapes.validate_text(data, "ntriples", allow_warnings=True)
    return [
        _result(
            profile,
            focus=_plain(found.focus_node),
            path=_path(found.path),
            value=None if found.value is None else found.value_plain or "",
            component=found.component,
            severity=found.severity.lower(),
            shape=_plain(found.source_shape or ""),
            message=found.message,
        )
        for found in report.results
    ]


def reference(profile: Profile, data: str) -> list[Result]:
    """The results of pySHACL; `data` is N-Triples."""
    import pyshacl
    import rdflib
    from rdflib.namespace import SH as RSH

    shapes = rdflib.Graph().parse(data=profile.ntriples, format="nt")
    graph = rdflib.Graph().parse(data=data, format="nt")
    try:
        _, report, text = pyshacl.validate(graph, shacl_graph=shapes, inference="none", allow_warnings=True)
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
                focus=str(report.value(node, RSH.focusNode)),
                path=None if path is None else _rdflib_path(report, path),
                value=None if value is None else str(value),
                component=str(report.value(node, RSH.sourceConstraintComponent)).rsplit("#", 1)[-1],
                severity=str(report.value(node, RSH.resultSeverity)).rsplit("#", 1)[-1].lower(),
                shape=str(report.value(node, RSH.sourceShape)),
                message=None if message is None else str(message),
            )
        )
    return results


#: The engines by name; the first that is installed is used.
ENGINES: Final[dict[str, Engine]] = {"fast": fast, "reference": reference}


def _default_engine() -> Engine:
    try:
        import shacl  # noqa: F401 - only asks whether it is there
    except ImportError:
        return reference
    return fast


def validate(profiles: Sequence[Profile], data: str, engine: Engine | None = None) -> ValidationReport:
    """Validates N-Triples against each of the profiles (SHACL, section 3).

    Only `sh:Violation` keeps a description from conforming; warnings and information are advice.
    Raises `ProfileError` for shapes that are ill-formed.
    """
    run = engine or _default_engine()
    results = [result for profile in profiles for result in run(profile, data)]
    results.sort(key=lambda found: (found.rank, found.focus_node, found.value or ""))
    return ValidationReport(profile="+".join(profile.name for profile in profiles), results=tuple(results))


def _result(
    profile: Profile,
    *,
    focus: str,
    path: str | None,
    value: str | None,
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
        component=f"{SH}{component}",
        severity=severity,
        message=(rule.message if rule else None) or message or component,
        fix=rule.fix if rule else "",
        why=rule.why if rule else "",
        example=rule.example if rule else "",
        shape=shape,
        order=rule.order if rule else 999,
    )


def _plain(term: str) -> str:
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

"""What is read of a query before it runs, and what is told when it finds nothing."""

import pytest
from pyoxigraph import QueryResultsFormat, QuerySolutions, Store

from ndl_graph.catalog import Catalog
from ndl_graph.errors import QueryError, UpdateError
from ndl_graph.namespaces import PREFIXES
from ndl_graph.sparql import hints, read_query, told_as_query_error
from ndl_graph.sparql.clients import client_at
from ndl_graph.sparql.federation import Federation
from ndl_graph.sparql.query import quiet
from ndl_graph.sparql.worker import Rows


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * { ?s ?p ?o }", "select"),
        ("# ask\nPREFIX a: <http://a/>\nBASE <http://b/> construct { ?s ?p ?o } where { ?s ?p ?o }", "construct"),
        ("prefix select: <http://ask/> ASK {}", "ask"),
        ("DESCRIBE <http://a>", "describe"),
        ("nothing of the kind", None),
        ("", None),
    ],
)
def test_form(text: str, form: str | None) -> None:
    assert read_query(text).form == form


@pytest.mark.parametrize(
    "text",
    ["INSERT DATA { <a:a> <a:b> 1 }", "# SELECT\nprefix a: <a:> delete where { ?s ?p ?o }", "LOAD <http://a>",
     "drop all", "WITH <http://g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", "base <http://x/> CLEAR DEFAULT"],
)  # fmt: skip
def test_updates_are_told_from_queries(text: str) -> None:
    with pytest.raises(UpdateError, match="only reads"):
        read_query(text)


def test_quiet_keeps_places_and_hides_text() -> None:
    text = "SELECT * { ?s ?p \"a { # 'b\" , '''it's \" {''' . # { service\n FILTER(?a<?b) <http://x#y> }"
    told = quiet(text)
    assert len(told) == len(text)
    assert (told.count("{"), told.count("}"), told.count("#")) == (1, 1, 0)
    assert "service" not in told


def test_known_prefixes_are_added_and_only_those() -> None:
    query = read_query(
        "PREFIX foaf: <http://mine/> SELECT * { ?d a dcat:Dataset ; foaf:x 'dct:title' ; odd:y ?z ; :l 1 }"
    )
    assert query.added == {"dcat": PREFIXES["dcat"]}
    assert read_query("SELECT * { ?d dcterms:title ?t }").added == {"dcterms": PREFIXES["dct"]}
    assert read_query("SELECT * { ?d a dcat:Dataset }", add_prefixes=False).added == {}


def test_a_prefix_is_known_wherever_its_name_stands() -> None:
    query = read_query(
        "SELECT * { ?a<dct:title ; 'x'^^xsd:date . ?b dcat:theme\n<http://x/skos:y>, 'foaf:x' # odrl:z\n }"
    )
    assert query.added.keys() == {"dct", "xsd", "dcat"}


@pytest.mark.parametrize(
    "listed", ["1", "1.5 -2", "a:b", "?x", "'text'@en", "<http://a/b>", "ex:it\\'s", "true, word."]
)
def test_a_long_text_is_read_as_a_short_one_is(listed: str) -> None:
    """Runs of words and numbers are read as one: what stands between and after them is seen all the same."""
    query = read_query(
        f"SELECT * FROM <http://g> {{ {(listed + ' ') * 50}SERVICE <http://s/> {{ ?s ?p ?o }} {listed} }}"
    )
    assert query.default_graphs == ("http://g",)
    assert [one.endpoint for one in query.services] == ["http://s/"]


def test_from_clauses_are_read() -> None:
    query = read_query(
        "PREFIX g: <http://g/> SELECT * FROM <http://a> FROM g:b FROM NAMED <http://c> { ?from ?named <http://d> }"
    )
    assert query.default_graphs == ("http://a", "http://g/b")
    assert query.named_graphs == ("http://c",)


@pytest.mark.parametrize(
    "text",
    [
        "CONSTRUCT { ?s ?p ?o } FROM <http://a> FROM NAMED <http://c> WHERE { ?s ?p ?o }",
        "CONSTRUCT FROM <http://a> FROM NAMED <http://c> WHERE { ?s ?p ?o }",
        "DESCRIBE <http://x> FROM <http://a> FROM NAMED <http://c>",
        "DESCRIBE ?x FROM <http://a> FROM NAMED <http://c> { ?x ?p ?o }",
        "SELECT (EXISTS { ?s ?p ?o } AS ?e) FROM <http://a> FROM NAMED <http://c> { ?s ?p ?o }",
        "ASK FROM <http://a> FROM NAMED <http://c> { { SELECT ?s { ?s <http://from/x> 'FROM <http://z>' } } }",
    ],
)
def test_from_clauses_are_read_wherever_they_stand(text: str) -> None:
    query = read_query(text)
    assert (query.default_graphs, query.named_graphs) == (("http://a",), ("http://c",))


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64"), ("", ""), ("unix", "unix"),
    ],
)  # fmt: skip
def test_a_client_is_told_by_its_address(host: str, client: str) -> None:
    assert client_at(host) == client


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://169.254.169.254/> { ?s ?p ?o } }",
        "SELECT * { ?s ?p 1SERVICE<http://10.0.0.1/>{?s ?p ?o} }",
        "SELECT * { service silent <http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * { SERVICESILENT<http://127.0.0.1/>{?s ?p ?o} }",
        "PREFIX e: <http://127.0.0.1/> SELECT * { SERVICE e:x { ?s ?p ?o } }",
        "SELECT * { VALUES ?x { <http://127.0.0.1/> } SERVICE ?x { ?s ?p ?o } }",
        "SELECT * { ?s ?p ?o # a comment\n SERVICE #{\n <http://127.0.0.1/> # <\n { ?s ?p ?o } }",
        "SELECT * { ?s ?p trueSERVICE<http://127.0.0.1/>{?s ?p ?o} }",
        "SELECT * { FILTER(?a<?b)SERVICE<http://127.0.0.1/>{?s ?p ?o} }",
        "SELECT * { ?s a ?x.SERVICE <http://127.0.0.1/> { ?z ?zz ?zzz } }",
        'SELECT * { ?s ?p "x"@en.SERVICE <http://127.0.0.1/> { ?a ?b ?c } }',
        r"SELECT * { BIND(<http://x/\u0041#> AS ?b) SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        r"PREFIX e: <http://e/> SELECT * { VALUES ?b { e:a\#b } SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        r"PREFIX e: <http://e/> SELECT * { VALUES ?b { e:a\'b } SERVICE <http://127.0.0.1/> { ?s ?p 'x' } }",
        "PREFIX e: <http://e/> SELECT * { ?s ?p e:.SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "PREFIX e: <http://e/> SELECT * { ?s ?p e:a. SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "PREFIX e: <http://127.0.0.1/> SELECT * { SERVICEe:x { ?s ?p ?o } }",
        "SELECT * { SERVICE?x{ ?s ?p ?o } }",
        "SELECT * {{} serVice silent <http://127.0.0.1/>{ ?s ?p ?o }}",
    ],
)
def test_every_spelling_of_service_is_seen(text: str) -> None:
    query = read_query(text)
    assert query.services
    with pytest.raises(QueryError, match="is not allowed"):
        Federation().resolve(query)


@pytest.mark.parametrize(
    "text",
    ["SELECT * { ?service ?p ?o }", 'SELECT * { ?s ?p "SERVICE <http://x> {" }',
     "SELECT * { ?x ex:service ex:y { ?a ?b ?c } }", "SELECT * { <http://x/service/y> ?p ?o } # SERVICE <x> {",
     "PREFIX d: <http://d/> SELECT * { GRAPH d:service-x { ?s ?p ?o } }"],
)  # fmt: skip
def test_what_only_looks_like_service_is_let_be(text: str) -> None:
    assert not read_query(text).services


@pytest.mark.parametrize(
    "text",
    [
        r"SELECT * { \u0053ERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        r"SELECT * { ?s ?p <http://x\u003e\u0020.\u0020SERVICE\u0020\u003chttp://127.0.0.1/\u003e\u007b?a?b?c\u007d> }",
        r'SELECT * { ?s ?p "\u0022\u0020.\u0020SERVICE\u0020<http://127.0.0.1/>{?a?b?c}#" }',
    ],
)
def test_what_some_servers_would_read_as_service_is_refused(text: str) -> None:
    """They make characters of escapes before they parse (SPARQL 1.1, section 19.2)."""
    with pytest.raises(QueryError, match="an escape may stand for"):
        read_query(text)


def test_a_call_is_not_hidden_behind_one_that_is_let_through() -> None:
    """Spelt out, the one call is a comment, and the text holds another."""
    text = r'SELECT * { ?a ?b "\u0022 SERVICE <http://evil/> {} } #" . SERVICE <http://ok/> { ?s ?p ?o } }'
    with pytest.raises(QueryError, match="an escape may stand for"):
        read_query(text)
    allowed = read_query(r"SELECT * { SERVICE <http://ok/\u0061> { ?s ?p '\u0062' } }")
    assert [one.endpoint for one in allowed.services] == [r"http://ok/\u0061"]


def test_bases_are_resolved_one_after_the_other() -> None:
    query = read_query("BASE <http://a/x/> BASE <y/> PREFIX q: <z#> SELECT * FROM <g> FROM q:h { ?s ?p ?o }")
    assert query.default_graphs == ("http://a/x/y/g", "http://a/x/y/z#h")


def test_values_and_datatypes_are_no_operators() -> None:
    dates = " ".join(['"2020-01-01"^^xsd:date'] * 2_500)
    assert read_query(f"SELECT * {{ VALUES ?x {{ {dates} }} }}").form == "select"
    either = " || ".join(["?s = <http://a/>"] * 900)
    assert read_query(f"SELECT * {{ ?s ?p ?o FILTER({either}) }}").form == "select"


def test_a_byte_order_mark_is_no_part_of_a_query() -> None:
    assert read_query("\ufeffSELECT * { ?s ?p ?o }").text == "SELECT * { ?s ?p ?o }"


def test_names_are_no_operators() -> None:
    names = " ".join(f"d:annual-survey-of-hours-and-earnings-{number}" for number in range(400))
    assert read_query(f"PREFIX d: <http://d/> SELECT * {{ VALUES ?d {{ {names} }} ?d a ?t }}").form == "select"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("PREFIX d: <http://d/>\n# PREFIX d: <http://other/>\n", "FROM d:uk-biobank { ?s ?p ?o }"),
        ("PREFIX d: <http://d/> ", r"FROM d:uk\-biobank { ?s ?p ?o }"),
        ("BASE <http://d/> ", "FROM <uk-biobank> { ?s ?p ?o }"),
        ("", r"FROM <http://d/uk\u002Dbiobank> { ?s ?p ?o }"),
    ],
)
def test_from_is_read_as_the_grammar_has_it(start: str, end: str) -> None:
    assert read_query(f"{start}SELECT * {end}").default_graphs == ("http://d/uk-biobank",)
    assert (
        read_query("SELECT ((?from < 2020 && ?to > 2010) AS ?ok) { VALUES (?from ?to) { (1 2) } }").default_graphs == ()
    )


@pytest.mark.parametrize("text", ["SELECT * {" + "(" * 10_000, "SELECT (" + "1+" * 10_000 + "1 AS ?x) {}", "{" * 600])
def test_excess_is_refused_before_the_engine_sees_it(text: str) -> None:
    with pytest.raises(QueryError, match="is the most"):
        read_query(text)


@pytest.mark.parametrize(
    ("text", "message", "line", "hint"),
    [
        ("SELECT *\nWHERE ?s ?p ?o", "“?s” cannot stand here", 2, "WHERE ?s ?p ?o\n      ^"),
        ("SELECT * {\n ?s ?p \n}", "what begins with “?s” cannot be read", 2, " ?s ?p \n ^"),
        (
            "SELECT ?s {\n ?s <a:b> ?t\n ?s <a:c> ?d }",
            "what begins with “?s” cannot be read",
            3,
            " ?s <a:c> ?d }\n ^",
        ),
        ("SELECT * { <rel> ?p ?o }", "what begins with “<rel>” cannot be read", 1, "{ <rel> ?p ?o }\n           ^"),
        ("SELECT * { ?s ?p ?o } ORDER BY ?s LIMT 5", "“LIMT” cannot stand here", 1, f"LIMT 5\n{' ' * 34}^"),
        ("SELECT ?s { ?s ?p ?o } ODER BY ?s", "“ODER” cannot stand here", 1, f"ODER BY ?s\n{' ' * 23}^"),
        ("SELECT ?s WERE { ?s ?p ?o }", "“WERE” cannot stand here", 1, "WERE { ?s ?p ?o }\n          ^"),
        ("SELECT COUNT(*) { ?s ?p ?o }", "“COUNT” cannot stand here", 1, "SELECT COUNT(*)"),
        ("SELECT * { FILTER(?a == 1) }", "“=” cannot stand here", 1, f"== 1) }}\n{' ' * 22}^"),
        ("SELECT * { ?s ?p ?o } }", "“}” cannot stand here", 1, f"}} }}\n{' ' * 22}^"),
        (
            "PREFIX dct <http://x/>\nSELECT * {}",
            "“<http://x/>” cannot stand here",
            1,
            "PREFIX dct <http://x/>\n          ^",
        ),
        ("SELECT * { ?s ?p ?o", "a { is not closed", 1, "^"),
        (
            "SELECT * { ?s dcct:title ?o }",
            "the prefix dcct: is not declared",
            1,
            "PREFIX dct: <http://purl.org/dc/terms/>",
        ),
        # Where the engine stumbles over what follows the slip.
        ("SELECT ?x\n{ foo:bar ?p ?x }", "the prefix foo: is not declared", 2, "{ foo:bar ?p ?x }\n  ^"),
        ("SELECT * { FILTER(geof:distance(?t, ?t) < 1) }", "the prefix geof: is not declared", 1, "PREFIX geo: <"),
        ("SELEC ?s { ?s ?p ?o }", "no query begins with “SELEC”", 1, "Write SELECT."),
        ("PREFIX a: <http://a/>\nFIND ?x", "no query begins with “FIND”", 2, "ASK, CONSTRUCT, DESCRIBE, SELECT"),
        ("SELECT ?x { ?s ?p ?o } GROUP BY ?s", "the SELECT contains a variable that is unbound", 1, "^"),
        ("SELECT * { ?s <a b> ?o }", "IRI parsing failed", 1, "^"),
    ],
)
def test_errors_are_in_words(text: str, message: str, line: int, hint: str) -> None:
    query = read_query(text)
    with pytest.raises(QueryError) as found, told_as_query_error(query):
        Store().query(query.for_engine)
    assert found.value.message.casefold().startswith(message.casefold())
    assert found.value.line == line
    assert hint in str(found.value.hint)
    assert "expected" not in str(found.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{ ?d a dcat:Dataset ; dcat:title ?t }", "dcat:Dataset has no dcat:title; it has dct:title."),
        ("{ ?d a dcat:DataSet }", "Nothing is a dcat:DataSet; there is dcat:Dataset."),
        # Another namespace under a name that everybody knows.
        ("PREFIX dcat: <http://www.w3.org/ns/dcat/> SELECT * { ?d a dcat:Dataset }",
         "Nothing is a dcat:Dataset; there is dcat:Dataset where dcat: is <http://www.w3.org/ns/dcat#>, and in the "
         "query it is <http://www.w3.org/ns/dcat/>."),
        ("PREFIX dct: <http://purl.org/dc/elements/1.1/> SELECT * { ?d dct:publisher ?n }",
         "Nothing here has dct:publisher; there is dct:publisher where dct: is <http://purl.org/dc/terms/>"),
        ("{ ?d dct:licence ?l }", "Nothing here has dct:licence; there is dct:license."),
        ("{ ?d dct:publisher/foaf:nmae ?n }", "Nothing here has foaf:nmae; there is foaf:name."),
        ("{ [] a dcat:Dataset ; dcat:distribution [ a dcat:Distribution ; dcat:mediatype ?m ] }",
         "dcat:Distribution has no dcat:mediatype; it has dcat:mediaType."),
        ("{ ?d a <http://www.w3.org/ns/dcat#Dataset> OPTIONAL { ?d <http://purl.org/dc/terms/tittle> ?t } }",
         "dcat:Dataset has no dct:tittle; it has dct:title."),
        ("{ ?d a dcat:Dataset ; schema:name ?n }", "dcat:Dataset has no schema:name;"),
    ],
)  # fmt: skip
def test_hints_name_the_nearest_term(demo: Catalog, text: str, told: str) -> None:
    found = hints(read_query(text if "SELECT" in text else f"SELECT * {text}"), demo.statistics())
    assert found
    assert found[0].startswith(told)


def test_no_hint_where_every_term_is_known(demo: Catalog) -> None:
    text = 'SELECT * { ?d a dcat:Dataset ; dct:title "nowhere" ; dct:publisher/foaf:name ?n FILTER(?n = odd:thing) }'
    assert hints(read_query(text), demo.statistics()) == []


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_rows_are_counted_in_every_format(form: str, step: int) -> None:
    values = ' "a" '.join(['"plain"', '"quo\\"te,{}"', '"line\\nfeed"', '"}},{\\"x\\":"', '"</result>"', '"<result>"'])
    query = f"SELECT ?x ?y {{ VALUES ?x {{ {values} }} VALUES ?y {{ 1 2 3 }} }}"
    found, answer = Store().query(query), Store().query(query)
    assert isinstance(found, QuerySolutions)
    assert isinstance(answer, QuerySolutions)
    expected = len(list(found))
    kinds = {
        "json": QueryResultsFormat.JSON,
        "xml": QueryResultsFormat.XML,
        "csv": QueryResultsFormat.CSV,
        "tsv": QueryResultsFormat.TSV,
    }
    written = answer.serialize(format=kinds[form])
    assert written is not None
    if form == "json":
        bare = Rows(form)
        bare.add(b'{"head":{"vars":["x"]},"results":{"bindings":[{},{},{"x":{"type":"uri","value":"{},{}"}},{}]}}')
        assert bare.count == 4, "a row without a value is a row"
    rows = Rows(form)
    for start in range(0, len(written), step):
        rows.add(written[start : start + step])
    assert rows.count == expected

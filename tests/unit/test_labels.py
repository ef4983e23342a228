"""What a term is called that no vocabulary here names."""

import pytest

from ndl_graph.labels import default_labels, short_address

UNKNOWN = [
    ("https://example.org/def/concept/HousingAndHomes", "Housing And Homes"),
    ("https://example.org/theme/road-safety", "Road safety"),
    ("https://www.usa.gov/publicdomain/label/1.0/", "usa.gov/publicdomain/label/1.0"),
    ("https://example.org/concept/c_af502da0", "example.org/concept/c_af502da0"),
    ("https://example.org/search?filters[topic]=Mapping", "example.org/search?filters[topic]=Mapping"),
    ("https://example.org/organisation/61249878937", "example.org/organisation/61249878937"),
    ("http://publications.europa.eu/resource/authority/file-type/XYZ_9", "XYZ 9"),
    ("https://www.iana.org/assignments/media-types/text/x-new", "text/x-new"),
    ("mailto:no-reply@example.org", "mailto:no-reply@example.org"),
]


@pytest.mark.parametrize(("iri", "name"), UNKNOWN)
def test_a_name_is_made_of_words_only(iri: str, name: str) -> None:
    assert default_labels().text(iri) == name


def test_an_address_as_people_say_it() -> None:
    assert short_address("https://www.example.org/a/") == "example.org/a"
    assert short_address("http://") == "http://"

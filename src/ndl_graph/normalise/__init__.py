"""Repairs what publishers really write: ordered, named, idempotent steps, each reported and none silent."""

from ndl_graph.normalise.dates import read_date
from ndl_graph.normalise.iris import clean_iri, percent_encoded, standard_term, web_address
from ndl_graph.normalise.normaliser import Normaliser
from ndl_graph.normalise.steps import STEPS, Repairs, Step

__all__ = [
    "STEPS",
    "Normaliser",
    "Repairs",
    "Step",
    "clean_iri",
    "percent_encoded",
    "read_date",
    "standard_term",
    "web_address",
]

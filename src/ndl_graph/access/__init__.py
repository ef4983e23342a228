"""Who may use data, for what, and what they must do first: read from a description, stated as an offer, told in words.

The level that a publisher states stands. Where none is stated, the first rule of `vocab/access-rule.ttl` that fits the
publisher's own words gives one, and the record says which rule and which words; where none fits, nothing is stated.
The offer (ODRL) is made from the description, and the sentences are made from the offer, so that they cannot disagree.
"""

from ndl_graph.access.level import APPLICANTS, LEVELS, Access, Rule, access_of, is_behind_approval, is_free, rules
from ndl_graph.access.offer import access_lines, is_offer, without_access
from ndl_graph.access.words import is_licensed, sentences

__all__ = [
    "APPLICANTS",
    "LEVELS",
    "Access",
    "Rule",
    "access_lines",
    "access_of",
    "is_behind_approval",
    "is_free",
    "is_licensed",
    "is_offer",
    "rules",
    "sentences",
    "without_access",
]

"""Checks descriptions against profiles and says in plain words what is wrong and how to mend it."""

from ndl_graph.validation.agreeing import agreeing
from ndl_graph.validation.engines import nonconforming, unreadable, validate
from ndl_graph.validation.profiles import FORMS, Profile, Rule, load_profile, profile_names, read_profile
from ndl_graph.validation.report import Result, Severity, ValidationReport

__all__ = [
    "FORMS",
    "Profile",
    "Result",
    "Rule",
    "Severity",
    "ValidationReport",
    "agreeing",
    "load_profile",
    "nonconforming",
    "profile_names",
    "read_profile",
    "unreadable",
    "validate",
]

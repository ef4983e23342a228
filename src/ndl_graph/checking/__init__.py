"""Checks of files and of descriptions from outside, before anything is stored."""

from ndl_graph.checking.checker import Checker, Document, Fix, published
from ndl_graph.checking.confined import Checked, CheckRequest, Turns, check_confined

__all__ = ["CheckRequest", "Checked", "Checker", "Document", "Fix", "Turns", "check_confined", "published"]

"""The web edge: translates HTTP to the catalogue and back."""

from ndl_graph.web.app import create_app

__all__ = ["create_app"]

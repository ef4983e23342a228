"""A catalogue of dataset descriptions, published as linked data.

It stores what is said about datasets, never the datasets themselves.
"""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("ndl-graph")

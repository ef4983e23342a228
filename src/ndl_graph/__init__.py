"""A catalogue of dataset descriptions, published as linked data.

It stores what is said about datasets, never the datasets themselves.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"

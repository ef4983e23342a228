"""Loading: sources are parsed, normalised, split, named, examined and stored, a bounded chunk at a time.

While one chunk is read and repaired, the one before is examined and the one before that written: reading is
Python's work, validating and storing are the engines', in threads of their own. All a record's statements are
taken, or none.
"""

from ndl_graph.loading.loader import Loader, Progress
from ndl_graph.loading.summary import LoadSummary, SourceSummary

__all__ = ["LoadSummary", "Loader", "Progress", "SourceSummary"]

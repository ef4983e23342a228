"""Where the shapes and the vocabulary are: in the installed package, or in a checkout."""

from pathlib import Path

__all__ = ["shapes_folder", "vocab_folder"]


def _folder(name: str) -> Path:
    package = Path(__file__).parent
    packaged = package / name
    # An editable install does not see what the wheel's build copies in.
    return packaged if packaged.is_dir() else package.parent.parent / name


def shapes_folder() -> Path:
    """The folder that holds one folder of shapes a profile."""
    return _folder("shapes")


def vocab_folder() -> Path:
    """The folder that holds our terms, concept schemes, labels and value tables."""
    return _folder("vocab")

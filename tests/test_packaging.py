"""The wheel holds shapes and vocabulary, and works where nothing else of the project is."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import DATA, ROOT


@pytest.mark.slow
def test_wheel_works_in_an_empty_environment(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    wheel = next(tmp_path.glob("*.whl"))
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = (
        "shapes/ndl/shapes.ttl", "vocab/ndl.ttl", "py.typed", "web/templates/record.html", "web/static/vendor/site.css",
        "formats/contexts/croissant.json", "web/locale/cy.po",
    )  # fmt: skip
    for part in wanted:
        assert f"ndl_graph/{part}" in names
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    sample = DATA / "open-england" / "price-paid.ttl"
    done = subprocess.run(
        [tmp_path / "env" / "bin" / "ndl-graph", "validate", sample],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "it conforms" in done.stdout

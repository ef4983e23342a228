"""The API does what its OpenAPI description says, whatever schemathesis makes up from it."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx
import pytest

#: Not the media type: a request that is no HTTP (an address of 64 kB) is answered before the application sees it.
CHECKS: Final = "not_a_server_error,status_code_conformance,response_schema_conformance,unsupported_method"


@pytest.mark.slow
def test_schemathesis_finds_nothing(service: httpx.Client, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{service.base_url}/openapi.json"),
            *("--checks", CHECKS, "--phases", "coverage,fuzzing", "--max-examples", "5", "--seed", "1"),
            *("--request-timeout", "30", "--no-color", "--report", "junit", "--report-junit-path", report),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
        check=False,
    )
    told = "\n".join(line[:300] for line in done.stdout.splitlines()[-60:])
    assert done.returncode == 0, told
    operations = service.get("/openapi.json").json()["paths"]
    assert f"Tested: {sum(len(one) for one in operations.values())}" in done.stdout, told

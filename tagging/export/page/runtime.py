"""onnxruntime-web: fetched once by npm, which knows its registry, or given as a file; checked by its hash."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from foundation.files import write_atomic
from foundation.scratch import scratch_folder
from tagging.export.errors import ExportError

NAME, VERSION = "onnxruntime-web", "1.30.0"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="  # as npm has it
_FILE = f"{NAME}-{VERSION}.tgz"
_SCRIPT, _WASM = "package/dist/ort.wasm.bundle.min.mjs", "package/dist/ort-wasm-simd-threaded.wasm"
_EXPORTS = re.compile(r"export\{([^{}]*)\};")
_ENOUGH_S = 600


@dataclass(frozen=True)
class WebRuntime:
    """What a page needs of it.

    Attributes:
        script: defines `ort` in a worker.
        wasm: WebAssembly for one thread, with SIMD.
    """

    script: str
    wasm: bytes


def web_runtime(given: Path | None) -> WebRuntime:
    """The runtime from a file, or from the cache, which is filled by npm.

    Args:
        given: the npm package; None: fetch it, once.

    Raises:
        ExportError: another file than expected; it cannot be fetched.
    """
    package = given or _cached()
    if given and not given.is_file():
        raise ExportError(f"--runtime: expected {_FILE}, received {given}: no such file")
    if not _is_right(package):
        raise ExportError(
            f"--runtime: expected {_FILE} with the hash sha512-{SHA512}, received {package} with another hash; "
            f"fetch it with npm pack {NAME}@{VERSION}"
        )
    with tarfile.open(package) as archive:
        script, wasm = (_member(archive, name) for name in (_SCRIPT, _WASM))
    return WebRuntime(_classic(script.decode()), wasm)


def _cached() -> Path:
    """The package in Keras's cache folder, where published weights are, too."""
    home = os.environ.get("KERAS_HOME")
    path = (Path(home) if home else Path.home() / ".keras") / "runtimes" / _FILE
    if not (path.is_file() and _is_right(path)):
        with scratch_folder("tagging-npm-") as folder:
            _fetch(folder)
            write_atomic(path, (folder / _FILE).read_bytes())
    return path


def _fetch(folder: Path) -> None:
    """By npm, whose settings say where packages come from."""
    npm = shutil.which("npm")
    if npm is None:
        raise _not_fetched("npm is not installed")
    command = [npm, "pack", f"{NAME}@{VERSION}", "--pack-destination", str(folder), "--ignore-scripts"]
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, capture_output=True, text=True, timeout=_ENOUGH_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _not_fetched(" ".join(str(error).split())[:200]) from error
    if done.returncode or not (folder / _FILE).is_file():
        raise _not_fetched(" ".join(done.stderr.split())[:200] or f"npm ended with {done.returncode}")


def _not_fetched(reason: str) -> ExportError:
    return ExportError(
        f"--to page needs {NAME} {VERSION}, which could not be fetched ({reason}); fetch it elsewhere with "
        f"npm pack {NAME}@{VERSION} and give the file as --runtime {_FILE}"
    )


def _is_right(package: Path) -> bool:
    with package.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode() == SHA512


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None  # noqa: S101  for the type checker: the hash says what is inside
    return file.read()


def _classic(module: str) -> str:
    """A module as a script of its own scope: pages from disk cannot load modules.

    What it exports becomes properties of `ort`, and its address, which it looks at for files next to it, the page's.
    """
    found = _EXPORTS.search(module)
    assert found  # noqa: S101  as above
    names = (pair.split(" as ") for pair in found[1].split(","))
    exports = ",".join(f"{name}:{local}" for local, name in names if name != "default")
    body = module.replace(found[0], f"self.ort={{{exports}}};").replace(
        "import.meta.url", "self.location.href"
    )
    return "(() => {" + re.sub(r"//# sourceMappingURL=.*", "", body) + "})();"

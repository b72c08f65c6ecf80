"""Puts the functions' binaries where the rendered template expects them: <to>/<name>/bootstrap and <to>/<name>.zip.

The zip is made here once per build; `aws cloudformation package` would make it again for every deployment. Its bytes
depend on the binary alone, so an unchanged function is not deployed as a new version.

Usage: python scripts/place_binaries.py [--from target/debug] [--to build/lambda]
The folder --from has <name> (cargo) or <name>/bootstrap (cargo-lambda).
"""

import argparse
import filecmp
import shutil
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The Lambda functions. Each is a folder in crates/ that template.yaml names.
NAMES = ("list-accounts", "assume-role", "scan", "install", "collect-results", "gate", "report")


def place(binary: Path, folder: Path) -> bool:
    """Copies and zips a binary. Returns False if both files are up to date already."""
    bootstrap = folder / "bootstrap"
    archive = folder.with_suffix(".zip")
    if archive.exists() and bootstrap.exists() and filecmp.cmp(binary, bootstrap, shallow=False):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(binary, bootstrap)
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(archive, "w", compresslevel=6) as bundle:
        bundle.writestr(entry, bootstrap.read_bytes())
    return True


def main() -> None:
    """Places the binaries of all functions."""
    parser = argparse.ArgumentParser(description="Copies and zips the functions' binaries for the rendered template.")
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        default=ROOT / "target" / "debug",
        help="folder of the binaries (%(default)s)",
    )
    parser.add_argument(
        "--to", dest="target", type=Path, default=ROOT / "build" / "lambda", help="folder to write to (%(default)s)"
    )
    options = parser.parse_args()
    for name in NAMES:
        binary = options.source / name
        if place(binary / "bootstrap" if binary.is_dir() else binary, options.target / name):
            size = (options.target / name).with_suffix(".zip").stat().st_size
            print(f"{name}: {size / 1e6:.1f} MB zipped")


if __name__ == "__main__":
    main()

"""The functions' zips, made once per build: zipping 150 MB of binaries would be most of the time of every start.

`aws cloudformation package` zips a folder at every call but uploads a zip as it is, so the template that it gets
here names zips.
"""

from __future__ import annotations

import contextlib
import os
import zipfile
from pathlib import Path

import yaml

from . import paths

_CACHE = paths.BUILD / "lambda-zips"


def with_zips(template: Path, directory: Path) -> Path:
    """A copy of the rendered template, in the directory, whose functions are zips and whose paths are absolute."""
    document = yaml.load(template.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for resource in document["Resources"].values():
        properties = resource.get("Properties", {})
        for name in ("CodeUri", "DefinitionUri"):
            if isinstance(properties.get(name), str):
                local = (template.parent / properties[name]).resolve()
                properties[name] = str(_zip(local) if local.is_dir() else local)
    copy = directory / "template.yaml"
    copy.write_text(yaml.dump(document, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False))
    return copy


def _zip(folder: Path) -> Path:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    newest = max((path.stat().st_mtime_ns for path in files), default=0)
    target = _CACHE / f"{folder.name}-{newest}-{sum(path.stat().st_size for path in files)}.zip"
    if target.exists():
        return target
    _CACHE.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed: another driver may be making or reading the same one.
    unfinished = target.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in files:
            archive.write(path, path.relative_to(folder))
    for older in _CACHE.glob(f"{folder.name}-[0-9]*.zip"):
        # Only what no running driver can still be uploading; another one may be tidying, too.
        with contextlib.suppress(FileNotFoundError):
            if older.stat().st_mtime < unfinished.stat().st_mtime - 600:
                older.unlink()
    unfinished.rename(target)
    return target

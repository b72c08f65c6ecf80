"""Reads memory and environment of each function from template.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from . import places


@dataclass(frozen=True)
class Function:
    """A function of the template."""

    memory_mb: int
    environment: tuple[str, ...]


class _Loader(yaml.SafeLoader):
    """Reads `!Ref` and similar tags as their plain value: the benchmark needs names and numbers only."""


def _plain(loader: _Loader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node)
    return node.value


_Loader.add_multi_constructor("!", _plain)


def functions() -> dict[str, Function]:
    """Returns the functions by the names of their binaries."""
    document = yaml.load(places.TEMPLATE.read_text(), Loader=_Loader)
    default = document["Globals"]["Function"]["MemorySize"]
    found = {}
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = resource["Properties"]
            variables = properties.get("Environment", {}).get("Variables", {})
            name = resource["Metadata"]["BuildProperties"]["Binary"]
            found[name] = Function(properties.get("MemorySize", default), tuple(variables))
    return found

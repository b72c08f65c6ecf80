"""The state machine as CloudFormation would create it, with names that exist nowhere."""

from __future__ import annotations

import re

from .paths import ROOT

STATE_MACHINE = ROOT / "statemachine" / "patch-run.asl.json"
_ACCOUNT = "111111111111"
_SUBSTITUTION = re.compile(r"\$\{([A-Za-z:]+)\}")


def state_machine(partition: str, region: str) -> str:
    """Returns the definition for a partition and Region."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name.endswith("Partition"):
            return partition
        if name.endswith("TopicArn"):
            return f"arn:{partition}:sns:{region}:{_ACCOUNT}:orgpatch-conformance"
        if name.endswith("Arn"):
            return f"arn:{partition}:lambda:{region}:{_ACCOUNT}:function:orgpatch-{name.removesuffix('Arn')}:1"
        if name.endswith(("Bucket", "Role")):
            return "orgpatch-conformance"
        if name == "AllowedPatchSources":
            return "https://repo.example.com/linux/"
        raise ValueError(f"{STATE_MACHINE.name} has ${{{name}}}: say in conformance/rendered.py what stands for it")

    return _SUBSTITUTION.sub(value, STATE_MACHINE.read_text(encoding="utf-8"))

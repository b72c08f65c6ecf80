"""Writes build/template.yaml: template.yaml for tools that can neither build Rust nor upload a StackSet's template.

`sam build` reads template.yaml as it is. `aws cloudformation package`, which the local cloud and `make package` use,
needs three things changed, and nothing else is:
  - CodeUri of each function: from its crate (what cargo-lambda builds) to the zip of its binary, which
    scripts/place_binaries.py has put below build/lambda/ (or --code);
  - DefinitionUri: the same file, seen from build/;
  - the StackSet's TemplateURL: its file's text inline as TemplateBody, because the AWS CLI uploads templates of
    nested stacks but not of StackSets (SAM CLI does both).

Usage: python scripts/render_template.py [--output build/template.yaml] [--code build/lambda]
"""

import argparse
import os
from pathlib import Path

import yaml
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parent.parent


def render(root: Path, output: Path, code: Path) -> dict:
    """The template as it has to read when it stands at `output`."""
    template = yaml_parse((root / "template.yaml").read_text())

    def seen_from_output(path: Path) -> str:
        return os.path.relpath(path, output.parent)

    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::Serverless::Function":
                name = resource.pop("Metadata")["BuildProperties"]["Binary"]
                properties["CodeUri"] = seen_from_output(code / f"{name}.zip")
            case "AWS::Serverless::StateMachine":
                properties["DefinitionUri"] = seen_from_output(root / properties["DefinitionUri"])
            case "AWS::CloudFormation::StackSet":
                properties["TemplateBody"] = (root / properties.pop("TemplateURL")).read_text()
    return template


def main() -> None:
    """Renders and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "template.yaml")
    parser.add_argument("--code", type=Path, default=ROOT / "build" / "lambda")
    options = parser.parse_args()
    output = options.output.resolve()
    output.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(render(ROOT, output, options.code.resolve()), sort_keys=False, width=120)
    output.write_text("# Written by scripts/render_template.py from template.yaml; change that one.\n" + text)
    print(output)


if __name__ == "__main__":
    main()

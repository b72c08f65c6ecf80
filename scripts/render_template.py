"""Writes build/template.yaml, the form of template.yaml that `aws cloudformation package` can read.

`sam build` reads template.yaml as it is. `aws cloudformation package`, which the local cloud and `make package` use,
needs exactly these changes:
  - CodeUri of each function: the zip that scripts/place_binaries.py put into build/lambda/ (or --code), instead of the
    crate, which only cargo-lambda can build;
  - DefinitionUri: the same file, relative to build/;
  - the StackSet's TemplateURL: the text of the file as TemplateBody, because the AWS CLI uploads the templates of
    nested stacks but not those of StackSets (SAM CLI uploads both);
  - with --architecture: the parameter Architecture allows only the processor for which the binaries are built.

Usage: python scripts/render_template.py [--output build/template.yaml] [--code build/lambda] [--architecture arm64]
"""

import argparse
import os
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parent.parent


def render(root: Path, output: Path, code: Path) -> dict[str, Any]:
    """Returns the template with its paths relative to `output`."""
    template: dict[str, Any] = yaml_parse((root / "template.yaml").read_text())

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


def pin_architecture(template: dict[str, Any], architecture: str) -> None:
    """Lets the parameter Architecture be what the binaries are built for, and nothing else."""
    template["Parameters"]["Architecture"] |= {"AllowedValues": [architecture], "Default": architecture}


def main() -> None:
    """Renders the template, writes it and prints its path."""
    parser = argparse.ArgumentParser(description="Writes template.yaml for `aws cloudformation package`.")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "build" / "template.yaml", help="file to write (%(default)s)"
    )
    parser.add_argument(
        "--code", type=Path, default=ROOT / "build" / "lambda", help="folder of the functions' zips (%(default)s)"
    )
    parser.add_argument("--architecture", choices=("arm64", "x86_64"), help="processor of the binaries in --code")
    options = parser.parse_args()
    output = options.output.resolve()
    output.parent.mkdir(parents=True, exist_ok=True)
    template = render(ROOT, output, options.code.resolve())
    if options.architecture:
        pin_architecture(template, options.architecture)
    text = yaml.safe_dump(template, sort_keys=False, width=120)
    output.write_text(
        "# Written by scripts/render_template.py from template.yaml: edit template.yaml instead.\n" + text
    )
    print(output)


if __name__ == "__main__":
    main()

"""Asks AWS what orgpatch and its simulator rest on: `make conformance PROFILE=<aws profile>`, docs/conformance.md."""

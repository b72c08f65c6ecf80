"""Starts simulator and cloud, deploys the system, runs it, and brings everything about the run home."""

"""Starts the simulator and the cloud, deploys the system, runs it and collects the results."""

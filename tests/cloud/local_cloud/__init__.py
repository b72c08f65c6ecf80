"""The local cloud: an AWS of one process (ministack, extended) in front of a simulated organization (fleet-sim)."""

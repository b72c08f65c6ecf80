"""The local cloud: AWS in one process (ministack, extended) in front of a simulated organization (fleet-sim)."""

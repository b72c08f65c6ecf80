"""`make bench`: what a run costs and how fast the parts are, each figure against its limit."""

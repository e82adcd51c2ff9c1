"""Every combination of kills at every moment of a run."""

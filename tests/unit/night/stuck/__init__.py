"""Detectors of circling."""

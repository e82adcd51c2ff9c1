"""Tests as text: statements, assertions, cases."""

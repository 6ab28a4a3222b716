"""Tests of the offline HTML verifier: the built file, opened from disk in a browser."""

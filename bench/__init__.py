"""Benchmarks: each module prints one table of ratios against named peers."""

"""Fuzzing of the verifier's readers with atheris; what it found is kept as tests."""

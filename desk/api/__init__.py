"""The API: what the pages show, for programs, by tokens (OpenAPI 3.1)."""

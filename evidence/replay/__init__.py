"""Replays a captured WARC offline in a second browser and compares picture and text."""

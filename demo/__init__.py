"""A shop to try markseal on, and the run that shows the whole product working on it."""

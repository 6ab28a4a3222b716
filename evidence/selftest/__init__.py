"""The technical review (技术核查): this installation captures a server that knows what it sent."""

"""What outlives a machine or a key: trust export, key changes, backup, restore, successor logs."""

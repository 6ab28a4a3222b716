"""What sealed exhibits need over the years: renewed timestamps, keeping, erasing, anchoring."""

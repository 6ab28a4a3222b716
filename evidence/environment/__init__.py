"""The environment record (清洁性检查): this machine before and after, and what was not checked."""

"""Service levels: when queues are open, what they promise, and changing that."""

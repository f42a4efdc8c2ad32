"""The worker pool, which runs fits in threads, processes or a cluster."""

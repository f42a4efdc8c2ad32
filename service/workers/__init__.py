"""The worker pool: where fits run, whether threads, processes or a cluster."""

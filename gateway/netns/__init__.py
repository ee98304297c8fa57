"""Inner network namespaces: one per remote network, held by file descriptor."""

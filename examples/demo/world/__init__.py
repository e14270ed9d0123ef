"""The demo's invented world: nine small tasks, a base corpus, and raw files with labelled faults."""

"""./mnemos sim: sweeps of the trace simulator, their tables and pictures."""

"""`./mnemos lab` and `./mnemos grade`. The launcher's module sets `launcher` before it imports the rest."""
launcher = None

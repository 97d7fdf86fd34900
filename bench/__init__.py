"""`./mnemos bench`: what operations cost here and on Linux. The launcher's module sets `launcher` before it imports the rest."""
launcher = None

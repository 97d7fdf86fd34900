"""What `./mnemos run` puts into the machine: a program of the host and all that it needs, as an initramfs."""

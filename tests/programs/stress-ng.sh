# packages: stress-ng
# seconds: 2400
for s in vm mmap brk fork malloc mremap madvise shm shm-sysv memfd userfaultfd pthread futex switch; do
	o=
	[ $s = vm ] && o='--vm-bytes 32M'
	[ $s = mmap ] && o='--mmap-bytes 16M'
	[ $s = malloc ] && o='--malloc-bytes 32M'
	[ $s = mremap ] && o='--mremap-bytes 16M'
	[ $s = shm ] && o='--shm-bytes 8M'
	[ $s = shm-sysv ] && o='--shm-sysv-bytes 8M'
	[ $s = memfd ] && o='--memfd-bytes 16M'
	want 'successful run completed' stress-ng --$s 2 $o --verify --timeout 3 --temp-path /tmp
done

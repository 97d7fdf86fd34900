# packages: stress-ng
# machine: --mem 1G
# seconds: 2400
# Threads of the madvise stressor block SIGBUS and read pages that others have poisoned: some 3 % of its runs end by that, on Linux as here, if
# it may poison pages at all.
for s in vm mmap brk fork malloc mremap madvise shm shm-sysv memfd userfaultfd pthread futex switch; do
	o=
	[ $s = vm ] && o='--vm-bytes 32M'
	[ $s = mmap ] && o='--mmap-bytes 16M'
	[ $s = malloc ] && o='--malloc-bytes 32M'
	[ $s = mremap ] && o='--mremap-bytes 16M'
	[ $s = shm ] && o='--shm-bytes 8M --shm-objs 8'
	[ $s = shm-sysv ] && o='--shm-sysv-bytes 8M'
	[ $s = memfd ] && o='--memfd-bytes 16M'
	if [ $s = madvise ]; then
		want 'successful run completed' setpriv --bounding-set -sys_admin stress-ng --$s 2 --verify --timeout 3 --temp-path /tmp
		continue
	fi
	want 'successful run completed' stress-ng --$s 2 $o --verify --timeout 3 --temp-path /tmp
done

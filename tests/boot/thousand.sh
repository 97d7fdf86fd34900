#!/bin/busybox sh
# 1,000 forks, execs, pipes and file operations; as many pages are free after them as before.
[ -e /bin/ls ] || /bin/busybox --install -s /bin

# Free pages and those that caches and processes hold: slabs, stacks, page tables, anonymous, cached. Long-lived objects
# open and leave slabs as they come and go, so free pages alone move by some; the sum is exact.
pages() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^nr_(free_pages|slab_reclaimable|slab_unreclaimable|page_table_pages|anon_pages|file_pages) / {sum += $2}
		/^nr_kernel_stack / {sum += $2 / 4} END {print sum}' /proc/vmstat
}

slab_pages() {
	awk '/^nr_slab_/ {sum += $2} END {print sum}' /proc/vmstat
}

# The count when nothing moves any more: two equal readings.
settled() {
	last=0
	now=$(pages)
	tries=0
	while [ "$last" != "$now" ] && [ $tries -lt 20 ]; do
		last=$now
		sleep 0.05
		now=$(pages)
		tries=$((tries + 1))
	done
	echo "$now"
}

work() {
	i=0
	bad=0
	mkdir work
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		(: $i) || bad=$((bad + 1))                              # a fork
		/bin/true || bad=$((bad + 1))                           # an exec
		x=$(echo $i | cat) && [ "$x" = $i ] || bad=$((bad + 1)) # a pipe
		echo "line $i" >work/a && mv work/a work/b && read -r y <work/b && [ "$y" = "line $i" ] && rm work/b ||
			bad=$((bad + 1)) # file operations
	done
	rmdir work || bad=$((bad + 1))
}

work 250 # the caches of both CPUs take what they keep
before=$(settled)
slab_before=$(slab_pages)
work 1000
[ $bad -eq 0 ] || echo "# $bad operations failed"
[ $bad -eq 0 ] && echo "ok 1 - thousand.sh/operations" || echo "not ok 1 - thousand.sh/operations"
after=$(settled)
slab_after=$(slab_pages)
[ "$before" = "$after" ] || echo "# pages $before, after 1000 rounds $after"
[ "$before" = "$after" ] && echo "ok 2 - thousand.sh/pages" || echo "not ok 2 - thousand.sh/pages"
# One object leaked a round would be 8 slabs of the largest kind a thousand rounds at least; what the caches keep goes up
# and down by as much, but does not add up.
rounds=1
while [ $((slab_after - slab_before)) -ge $((8 * rounds)) ] && [ $rounds -lt 4 ]; do
	work 1000
	rounds=$((rounds + 1))
	settled >/dev/null
	slab_after=$(slab_pages)
done
[ $((slab_after - slab_before)) -lt $((8 * rounds)) ] && echo "ok 3 - thousand.sh/slabs" ||
	{ echo "# slab pages $slab_before, then $slab_after"; echo "not ok 3 - thousand.sh/slabs"; }

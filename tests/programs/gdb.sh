# packages: gdb gcc
# builds: x86_64
# seconds: 1800
cat >/tmp/traced.c <<'X'
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
int counter;
static int deep(int n) { return n ? deep(n - 1) + 1 : counter; }
static void *thread(void *arg) { counter++; return arg; }
int main(int argc, char **argv)
{
	pthread_t t;
	int local = argc;
	local += 1;
	local += 2;
	if (argc > 1 && argv[1][0] == 'c')
		abort();
	while (argc > 1)
		sleep(1);
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	return deep(5) != 6;
}
X
debug() {
	local words=() w
	for w in "$@"; do words+=(-ex "$w"); done
	gdb -batch -nx "${words[@]}" /tmp/traced
}
attached() {
	local p st
	/tmp/traced s &
	p=$!
	sleep 1
	gdb -batch -nx -p $p -ex bt -ex 'frame function main' -ex 'set var argc = 0' -ex detach || kill $p
	wait $p
	st=$?
	echo "status $st"
}
cored() {
	cd /tmp && rm -f core* && ulimit -c unlimited
	/tmp/traced c
	gdb -batch -nx /tmp/traced core* -ex bt
}
want '^$' gcc -g -pthread -o /tmp/traced /tmp/traced.c
want 'six 6' gdb -batch -nx -ex 'python print("six", 2 * 3)'
want 'Breakpoint 1, deep \(n=2\).*#3 .* deep \(n=5\).*#4 .* main .*Value returned is .* = 3.*exited normally' debug 'break deep if n == 2' run bt finish continue
want 'Hardware watchpoint 2: local.*Old value = 1.*New value = 2.*Old value = 2.*New value = 4' debug 'break 11' run 'watch local' continue continue
want 'Watchpoint 2: local.*Old value = 1.*New value = 2' debug 'set can-use-hw-watchpoints 0' 'break 11' run 'watch local' continue
want 'Hardware watchpoint 2: counter.*New value = 1.* 2 +Thread .* thread \(arg=' debug 'break main' run 'watch counter' continue 'info threads'
want 'Catchpoint 1 \(call to syscall exit_group\)' debug 'catch syscall exit_group' run
want '#[0-9]+ .* main .*detached.*status 0' attached
want 'Program terminated with signal SIGABRT.*#[0-9]+ .* abort \(\).*#[0-9]+ .* main ' cored

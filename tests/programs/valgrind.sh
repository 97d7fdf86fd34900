# packages: valgrind gcc libc6-dbg
# builds: x86_64
cat >/tmp/leaks.c <<'X'
#include <pthread.h>
#include <stdlib.h>
static void *thread(void *arg) { return arg; }
int main(void)
{
	pthread_t t;
	char *p = malloc(10);
	p[10] = 1;
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	return 0;
}
X
want '^$' gcc -g -pthread -o /tmp/leaks /tmp/leaks.c
want 'Invalid write of size 1.*0 bytes after a block of size 10.*definitely lost: 10 bytes in 1 blocks' valgrind --leak-check=full /tmp/leaks
want 'ERROR SUMMARY: 0 errors' valgrind --tool=helgrind /tmp/leaks

/* Pins of modules (pin_user_pages): a pinned page stays the program's over a fork, a page with a mere reference does not. */
#include "tap.h"

#include "modules.h"

#include <sys/ioctl.h>
#include <sys/wait.h>

enum { PIN = 0x100, PIN_WRITE, GET_WRITE, LET_GO, COUNT, MAYBE, BYTE, WRITE_BYTE, MODES };
enum { BIAS = 1024 };

static int dev;

static void come(void)
{
	NEED(module_in("pins", "") == 0);
	dev = open("/dev/pins", O_RDWR | O_CLOEXEC);
	NEED(dev >= 0);
}

static void go(void)
{
	close(dev);
	EQ(module_out("pins"), 0);
}

static unsigned char *pages(int n, int flags)
{
	unsigned char *p =
		mmap(NULL, (size_t)n * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (CHECK(p != MAP_FAILED))
		memset(p, 1, (size_t)n * PAGE);
	return p;
}

/* A child that lives until its pipe is closed; it reads *p and says it at its end. */
static int up[2];
static pid_t child_that_waits(const volatile unsigned char *p)
{
	pid_t pid;
	char c;

	if (!CHECK(pipe(up) == 0))
		return -1;
	pid = fork();
	if (!pid) {
		close(up[1]);
		c = (char)read(up[0], &c, 1);
		_exit(*p);
	}
	close(up[0]);
	return pid;
}

static int end_of(pid_t pid)
{
	int status = -1;

	close(up[1]);
	EQ(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void counts(void)
{
	long got = vmstat("nr_foll_pin_acquired"), back = vmstat("nr_foll_pin_released");
	unsigned char *p;

	come();
	p = pages(2, MAP_PRIVATE);
	EQ(ioctl(dev, COUNT, 0), -1);
	EQ(ioctl(dev, PIN_WRITE, p), 1);
	EQ(ioctl(dev, COUNT, 0), 1 + BIAS);
	EQ(ioctl(dev, MAYBE, 0), 1);
	EQ(ioctl(dev, MODES, p), 2 * (1 + 2 * BIAS) + BIAS);
	EQ(ioctl(dev, COUNT, 0), 1 + BIAS);
	EQ(vmstat("nr_foll_pin_acquired") - got, 5);
	EQ(vmstat("nr_foll_pin_released") - back, 4);
	EQ(ioctl(dev, LET_GO, 0), 0);
	EQ(vmstat("nr_foll_pin_released") - back, 5);
	EQ(ioctl(dev, GET_WRITE, p), 1);
	EQ(ioctl(dev, COUNT, 0), 2);
	EQ(ioctl(dev, MAYBE, 0), 0);
	EQ(ioctl(dev, LET_GO, 0), 0);
	EQ(munmap(p, 2 * PAGE), 0);
	FAILS(ioctl(dev, PIN_WRITE, p), EFAULT);
	go();
}

static void a_pinned_page_is_not_shared_by_fork(void)
{
	unsigned char *p;
	pid_t pid;

	come();
	p = pages(3, MAP_PRIVATE);
	p[PAGE] = 5;
	EQ(ioctl(dev, PIN_WRITE, p + PAGE), 1);
	pid = child_that_waits(p + PAGE);
	EQ(ioctl(dev, COUNT, 0), 1 + BIAS);
	p[PAGE] = 7;
	EQ(ioctl(dev, BYTE, 0), 7);
	EQ(ioctl(dev, WRITE_BYTE, 9), 9);
	EQ(p[PAGE], 9);
	EQ(end_of(pid), 5);
	EQ(ioctl(dev, LET_GO, 0), 0);
	EQ(munmap(p, 3 * PAGE), 0);
	go();
}

/* What is merely held goes to the child when the parent writes. */
static void a_held_page_is_shared_by_fork(void)
{
	unsigned char *p;
	pid_t pid;

	come();
	p = pages(1, MAP_PRIVATE);
	EQ(ioctl(dev, GET_WRITE, p), 1);
	pid = child_that_waits(p);
	EQ(ioctl(dev, COUNT, 0), 3);
	p[0] = 7;
	EQ(ioctl(dev, BYTE, 0), 1);
	EQ(ioctl(dev, WRITE_BYTE, 9), 9);
	EQ(p[0], 7);
	EQ(end_of(pid), 9);
	EQ(ioctl(dev, LET_GO, 0), 0);
	EQ(munmap(p, PAGE), 0);
	go();
}

static void a_pin_for_reading_takes_its_page(void)
{
	unsigned char *p;
	pid_t pid;

	come();
	p = pages(1, MAP_PRIVATE);
	pid = child_that_waits(p);
	EQ(ioctl(dev, PIN, p), 1);
	EQ(ioctl(dev, COUNT, 0), 1 + BIAS);
	p[0] = 6;
	EQ(ioctl(dev, BYTE, 0), 6);
	EQ(end_of(pid), 1);
	EQ(ioctl(dev, LET_GO, 0), 0);
	EQ(munmap(p, PAGE), 0);
	go();
}

static void shared_memory_stays_shared(void)
{
	unsigned char *p;
	pid_t pid;

	come();
	p = pages(1, MAP_SHARED);
	EQ(ioctl(dev, PIN_WRITE, p), 1);
	pid = child_that_waits(p);
	EQ(ioctl(dev, WRITE_BYTE, 9), 9);
	EQ(p[0], 9);
	EQ(end_of(pid), 9);
	EQ(ioctl(dev, LET_GO, 0), 0);
	EQ(munmap(p, PAGE), 0);
	go();
}

/* The pinned page outlives its mapping, and goes with the pin. */
static void a_pin_outlives_the_mapping(void)
{
	unsigned char *p;

	come();
	p = pages(1, MAP_PRIVATE);
	p[0] = 3;
	EQ(ioctl(dev, PIN_WRITE, p), 1);
	EQ(munmap(p, PAGE), 0);
	EQ(ioctl(dev, COUNT, 0), BIAS);
	EQ(ioctl(dev, BYTE, 0), 3);
	EQ(ioctl(dev, LET_GO, 0), 0);
	go();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(counts),
						 T(a_pinned_page_is_not_shared_by_fork),
						 T(a_held_page_is_shared_by_fork),
						 T(a_pin_for_reading_takes_its_page),
						 T(shared_memory_stays_shared),
						 T(a_pin_outlives_the_mapping),
						 TEND };

	return tap_main(argc, argv, tests);
}

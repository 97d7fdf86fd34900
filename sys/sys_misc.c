/*
 * System calls on the machine and the system as a whole: uname, sysinfo, the log, random numbers, host names.
 *
 * LOCKS    none here.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  uname(2), sysinfo(2), syslog(2), getrandom(2), sethostname(2).
 */
#include "sys/sys.h"

#include "base/version.h"
#include "block/block.h"
#include "fs/random.h"
#include "kernel/uts.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/zone.h"
#include "sync/klog.h"
#include "uapi/personality.h"

struct utsname_k {
	char sysname[UTS_LEN], nodename[UTS_LEN], release[UTS_LEN], version[UTS_LEN],
		machine[UTS_LEN], domainname[UTS_LEN];
};

SYS(uname)
{
	struct utsname_k u = { .sysname = "Linux",
			       .release = KERNEL_RELEASE,
			       .version = KERNEL_BUILD,
			       .machine = ABI_MACHINE };

	uts_get(UTS_HOSTNAME, u.nodename);
	uts_get(UTS_DOMAINNAME, u.domainname);
	if ((current_task()->mm_ctx.personality & PER_MASK) == PER_LINUX32)
		memcpy(u.machine, "i686", sizeof("i686"));
	return put_user(a0, &u);
}

static long set_name(enum uts_name which, uaddr_t uname, size_t len)
{
	char text[UTS_LEN];

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len > UTS_LEN - 1)
		return -EINVAL;
	if (copy_from_user(text, uname, len))
		return -EFAULT;
	return uts_set(which, text, len);
}

SYS(sethostname)
{
	return set_name(UTS_HOSTNAME, a0, a1);
}

SYS(setdomainname)
{
	return set_name(UTS_DOMAINNAME, a0, a1);
}

struct sysinfo_k {
	long uptime;
	unsigned long loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	uint16_t procs, pad;
	unsigned long totalhigh, freehigh;
	uint32_t mem_unit;
	char fill[sizeof(long) == 8 ? 0 : 8];
};

SYS(sysinfo)
{
	struct sysinfo_k s = { .uptime = (long)(clock_ns() / NSEC_PER_SEC),
			       .procs = (uint16_t)nr_tasks(),
			       .mem_unit = 1 };
	unsigned long swap = total_swap_pages();
	unsigned long pages[5] = { totalram_pages(), nr_free_pages(), global_node_stat(NR_SHMEM),
				   totalhigh_pages(), nr_free_highpages() };

	sched_loadavg(s.loads);
	/* Bytes while they fit in a long, else pages. */
	if (pages[0] + swap > (abi_narrow() ? UINT32_MAX : ULONG_MAX) >> PAGE_SHIFT)
		s.mem_unit = PAGE_SIZE;
	unsigned shift = s.mem_unit == 1 ? PAGE_SHIFT : 0;

	s.totalram = pages[0] << shift;
	s.freeram = pages[1] << shift;
	s.sharedram = pages[2] << shift;
	s.bufferram = block_cached_pages() << shift;
	s.totalhigh = pages[3] << shift;
	s.freehigh = pages[4] << shift;
	s.totalswap = swap << shift;
	s.freeswap = swap_pages_free() << shift;
	return put_abi(a0, &s, "l9p2s2pi");
}

/* ---- syslog(2) ---- */

enum {
	LOG_CLOSE,
	LOG_OPEN,
	LOG_READ,
	LOG_READ_ALL,
	LOG_READ_CLEAR,
	LOG_CLEAR,
	LOG_CONSOLE_OFF,
	LOG_CONSOLE_ON,
	LOG_CONSOLE_LEVEL,
	LOG_SIZE_UNREAD,
	LOG_SIZE_BUFFER
};

/* "<6>[    1.234567] text\n"; Return: length. */
static size_t record_format(const struct klog_record *r, char *buf, size_t size)
{
	uint64_t us = r->time_ns / NSEC_PER_USEC;

	return fmt_scnprintf(buf, size, "<%u>[%5lu.%06lu] %.*s\n", r->level,
			     (unsigned long)(us / 1000000), (unsigned long)(us % 1000000),
			     (int)r->len, r->text);
}

/* The newest records that fit in @size bytes. Return: bytes copied. */
static long log_read_all(uaddr_t ubuf, size_t size)
{
	struct klog_record *r = kmalloc(sizeof(*r) + 560, GFP_KERNEL);
	char *line = (char *)(r + 1);
	uint64_t seq = klog_first_seq(), start = seq;
	size_t total = 0, done = 0;

	if (!r)
		return -ENOMEM;
	while (klog_next(&seq, r))
		total += record_format(r, line, 560);
	for (seq = start; total > size && klog_next(&seq, r);)
		total -= record_format(r, line, 560);
	while (klog_next(&seq, r)) {
		size_t n = record_format(r, line, 560);

		if (done + n > size)
			break;
		if (copy_to_user(ubuf + done, line, n)) {
			kfree(r);
			return -EFAULT;
		}
		done += n;
	}
	kfree(r);
	return (long)done;
}

SYS(syslog)
{
	static int saved_level =
		-1; /* last console level before LOG_CONSOLE_OFF; a race costs one wrong level */
	int type = (int)a0, len = (int)a2;
	long ret;

	if (((type != LOG_READ_ALL && type != LOG_SIZE_BUFFER) || READ_ONCE(klog_restricted)) &&
	    !capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (type) {
	case LOG_CLOSE:
	case LOG_OPEN:
		return 0;
	case LOG_READ_ALL:
	case LOG_READ_CLEAR:
	case LOG_READ:
		if (!a1 || len < 0)
			return -EINVAL;
		ret = len ? log_read_all(a1, (size_t)len) : 0;
		if (type == LOG_READ_CLEAR && ret >= 0)
			klog_clear();
		return ret;
	case LOG_CLEAR:
		klog_clear();
		return 0;
	case LOG_CONSOLE_OFF:
		if (saved_level < 0)
			saved_level = klog_console_level();
		klog_set_console_level(1);
		return 0;
	case LOG_CONSOLE_ON:
		if (saved_level >= 0)
			klog_set_console_level(saved_level);
		saved_level = -1;
		return 0;
	case LOG_CONSOLE_LEVEL:
		if (len < 1 || len > 8)
			return -EINVAL;
		klog_set_console_level(len);
		saved_level = -1;
		return 0;
	case LOG_SIZE_UNREAD:
		return 0;
	case LOG_SIZE_BUFFER:
		return CFG_KLOG_SIZE;
	default:
		return -EINVAL;
	}
}

/* ---- random ---- */

enum { GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4 };

SYS(getrandom)
{
	unsigned char chunk[256];
	size_t done = 0;

	if (a2 & ~7UL || (a2 & 6) == 6)
		return -EINVAL;
	if (a1 > INT_MAX)
		a1 = INT_MAX;
	while (done < a1) {
		size_t n = min_of(size_t, a1 - done, sizeof(chunk)), left;

		random_bytes(chunk, n);
		left = copy_to_user(a0 + done, chunk, n);
		done += n - left;
		if (left)
			return done ? (long)done : -EFAULT;
		if (done < a1 && signal_pending())
			break;
	}
	memset(chunk, 0, sizeof(chunk));
	return (long)done;
}

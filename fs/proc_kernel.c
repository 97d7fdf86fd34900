/*
 * /proc/sys/kernel: names, versions, limits, random numbers.
 *
 * CONTEXT  tasks; may sleep.
 * SOURCES  proc(5) /proc/sys/kernel, random(4) /proc interfaces, uname(2).
 */
#include "proc_impl.h"

#include "base/errno.h"
#include "base/version.h"
#include "fs/random.h"
#include "kernel/task.h"
#include "kernel/uts.h"
#include "lib/string.h"
#include "sync/kassert.h"
#include "sync/klog.h"
#include "sync/taint.h"

/* ---- names ---- */

static int text_show(struct seq_file *m)
{
	seq_printf(m, "%s\n", (const char *)m->private);
	return 0;
}

static int int_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", *(const int *)m->private);
	return 0;
}

static enum uts_name name_of(const void *data)
{
	return data ? UTS_DOMAINNAME : UTS_HOSTNAME;
}

static int uts_show(struct seq_file *m)
{
	char name[UTS_LEN];

	uts_get(name_of(m->private), name);
	seq_printf(m, "%s\n", name);
	return 0;
}

static int uts_store(struct proc_entry *e, char *text, size_t len)
{
	const char *end = strchr(text, '\n');

	if (end)
		len = (size_t)(end - text);
	return uts_set(name_of(e->data), text, min_of(size_t, len, UTS_LEN - 1));
}

/* ---- random ---- */

static void put_uuid(struct seq_file *m, const uint8_t *id)
{
	unsigned i;

	for (i = 0; i < 16; i++)
		seq_printf(m, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", id[i]);
	seq_putc(m, '\n');
}

/* RFC 4122, version 4. */
static void make_uuid(uint8_t id[16])
{
	random_bytes(id, 16);
	id[6] = (id[6] & 0x0f) | 0x40;
	id[8] = (id[8] & 0x3f) | 0x80;
}

static int uuid_show(struct seq_file *m)
{
	uint8_t id[16];

	make_uuid(id);
	put_uuid(m, id);
	return 0;
}

static uint8_t boot_id[16]; /* i after init */

static int boot_id_show(struct seq_file *m)
{
	put_uuid(m, boot_id);
	return 0;
}

/* ---- console log levels: current, default, minimum, boot-time default ---- */

static int printk_show(struct seq_file *m)
{
	seq_printf(m, "%d\t4\t1\t7\n", klog_console_level());
	return 0;
}

static int printk_store(struct proc_entry *e, char *text, size_t len)
{
	if (text[0] < '0' || text[0] > '8')
		return -EINVAL;
	klog_set_console_level(text[0] - '0');
	return 0;
}

static int tainted_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", taint_mask());
	return 0;
}

/* Bits can be added, not taken away. */
static int tainted_store(struct proc_entry *e, char *text, size_t len)
{
	long mask;
	int err = capable(CAP_SYS_ADMIN) ? proc_parse_long(text, &mask) : -EPERM;

	if (!err)
		taint_add_mask((unsigned long)mask);
	return err;
}

static void add(const char *path, uint32_t mode, struct proc_entry *e)
{
	boot_need(proc_register(path, mode, e), "/proc/", path);
}

void proc_kernel_init(void)
{
	static char domain[] = "domain", release[] = KERNEL_RELEASE, version[] = KERNEL_BUILD,
		    type[] = "Linux", bits[] = "256";
	static int last_cap = CAP_LAST, ngroups = NGROUPS_MAX;
	static struct proc_entry hostname = { .show = uts_show, .store = uts_store },
				 domainname = { .show = uts_show,
						.store = uts_store,
						.data = domain },
				 osrelease = { .show = text_show, .data = release },
				 osversion = { .show = text_show, .data = version },
				 ostype = { .show = text_show, .data = type },
				 tainted = { .show = tainted_show, .store = tainted_store },
				 entropy = { .show = text_show, .data = bits },
				 caps = { .show = int_show, .data = &last_cap },
				 groups = { .show = int_show, .data = &ngroups },
				 uuid = { .show = uuid_show }, boot = { .show = boot_id_show },
				 printk = { .show = printk_show, .store = printk_store };

	make_uuid(boot_id);
	add("sys/kernel/hostname", 0644, &hostname);
	add("sys/kernel/domainname", 0644, &domainname);
	add("sys/kernel/osrelease", 0444, &osrelease);
	add("sys/kernel/ostype", 0444, &ostype);
	add("sys/kernel/version", 0444, &osversion);
	boot_need(proc_register_int("sys/kernel/threads-max", &max_threads, 1, INT_MAX), "/proc/",
		  "sys/kernel/threads-max");
	boot_need(proc_register_int("sys/kernel/pid_max", &sysctl_pid_max, PID_MIN_LIMIT, PID_MAX),
		  "/proc/", "sys/kernel/pid_max");
	boot_need(proc_register_int("sys/kernel/panic_on_oops", &panic_on_oops, INT_MIN, INT_MAX),
		  "/proc/", "sys/kernel/panic_on_oops");
	boot_need(proc_register_int("sys/kernel/panic_on_warn", &panic_on_warn, 0, 1), "/proc/",
		  "sys/kernel/panic_on_warn");
	boot_need(proc_register_int("sys/kernel/dmesg_restrict", &klog_restricted, 0, 1), "/proc/",
		  "sys/kernel/dmesg_restrict");
	add("sys/kernel/cap_last_cap", 0444, &caps);
	add("sys/kernel/ngroups_max", 0444, &groups);
	add("sys/kernel/tainted", 0644, &tainted);
	add("sys/kernel/printk", 0644, &printk);
	add("sys/kernel/random/entropy_avail", 0444, &entropy);
	add("sys/kernel/random/poolsize", 0444, &entropy);
	add("sys/kernel/random/uuid", 0444, &uuid);
	add("sys/kernel/random/boot_id", 0444, &boot);
}

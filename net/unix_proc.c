/*
 * /proc/net/unix and the limits of AF_UNIX under /proc/sys/net/unix.
 *
 * WHY      a line may sleep (its text grows): references to all sockets are taken first, under unix_lock.
 * LOCKS    unix_lock.   CONTEXT  tasks.   FAILS  -ENOMEM.
 * SOURCES  proc(5), /proc/net/unix; unix(7).   TESTED BY  tests/guest/net_unix.c
 */
#include "base/errno.h"
#include "fs/proc.h"
#include "fs/sysctl.h"
#include "mm/slab.h"
#include "net/unix_impl.h"

int unix_max_dgram_qlen = 10;

static unsigned long ino_of(const struct sock *s)
{
	unsigned long ino;

	spin_lock(&unix_lock);
	ino = s->file ? s->file->inode->ino : 0;
	spin_unlock(&unix_lock);
	return ino;
}

static void show_one(struct seq_file *m, struct sock *s)
{
	enum sock_state state = READ_ONCE(s->state);
	struct unix_addr *a = sock_addr_ref(s);

	seq_printf(m, "%016lx: %08X %08X %08X %04X %02X %5lu", 0UL,
		   (unsigned)atomic_read(&s->refs) - 1, 0, state == SS_LISTENING ? 0x10000U : 0U,
		   (unsigned)s->type, state == SS_CONNECTED ? 3U : 1U, ino_of(s));
	if (a) {
		seq_putc(m, ' ');
		for (unsigned i = 0; i < a->len - (a->path[0] != '\0'); i++)
			seq_putc(m, a->path[i] ? a->path[i] : '@');
	}
	seq_putc(m, '\n');
	addr_put(a);
}

/* References to all sockets, for what may sleep. Return: how many; -ENOMEM. */
static int snapshot(struct sock ***out)
{
	unsigned room = 0, n;
	struct sock **all = NULL, *s;

	for (;;) {
		n = 0;
		spin_lock(&unix_lock);
		list_for_each_entry (s, &unix_sockets, all)
			n++;
		if (n <= room) {
			n = 0;
			list_for_each_entry (s, &unix_sockets, all)
				all[n++] = sock_get(s);
			room = UINT_MAX;
		}
		spin_unlock(&unix_lock);
		if (room == UINT_MAX)
			break;
		kfree(all);
		room = n + 16;
		all = kmalloc(room * sizeof(struct sock *), GFP_KERNEL);
		if (!all)
			return -ENOMEM;
	}
	*out = all;
	return (int)n;
}

static int sockets_show(struct seq_file *m)
{
	struct sock **all;
	int n = snapshot(&all);

	if (n < 0)
		return n;
	seq_puts(m, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	for (int i = 0; i < n; i++) {
		show_one(m, all[i]);
		sock_put(all[i]);
	}
	kfree(all);
	return 0;
}

void unix_init(void)
{
	static struct proc_entry entry = { .show = sockets_show };
	static const struct sysctl limit = { .path = "net/unix/max_dgram_qlen",
					     .number = &unix_max_dgram_qlen,
					     .max = INT_MAX };

	boot_need(proc_register("net/unix", 0444, &entry), "/proc/", "net/unix");
	boot_need(sysctl_register(&limit, 1), "sysctls of ", "unix_proc");
}

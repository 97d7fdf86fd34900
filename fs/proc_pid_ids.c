/*
 * /proc/PID: who a process is to audit, and how ids map into its user namespace: loginuid, sessionid, uid_map, gid_map,
 * projid_map, setgroups.
 *
 * OWNS     the counter of login sessions.
 * WHY      login programs (pam_loginuid) write loginuid and refuse to go on without; container tools read the maps. There
 *          is one user namespace, the first: its maps are the whole of the numbers, and cannot be written.
 * LOCKS    none: a thread sets its own.   CONTEXT  tasks; may sleep.
 * SOURCES  proc(5), user_namespaces(7), credentials(7).   TESTED BY proc_more.c
 */
#include "proc_impl.h"

#include "base/errno.h"
#include "kernel/task.h"
#include "lib/string.h"

enum { CAP_AUDIT_CONTROL = 30 };

static atomic_t last_session;

static int loginuid_show(struct seq_file *m, struct task *t)
{
	seq_printf(m, "%u", ~t->loginuid_inv);
	return 0;
}

static int sessionid_show(struct seq_file *m, struct task *t)
{
	seq_printf(m, "%u", ~t->sessionid_inv);
	return 0;
}

/* The first to set it needs no right; -1: not set again. */
static int loginuid_store(struct task *t, char *text, size_t len)
{
	struct task *me = current_task();
	uint64_t uid;

	if (t != me)
		return -EPERM;
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	if (str_to_u64(text, &uid))
		return -EINVAL;
	if (uid > UINT32_MAX)
		return -ERANGE;
	if (me->loginuid_inv && !capable(CAP_AUDIT_CONTROL))
		return -EPERM;
	me->loginuid_inv = ~(uint32_t)uid;
	me->sessionid_inv = uid == UINT32_MAX ? 0 : ~(uint32_t)atomic_add_return(&last_session, 1);
	return 0;
}

/* First id inside, first outside, how many. */
static int map_show(struct seq_file *m, struct task *t)
{
	seq_printf(m, "%10u %10u %10u\n", 0, 0, UINT32_MAX);
	return 0;
}

/* A namespace's map is written once, and the first one's has been. */
static int map_store(struct task *t, char *text, size_t len)
{
	return -EPERM;
}

static int setgroups_show(struct seq_file *m, struct task *t)
{
	seq_puts(m, "allow\n");
	return 0;
}

static int setgroups_store(struct task *t, char *text, size_t len)
{
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	if (!strcmp(text, "allow"))
		return 0;
	return strcmp(text, "deny") ? -EINVAL : -EPERM; /* the gid map is set */
}

void proc_pid_ids_init(void)
{
	static const struct proc_pid_entry entries[] = {
		{ .name = "loginuid",
		  .mode = 0644,
		  .show = loginuid_show,
		  .store = loginuid_store },
		{ .name = "sessionid", .mode = 0444, .show = sessionid_show },
		{ .name = "uid_map", .mode = 0644, .show = map_show, .store = map_store },
		{ .name = "gid_map", .mode = 0644, .show = map_show, .store = map_store },
		{ .name = "projid_map", .mode = 0644, .show = map_show, .store = map_store },
		{ .name = "setgroups",
		  .mode = 0644,
		  .show = setgroups_show,
		  .store = setgroups_store },
	};

	proc_register_pid(entries, ARRAY_SIZE(entries));
}

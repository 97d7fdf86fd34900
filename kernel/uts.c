/*
 * Host and domain name.
 *
 * OWNS     the two names.   LOCKS  names_lock (rank OBJECT), a leaf.   CONTEXT  a task; never sleeps.
 * SOURCES  uname(2), sethostname(2).
 */
#include "kernel/uts.h"

#include "base/errno.h"
#include "lib/string.h"
#include "sync/spinlock.h"

static struct spinlock names_lock = SPINLOCK_INIT(RANK_OBJECT);
static char names[2][UTS_LEN] = { "(none)", "(none)" };

void uts_get(enum uts_name which, char buf[UTS_LEN])
{
	spin_lock(&names_lock);
	memcpy(buf, names[which], UTS_LEN);
	spin_unlock(&names_lock);
}

int uts_set(enum uts_name which, const char *name, size_t len)
{
	if (len > UTS_LEN - 1)
		return -EINVAL;
	spin_lock(&names_lock);
	memset(names[which], 0, UTS_LEN);
	memcpy(names[which], name, len);
	spin_unlock(&names_lock);
	return 0;
}

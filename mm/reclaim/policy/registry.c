/*
 * Which policies there are, and a set of frames under one of them: for those who call policies, the kernel and the simulator.
 *
 * OWNS     nothing: the linker makes the list, a set belongs to its caller.   LOCKS  the caller's.
 * FAILS    -ENOMEM of policy_set_begin.   TESTED BY replay_test.c, vmscan_test.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/policy.h"

const struct policy *policy_by_name(const char *name, size_t len)
{
	for (const struct policy *const *p = __start_policies; p < __stop_policies; p++)
		if (strlen((*p)->name) == len && !memcmp((*p)->name, name, len))
			return *p;
	return NULL;
}

int policy_set_begin(struct policy_set *s, const struct policy *policy)
{
	int err;

	s->state = policy_alloc(policy->state_size);
	if (!s->state)
		return -ENOMEM;
	err = policy->init ? policy->init(s) : 0;
	if (!err) {
		s->policy = policy;
		return 0;
	}
	policy_free(s->state);
	return err;
}

void policy_set_end(struct policy_set *s)
{
	if (!s->policy)
		return;
	if (s->policy->exit)
		s->policy->exit(s);
	policy_free(s->state);
	s->policy = NULL;
}

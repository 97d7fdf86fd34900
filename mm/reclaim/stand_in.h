/* Reclaim by a policy that was chosen: between vmscan.c and stand_in.c. */
#ifndef MM_RECLAIM_STAND_IN_H
#define MM_RECLAIM_STAND_IN_H

#include "mm/reclaim/reclaim_impl.h"

/**
 * shrink_by_policy - ask the chosen policy for @nr pages of a kind of sc->node, and take them.
 * @kind: 0 anonymous, 1 file. @nr: LRU_CLUSTER at most.
 * Return: false: the lists' own policy is in force, nothing was done.   Locks: takes policy_lock.   Sleeps.
 */
bool shrink_by_policy(struct scan_control *sc, unsigned kind, unsigned nr);

/* ---- vmscan.c ---- */
/* Those of @s->pages that may go are freed and counted; the others stay in it, isolated. */
void shrink_chosen(struct scan_control *sc, struct lru_scan *s);

#endif

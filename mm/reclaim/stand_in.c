/*
 * Reclaim by another policy than the lists' own: the policies of mm/reclaim/policy choose, on stand-ins.
 *
 *      page comes ──► inactive list ──(a scan meets it)──► active list       the kernel's lists, as always
 *                                          │ miss, add          ▲
 *                                          ▼                    │ frame of the same number
 *                                     stand-in of its frame, in the policy's set of the node: private memory, or files
 *                                          │ victim
 *              freed, or written first  ◄──┴──► used after all (late hit), busy, locked: add, again
 *
 * OWNS     one struct page per frame that is no page: links, tag, key and place for the policy (page->private: enum place).
 * WHY      a page is freed by whoever drops its last reference, in any context; a policy's lists are walked with accessed bits asked
 *          for, which takes locks that stand above. Were the pages themselves on them, every free and every fault would pay for
 *          that. So: faults and frees know nothing of policies and cost what they cost; a scan finds out who came (they are
 *          inactive) and who left (the frame's page is not a known one any more).
 * I1       while a policy is in force, a page that is PG_lru and PG_active has a stand-in in a set, or will be found by audit().
 * I2       a stand-in that is IN is in the policy's lists; its page may have left. TAKEN: a scan has it. LEAVING: its page was
 *          chosen, and is free when it is written.
 * LOCKS    policy_lock (mutex) over all of it, and over calls of the policy. Page locks by try. take_pages without it.
 * CONTEXT  as vmscan.c.
 * COST     none while the lists' own policy is in force. Else a stand-in a frame, and what the policy has; a page that comes is moved
 *          between lists once: some 300 instructions.
 * FAILS    -ENOMEM of reclaim_policy_set: the old one stays.
 * ALTERNATIVES pages on the policy's lists, with a bit in page->flags for who frees them: one test more on every path that frees, and
 *          a policy would have to bear that pages vanish while it asks for an accessed bit.
 * NOT HERE how much is asked of whom (vmscan.c), one page's fate (take.c).   TESTED BY vmscan_test.c, mem_replace.c
 */
#include "mm/reclaim/stand_in.h"

#include "base/errno.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/policy.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"
#include "sync/mutex.h"

enum place { OUT, IN_ANON, IN_FILE, TAKEN, LEAVING };
enum { KINDS = 2 };

/* A node's. All: policy_lock. */
struct stand_ins {
	struct page *page; /* of the frames from @start on */
	pfn_t start;
	struct policy_set set[KINDS];
	unsigned long in[KINDS]; /* IN_ANON, IN_FILE */
};

static struct mutex policy_lock = MUTEX_INIT(policy_lock, RANK_POLICY);
static const struct policy *chosen; /* policy_lock; read by anybody; NULL: the lists' own */
static struct stand_ins *stand_ins[CFG_MAX_NODES]; /* policy_lock */
static unsigned long epoch;			   /* policy_lock: how often the policy changed */

void *policy_alloc(size_t bytes)
{
	return kvzalloc(bytes ? bytes : 1);
}

void policy_free(void *p)
{
	kvfree(p);
}

/* ---- a page and its stand-in ---- */

static struct page *stand_in(const struct stand_ins *s, const struct page *page)
{
	return &s->page[page_to_pfn(page) - s->start];
}

static unsigned kind_of(const struct page *page)
{
	return (lru_of(READ_ONCE(page->flags)) & LRU_FILE) != 0;
}

/* The page of the frame that @si stands for, with a reference, if it is still the one that came in; NULL. */
static struct page *hold(const struct stand_ins *s, const struct page *si, unsigned kind)
{
	const unsigned long known = 1UL << PG_lru | 1UL << PG_active;
	struct page *page = page_get_by_pfn(s->start + (pfn_t)(si - s->page));

	if (!page)
		return NULL;
	if ((READ_ONCE(page->flags) & known) == known && kind_of(page) == kind)
		return page;
	swap_put_page(page);
	return NULL;
}

/* Was it used since the last such question? One that is locked is in use. */
static bool page_used(struct page *page)
{
	unsigned long vm_flags;
	bool used;

	if (!trylock_page(page))
		return true;
	used = page_referenced(page, &vm_flags) > 0 || page_test(page, PG_referenced);
	page_clear(page, PG_referenced);
	unlock_page(page);
	return used;
}

/* policy_referenced() of the kernel. A page that left was not used. */
static bool referenced(struct policy_set *set, struct page *si)
{
	unsigned kind = si->private == IN_FILE;
	struct stand_ins *s = container_of(set, struct stand_ins, set[kind]);
	struct page *page = hold(s, si, kind);
	bool used = page && page_used(page);

	if (page)
		swap_put_page(page);
	return used;
}

static void enter(struct stand_ins *s, struct page *si, unsigned kind)
{
	si->private = IN_ANON + kind;
	s->in[kind]++;
	policy_set_tag(si, 0);
	chosen->add(&s->set[kind], si);
}

/* Another page has its frame, or will. */
static void forget(struct stand_ins *s, struct page *si)
{
	unsigned kind = si->private == IN_FILE;

	if (si->private == IN_ANON || si->private == IN_FILE) {
		s->in[kind]--;
		chosen->remove(&s->set[kind], si);
	}
	si->private = OUT;
}

static void left(struct stand_ins *s, struct page *si, unsigned kind)
{
	if (chosen->gone)
		chosen->gone(&s->set[kind], si);
	si->private = OUT;
}

/* ---- who came ---- */

/* @page, isolated, is new, or none of the policy's for another reason. */
static void meet(struct stand_ins *s, struct page *page)
{
	struct page *si = stand_in(s, page);
	unsigned kind = kind_of(page);

	if (si->private == TAKEN)
		return; /* the next scan */
	forget(s, si);
	(void)page_used(page); /* what brought it in */
	si->mapping = READ_ONCE(page->mapping);
	si->index = page->index;
	if (chosen->miss)
		chosen->miss(&s->set[kind], policy_key(si));
	enter(s, si, kind);
	lru_admit(page);
}

/* A page on its way out is inactive as well: it goes when it is clean, if nobody came back to it. Return: take it. */
static bool may_leave(struct stand_ins *s, struct page *page)
{
	struct page *si = stand_in(s, page);
	bool same = page->index == si->index && READ_ONCE(page->mapping) == si->mapping;

	if (si->private != LEAVING)
		return false;
	if ((same || page_test(page, PG_swapcache)) && !page_mapcount(page) &&
	    !page_test(page, PG_referenced))
		return !page_test(page, PG_writeback) && !page_test(page, PG_dirty);
	left(s, si, kind_of(page));
	return false;
}

/* All inactive pages of a kind, the oldest first. Those that may leave: into @out, as far as there is room. */
static void meet_all(struct stand_ins *s, struct pglist_data *node, unsigned kind,
		     struct lru_scan *out)
{
	enum lru_list l = kind ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;

	for (unsigned long some = lru_size(node, l); some;) {
		struct lru_scan c = { .list = l, .highest = ZONE_MOVABLE };

		c.nr = (unsigned)min_of(unsigned long, some, LRU_CLUSTER);
		some -= c.nr;
		lru_isolate(node, &c);
		for (unsigned i = 0; i < c.taken;) {
			struct page *page = c.pages[i];

			if (may_leave(s, page) && out->taken < LRU_CLUSTER) {
				stand_in(s, page)->private = TAKEN;
				out->pages[out->taken++] = page;
				c.pages[i] = c.pages[--c.taken];
				continue;
			}
			if (stand_in(s, page)->private != LEAVING)
				meet(s, page);
			i++;
		}
		lru_give_back(&c);
	}
}

/* Pages that are active without our doing (migration, a second read): the list's oldest, in turn. */
static void audit(struct stand_ins *s, struct pglist_data *node, unsigned kind, unsigned nr)
{
	struct lru_scan c = { .list = kind ? LRU_ACTIVE_FILE : LRU_ACTIVE_ANON,
			      .highest = ZONE_MOVABLE,
			      .nr = nr };

	lru_isolate(node, &c);
	for (unsigned i = 0; i < c.taken; i++)
		if (stand_in(s, c.pages[i])->private != IN_ANON + kind)
			meet(s, c.pages[i]);
	lru_give_back(&c);
}

/* ---- who goes ---- */

/* It stays after all: on its list, and the policy has it again. */
static void refuse(struct stand_ins *s, struct page *page, unsigned kind, bool used)
{
	struct page *si = stand_in(s, page);

	lru_putback(&page, 1);
	enter(s, si, kind);
	if (used)
		chosen->hit(&s->set[kind], si);
	swap_put_page(page);
}

/* The page that the policy gives, isolated, with a reference; NULL: it left, or stays. */
static struct page *choose(struct stand_ins *s, const struct scan_control *sc, unsigned kind)
{
	struct page *si = chosen->victim(&s->set[kind]), *page = hold(s, si, kind);
	bool used;

	s->in[kind]--;
	si->private = TAKEN;
	if (!page || !lru_isolate_page(page)) {
		if (page)
			swap_put_page(page);
		si->private = OUT;
		return NULL;
	}
	used = chosen->hit && page_used(page);
	if (!used && page_zone_id(page) <= (unsigned)sc->highest)
		return page;
	if (!used)
		count_vm_event((enum vm_event)(PGSKIP_DMA + page_zone_id(page)));
	refuse(s, page, kind, used);
	return NULL;
}

/* Up to @nr victims; the policy is asked for four times as many at most: some stay. */
static void choose_some(struct stand_ins *s, const struct scan_control *sc, unsigned kind,
			unsigned nr, struct lru_scan *out)
{
	for (unsigned asked = 0; asked < 4 * nr && out->taken < nr && s->in[kind]; asked++) {
		struct page *page = choose(s, sc, kind);

		out->scanned++;
		if (page)
			out->pages[out->taken++] = page;
	}
}

/* What became of @page, chosen: it is free, it is being written, or it stays. */
static void settle(struct stand_ins *s, struct page *page, unsigned kind, bool stays)
{
	struct page *si = stand_in(s, page);

	if (!stays) {
		left(s, si, kind);
	} else if (!page_mapcount(page) &&
		   (page_test(page, PG_writeback) || page_test(page, PG_dirty))) {
		si->private = LEAVING;
		lru_retire(page);
	} else {
		lru_admit(page);
		enter(s, si, kind);
	}
}

static bool is_among(struct page *page, struct page **pages, unsigned n)
{
	while (n && pages[n - 1] != page)
		n--;
	return n;
}

/* Those of @all that are not in @stayed are free; their frames may be anybody's. */
static void settle_all(struct stand_ins *s, unsigned kind, const struct lru_scan *all,
		       struct lru_scan *stayed)
{
	for (unsigned i = 0; i < all->taken; i++) {
		struct page *page = all->pages[i];

		settle(s, page, kind, is_among(page, stayed->pages, stayed->taken));
	}
}

/* The policy changed meanwhile: whoever stays is new to it. */
static void settle_as_new(struct lru_scan *stayed)
{
	for (unsigned i = 0; i < stayed->taken; i++)
		lru_retire(stayed->pages[i]);
}

bool shrink_by_policy(struct scan_control *sc, unsigned kind, unsigned nr)
{
	struct lru_scan all = { .list = kind ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON }, s;
	struct stand_ins *node_s;
	unsigned long seen;

	if (!READ_ONCE(chosen))
		return false;
	mutex_lock(&policy_lock);
	node_s = stand_ins[sc->node->node_id];
	if (!node_s) {
		mutex_unlock(&policy_lock);
		return false;
	}
	seen = epoch;
	meet_all(node_s, sc->node, kind, &all);
	audit(node_s, sc->node, kind, nr);
	all.scanned = all.taken;
	choose_some(node_s, sc, kind, nr, &all);
	mutex_unlock(&policy_lock);

	s = all;
	shrink_chosen(sc, &s);
	mutex_lock(&policy_lock);
	if (seen == epoch)
		settle_all(node_s, kind, &all, &s);
	else
		settle_as_new(&s);
	mutex_unlock(&policy_lock);
	lru_give_back(&s);
	return true;
}

/* ---- which policy ---- */

const struct policy *reclaim_policy(void)
{
	const struct policy *p = READ_ONCE(chosen);

	return p ? p : policy_by_name("lru2", 4);
}

bool policy_can_reclaim(const struct policy *p)
{
	return !(p->flags & POLICY_NEEDS_FUTURE);
}

static void end(struct stand_ins *s)
{
	if (!s)
		return;
	for (unsigned k = 0; k < KINDS; k++)
		policy_set_end(&s->set[k]);
	kvfree(s->page);
	kvfree(s);
}

static struct stand_ins *begin(const struct policy *p, const struct pglist_data *node)
{
	struct stand_ins *s = kvzalloc(sizeof(*s));

	if (!s)
		return NULL;
	s->start = node->start_pfn;
	s->page = kvzalloc(node->spanned_pages * sizeof(*s->page));
	for (unsigned k = 0; s->page && k < KINDS; k++) {
		s->set[k] = (struct policy_set){ .base = s->page,
						 .frames = node->spanned_pages,
						 .referenced = referenced };
		if (policy_set_begin(&s->set[k], p))
			break;
		if (k == KINDS - 1)
			return s;
	}
	end(s);
	return NULL;
}

/* All known pages of a list are new again, in their order. */
static void renew(struct pglist_data *node, enum lru_list active)
{
	for (unsigned long some = lru_size(node, active); some;) {
		struct lru_scan c = { .list = active, .highest = ZONE_MOVABLE };

		c.nr = (unsigned)min_of(unsigned long, some, LRU_CLUSTER);
		some -= c.nr;
		lru_isolate(node, &c);
		for (unsigned i = 0; i < c.taken; i++)
			lru_retire(c.pages[i]);
		lru_give_back(&c);
	}
}

static void exchange(struct stand_ins **with, const struct policy *p)
{
	mutex_lock(&policy_lock);
	for (unsigned n = 0; n < nr_nodes; n++) {
		struct stand_ins *old = stand_ins[n];

		stand_ins[n] = with[n];
		with[n] = old;
		renew(node_data[n], LRU_ACTIVE_ANON);
		renew(node_data[n], LRU_ACTIVE_FILE);
	}
	WRITE_ONCE(chosen, p);
	epoch++;
	mutex_unlock(&policy_lock);
}

int reclaim_policy_set(const char *name, size_t len)
{
	const struct policy *p = policy_by_name(name, len);
	struct stand_ins *with[CFG_MAX_NODES] = { NULL };
	bool own = p && !strcmp(p->name, "lru2"); /* the lists are of its design */
	int err = 0;

	if (!p || !policy_can_reclaim(p))
		return -EINVAL;
	for (unsigned n = 0; !own && !err && n < nr_nodes; n++) {
		with[n] = begin(p, node_data[n]);
		err = with[n] ? 0 : -ENOMEM;
	}
	if (!err)
		exchange(with, own ? NULL : p);
	for (unsigned n = 0; n < nr_nodes; n++)
		end(with[n]);
	return err;
}

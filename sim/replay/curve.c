/*
 * What one pass over a trace tells about every size of memory at once.
 *
 *   LRU at all sizes   distance of a reference: how many pages were used since its page was last, itself included. With as many
 *                      frames or more it is no fault. A tree of sums over time (Fenwick) has a one where a page was last used
 *   mean working set   a reference keeps its page in the window (t - T, t] for min(gap to the next one, T) steps: the mean is
 *                      the sum over all references, divided by their number
 *   windows            pages used in windows of 256, 512, 1024 ... references side by side; the shortest that are few enough
 *
 * OWNS     struct curve.   COST  O(log pages) a reference; memory O(pages).
 * I1       place[id] is where the tree has the page's one; at_place[] is the way back; places are dealt out upwards, and anew,
 *          in the same order, when there are none left.
 * SOURCES  Mattson et al. 1970; Denning, Schwartz 1972; Bennett, Kruskal 1975.   TESTED BY replay_test.c
 */
#include "sim/replay/replay.h"

#include <stdlib.h>
#include <string.h>

enum { GAP_STEPS = 8, GAPS = 64 * GAP_STEPS, LEVELS = 40, FIRST_WINDOW = 8, WINDOWS = 1024 };

struct page_past {
	uint64_t time;	/* of its last use, from 1; 0: never */
	uint32_t place; /* in the tree, from 1 */
};

struct level {
	uint64_t start; /* of the window that runs */
	uint32_t pages, nr;
	uint32_t *done; /* of the windows that ended */
};

struct curve {
	struct page_past *past;
	uint32_t ids, pages;
	uint32_t *tree, *at_place, places, next_place;
	uint64_t *distance; /* [d]: references at distance d; room as past[] */
	uint64_t time, cold;
	uint64_t gaps[GAPS], gap_sum[GAPS];
	struct level level[LEVELS];
	unsigned lowest; /* the shortest windows that are still kept */
	uint32_t last;
};

struct curve *curve_new(void)
{
	struct curve *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->last = UINT32_MAX;
	for (unsigned i = 0; i < LEVELS; i++) {
		c->level[i].start = 1;
		c->level[i].done = malloc(WINDOWS * sizeof(uint32_t));
		if (!c->level[i].done) {
			curve_free(c);
			return NULL;
		}
	}
	return c;
}

void curve_free(struct curve *c)
{
	for (unsigned i = 0; i < LEVELS; i++)
		free(c->level[i].done);
	free(c->past);
	free(c->tree);
	free(c->at_place);
	free(c->distance);
	free(c);
}

/* ---- the tree ---- */

static void tree_add(struct curve *c, uint32_t place, uint32_t n)
{
	for (; place <= c->places; place += place & -place)
		c->tree[place] += n;
}

static uint32_t tree_sum(const struct curve *c, uint32_t place)
{
	uint32_t sum = 0;

	for (; place; place &= place - 1)
		sum += c->tree[place];
	return sum;
}

/* Places anew, in the same order, twice as many as there are pages. false: no memory. */
static bool replace_all(struct curve *c)
{
	uint32_t places = c->pages < 2048 ? 4096 : c->pages * 2, n = 0;
	uint32_t *tree = calloc(places + 1, sizeof(*tree)), *at = calloc(places + 1, sizeof(*at));

	if (!tree || !at) {
		free(tree);
		free(at);
		return false;
	}
	for (uint32_t i = 1; i < c->next_place; i++)
		if (c->past[c->at_place[i]].place == i) {
			at[++n] = c->at_place[i];
			c->past[at[n]].place = n;
		}
	free(c->tree);
	free(c->at_place);
	c->tree = tree;
	c->at_place = at;
	c->places = places;
	c->next_place = n + 1;
	for (uint32_t i = 1; i <= places; i++) { /* each sum is its own ones and its children's */
		uint32_t up = i + (i & -i);

		tree[i] += i <= n;
		if (up <= places)
			tree[up] += tree[i];
	}
	return true;
}

static bool know(struct curve *c, uint32_t id)
{
	uint32_t n = c->ids ? c->ids : 1024;
	struct page_past *past;
	uint64_t *distance;

	while (n <= id)
		n *= 2;
	past = realloc(c->past, n * sizeof(*past));
	if (past)
		c->past = past;
	distance = realloc(c->distance, (n + 1UL) * sizeof(*distance));
	if (distance)
		c->distance = distance;
	if (!past || !distance)
		return false;
	memset(past + c->ids, 0, (n - c->ids) * sizeof(*past));
	memset(distance + c->ids + !!c->ids, 0, (n - c->ids + !c->ids) * sizeof(*distance));
	c->ids = n;
	return true;
}

/* ---- gaps between uses ---- */

/* The bucket of @gap: eight for each doubling. */
static unsigned bucket(uint64_t gap)
{
	unsigned top = 63 - (unsigned)__builtin_clzll(gap);

	return top < 3 ? (unsigned)gap : top * GAP_STEPS - 16 + (unsigned)(gap >> (top - 3) & 7);
}

static void count_gap(uint64_t *gaps, uint64_t *sums, uint64_t gap)
{
	unsigned b = bucket(gap);

	gaps[b]++;
	sums[b] += gap;
}

/* Sum of min(gap, @refs) over gaps of these buckets; those in the bucket of @refs itself count by what they are. */
static double capped(const uint64_t *gaps, const uint64_t *sums, uint64_t refs)
{
	double sum = 0;

	for (unsigned b = 0; b < GAPS; b++)
		sum += b < bucket(refs) ? (double)sums[b] : (double)gaps[b] * (double)refs;
	return sum;
}

double curve_working_set(const struct curve *c, uint64_t refs)
{
	double sum = capped(c->gaps, c->gap_sum, refs);

	for (uint32_t id = 0; id < c->ids; id++)
		if (c->past[id].time) { /* the last use of a page: to the end of the trace */
			uint64_t left = c->time - c->past[id].time + 1;

			sum += (double)(left < refs ? left : refs);
		}
	return c->time ? sum / (double)c->time : 0;
}

/* ---- windows ---- */

static void window_ends(struct curve *c, unsigned i)
{
	struct level *l = &c->level[i];

	l->done[l->nr++] = l->pages;
	l->pages = 0;
	l->start = c->time + 1;
	if (l->nr == WINDOWS && i == c->lowest)
		c->lowest++;
}

static void count_windows(struct curve *c, uint64_t last_use)
{
	for (unsigned i = c->lowest; i < LEVELS && last_use < c->level[i].start; i++)
		c->level[i].pages++;
	for (unsigned i = c->lowest; i < LEVELS && !(c->time & ((1ULL << (i + FIRST_WINDOW)) - 1));
	     i++)
		window_ends(c, i);
}

unsigned curve_windows(const struct curve *c, uint32_t *pages, unsigned max, uint64_t *refs)
{
	unsigned i = c->lowest;
	const struct level *l = &c->level[i];

	while (i < LEVELS - 1 && l->nr > max)
		l = &c->level[++i];
	*refs = 1ULL << (i + FIRST_WINDOW);
	memcpy(pages, l->done, l->nr * sizeof(*pages));
	return l->nr;
}

/* ---- playing ---- */

static bool use(struct curve *c, uint32_t id)
{
	struct page_past *p;

	if (id >= c->ids && !know(c, id))
		return false;
	if (c->next_place > c->places || !c->places)
		if (!replace_all(c))
			return false;
	p = &c->past[id];
	if (p->time) {
		c->distance[tree_sum(c, c->next_place - 1) - tree_sum(c, p->place - 1)]++;
		count_gap(c->gaps, c->gap_sum, c->time - p->time);
		tree_add(c, p->place, -1U);
	} else {
		c->cold++;
		c->pages++;
	}
	count_windows(c, p->time);
	p->time = c->time;
	p->place = c->next_place++;
	c->at_place[p->place] = id;
	tree_add(c, p->place, 1);
	return true;
}

/* The page that was used last, again. */
static void repeat(struct curve *c, uint32_t id)
{
	c->distance[1]++;
	count_gap(c->gaps, c->gap_sum, 1);
	count_windows(c, c->past[id].time);
	c->past[id].time = c->time;
}

bool curve_play(struct curve *c, const struct block *b)
{
	for (uint32_t i = 0; i < b->nr; i++) {
		c->time++;
		if (b->id[i] == c->last)
			repeat(c, b->id[i]);
		else if (!use(c, b->id[i]))
			return false;
		c->last = b->id[i];
	}
	return true;
}

uint64_t curve_faults(const struct curve *c, uint64_t frames)
{
	uint64_t hits = 0;

	for (uint64_t d = 1; d <= frames && d <= c->pages; d++)
		hits += c->distance[d];
	return c->time - hits;
}

uint64_t curve_references(const struct curve *c)
{
	return c->time;
}

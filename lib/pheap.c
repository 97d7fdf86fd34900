/*
 * Pairing heaps.
 *
 * WHY      run queues and timer queues insert far more often than they take the minimum of a large set: insertion is one
 *          comparison, the usual sizes (1 to 3 nodes) cost next to nothing, large ones are logarithmic.
 * I1       a node's key is not smaller than its parent's.                                        [pheap_check]
 * I2       n->next->prev == n; a first child's prev is its parent; the root has no prev and no next.  [pheap_check]
 * CONTEXT  any; the caller locks.
 * COST     insert O(1); remove O(log n) amortised: children are merged in pairs, then from right to left.
 * SOURCES  Fredman, Sedgewick, Sleator, Tarjan 1986.   TESTED BY  pheap_test.c.
 */
#include "lib/pheap.h"

/* Two roots become one; @a wins a tie, so older nodes stay in front. */
static struct pheap_node *merge(struct pheap_node *a, struct pheap_node *b)
{
	struct pheap_node *t;

	if (b->key < a->key) {
		t = a;
		a = b;
		b = t;
	}
	b->next = a->child;
	if (a->child)
		a->child->prev = b;
	b->prev = a;
	a->child = b;
	return a;
}

/* Merge the siblings starting at @first into one tree. */
static struct pheap_node *merge_siblings(struct pheap_node *first)
{
	struct pheap_node *done = NULL, *root;

	while (first) {
		struct pheap_node *a = first, *b = a->next;

		if (!b) {
			a->next = done;
			done = a;
			break;
		}
		first = b->next;
		a = merge(a, b);
		a->next = done; /* a list of merged pairs, last pair first */
		done = a;
	}
	root = done;
	if (!root)
		return NULL;
	done = root->next;
	while (done) {
		struct pheap_node *next = done->next;

		root = merge(done, root);
		done = next;
	}
	root->next = NULL;
	root->prev = NULL;
	return root;
}

/* Into a heap that is not empty. */
void pheap_insert_second(struct pheap *h, struct pheap_node *n)
{
	n = merge(h->root, n);
	n->next = NULL;
	n->prev = NULL;
	h->root = n;
}

void pheap_remove_general(struct pheap *h, struct pheap_node *n)
{
	struct pheap_node *rest = n->child ? merge_siblings(n->child) : NULL;

	if (n == h->root) {
		h->root = rest;
		return;
	}
	if (n->prev->child == n)
		n->prev->child = n->next;
	else
		n->prev->next = n->next;
	if (n->next)
		n->next->prev = n->prev;
	if (rest) {
		h->root = merge(h->root, rest);
		h->root->next = NULL;
		h->root->prev = NULL;
	}
}

/* The node that @n hangs under; NULL for the root. */
static struct pheap_node *parent_of(const struct pheap_node *n)
{
	while (n->prev && n->prev->child != n)
		n = n->prev;
	return n->prev;
}

struct pheap_node *pheap_walk(const struct pheap *h, struct pheap_node *n)
{
	if (!n)
		return h->root;
	if (n->child)
		return n->child;
	while (n && !n->next)
		n = parent_of(n);
	return n ? n->next : NULL;
}

const char *pheap_check(const struct pheap *h, unsigned *nr)
{
	struct pheap_node *n = NULL;

	*nr = 0;
	if (h->root && (h->root->prev || h->root->next))
		return "the root has siblings";
	while ((n = pheap_walk(h, n))) {
		const struct pheap_node *p = parent_of(n);

		(*nr)++;
		if (p && p->key > n->key)
			return "a parent's key is larger";
		if (n->next && n->next->prev != n)
			return "broken sibling links";
		if (n->child && n->child->prev != n)
			return "broken child link";
	}
	return NULL;
}

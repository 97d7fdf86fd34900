/*
 * Pairing heaps of nodes embedded in their objects, ordered by a 64-bit key. Equal keys come out roughly in the order
 * they went in. The caller locks. SOURCES: Fredman, Sedgewick, Sleator, Tarjan 1986.
 */
#ifndef LIB_PHEAP_H
#define LIB_PHEAP_H

#include "base/compiler.h"
#include "base/types.h"

struct pheap_node {
	uint64_t key;
	struct pheap_node *child; /* first child */
	struct pheap_node *next;  /* next sibling */
	struct pheap_node
		*prev; /* previous sibling, or the parent of a first child; NULL for the root */
};

struct pheap {
	struct pheap_node *root; /* smallest key; NULL: empty */
};

static inline struct pheap_node *pheap_first(const struct pheap *h)
{
	return h->root;
}

void pheap_insert_second(struct pheap *h, struct pheap_node *n);
void pheap_remove_general(struct pheap *h, struct pheap_node *n);

/* Insert @n with @n->key set. O(1). */
static inline void pheap_insert(struct pheap *h, struct pheap_node *n)
{
	n->child = NULL;
	n->next = NULL;
	n->prev = NULL;
	if (h->root)
		pheap_insert_second(h, n);
	else
		h->root = n;
}

/* Remove @n, which is in the heap. O(log nodes) amortised. */
static inline void pheap_remove(struct pheap *h, struct pheap_node *n)
{
	if (n == h->root && !n->child)
		h->root = NULL;
	else
		pheap_remove_general(h, n);
}

/* Remove the first of a heap that is not empty. */
static inline struct pheap_node *pheap_take_first(struct pheap *h)
{
	struct pheap_node *n = h->root;

	if (!n->child)
		h->root = NULL;
	else
		pheap_remove_general(h, n);
	return n;
}

/* Walk all nodes in no order: the one after @n (NULL: the root). NULL at the end. */
struct pheap_node *pheap_walk(const struct pheap *h, struct pheap_node *n);
/* Checker: links and heap order. Return: NULL, or what is wrong; *nr gets the number of nodes. */
const char *pheap_check(const struct pheap *h, unsigned *nr);

#endif

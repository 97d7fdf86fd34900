/* Nodes of trees in tests, counted, failing when wished; and random numbers. */
#ifndef SIM_NODES_TEST_H
#define SIM_NODES_TEST_H

#include <stdint.h>
#include <stdlib.h>

static long nodes_out;
static long fail_after = -1;

static void *counted_node(size_t size)
{
	if (fail_after >= 0 && fail_after-- == 0)
		return NULL;
	nodes_out++;
	return malloc(size);
}

static void node_free(void *n)
{
	nodes_out--;
	free(n);
}

static uint64_t seed = 1;
static unsigned long rnd(unsigned long below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned long)(seed >> 33) % below;
}

#endif

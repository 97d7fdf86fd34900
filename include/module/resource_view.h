/* A claim of ports or physical addresses, as Linux's modules see it. */
#ifndef MODULE_RESOURCE_VIEW_H
#define MODULE_RESOURCE_VIEW_H

#include "base/types.h"

struct resource_view {		       /* struct resource */
	unsigned long long start, end; /* the last */
	const char *name;
	unsigned long flags;
	struct resource_view *parent, *sibling, *child;
};

#endif

/* Who uses which ports and physical addresses: /proc/ioports, and lines of /proc/iomem. */
#ifndef FS_CLAIMS_H
#define FS_CLAIMS_H

#include "base/compiler.h"
#include "base/types.h"

struct seq_file;

enum claim_kind { CLAIM_PORTS, CLAIM_MEMORY };
/* @start to @last belong to @owner (opaque) under @name, which is copied. 0, -EBUSY (a part is somebody's), -EINVAL, -ENOMEM. */
int must_check claim_add(enum claim_kind kind, uint64_t start, uint64_t last, const char *name,
			 const void *owner);
/* Return: false: there is no such claim. */
bool claim_remove(enum claim_kind kind, uint64_t start, uint64_t last);
/* Number @n in rising order; false past the last. @name: 32 bytes. */
bool claim_at(enum claim_kind kind, unsigned n, uint64_t *start, uint64_t *last, char *name);
/* One claim of @owner: for taking back what it has forgotten. */
bool claim_of(const void *owner, enum claim_kind *kind, uint64_t *start, uint64_t *last);
void claims_init(void); /* boot: /proc/ioports */

#endif

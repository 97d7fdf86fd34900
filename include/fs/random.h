/* Random bytes for getrandom(2), /dev/urandom, ASLR and AT_RANDOM. */
#ifndef FS_RANDOM_H
#define FS_RANDOM_H

#include "base/types.h"

/* Fill @buf with unpredictable bytes. Any context that may take a spinlock; never fails. */
void random_bytes(void *buf, size_t len);
/* Stir @data into the generator; it can only get better. */
void random_mix(const void *data, size_t len);

#endif

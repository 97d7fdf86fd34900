/* LZ4 blocks: fast compression of short pieces. No state, no allocation. */
#ifndef LIB_LZ4_H
#define LIB_LZ4_H

#include "base/types.h"

enum { LZ4_TABLE = 2048, LZ4_MAX_INPUT = 65535 };

/* Compress @n bytes, at most LZ4_MAX_INPUT. @table: LZ4_TABLE numbers of scratch. Return: bytes; 0: more than @cap. */
size_t lz4_compress(const uint8_t *src, size_t n, uint8_t *dst, size_t cap, uint16_t *table);
/* The opposite. Return: bytes; -1: no such block, or more than @cap. Any input is safe. */
long lz4_decompress(const uint8_t *src, size_t n, uint8_t *dst, size_t cap);

#endif

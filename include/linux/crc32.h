/* Check sums of bytes: CRC-32 of Ethernet and of zip, low bit first. */
#ifndef _LINUX_CRC32_H
#define _LINUX_CRC32_H

#include <linux/types.h>

static inline u32 crc32_le(u32 crc, const void *from, size_t n)
{
	for (const u8 *p = from; n--; p++) {
		crc ^= *p;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return crc;
}
#define crc32(seed, data, n)  crc32_le(seed, data, n)
#define ether_crc_le(n, data) crc32_le(~0U, data, n)

#endif

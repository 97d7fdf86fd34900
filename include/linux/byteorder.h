/* Bytes in the order of this machine (little-endian) and of the net. */
#ifndef _LINUX_BYTEORDER_H
#define _LINUX_BYTEORDER_H

#include <linux/types.h>

#define swab16(v)	 __builtin_bswap16(v)
#define swab32(v)	 __builtin_bswap32(v)
#define swab64(v)	 __builtin_bswap64(v)
#define cpu_to_le16(v)	 ((u16)(v))
#define cpu_to_le32(v)	 ((u32)(v))
#define cpu_to_le64(v)	 ((u64)(v))
#define le16_to_cpu(v)	 ((u16)(v))
#define le32_to_cpu(v)	 ((u32)(v))
#define le64_to_cpu(v)	 ((u64)(v))
#define cpu_to_be16(v)	 swab16(v)
#define cpu_to_be32(v)	 swab32(v)
#define cpu_to_be64(v)	 swab64(v)
#define be16_to_cpu(v)	 swab16(v)
#define be32_to_cpu(v)	 swab32(v)
#define be64_to_cpu(v)	 swab64(v)
#define htons(v)	 swab16(v)
#define ntohs(v)	 swab16(v)
#define htonl(v)	 swab32(v)
#define ntohl(v)	 swab32(v)
#define __constant_htons htons
#define __constant_htonl htonl

#endif

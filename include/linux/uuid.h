/* Identifiers of 128 bits. */
#ifndef _LINUX_UUID_H
#define _LINUX_UUID_H

#include <linux/random.h>
#include <linux/string.h>

#define UUID_SIZE	16
#define UUID_STRING_LEN 36

typedef struct {
	u8 b[UUID_SIZE];
} uuid_t, guid_t, uuid_le;

#define UUID_INIT(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)                                         \
	((uuid_t){ { (u8)((a) >> 24), (u8)((a) >> 16), (u8)((a) >> 8), (u8)(a), (u8)((b) >> 8),    \
		     (u8)(b), (u8)((c) >> 8), (u8)(c), d0, d1, d2, d3, d4, d5, d6, d7 } })
#define GUID_INIT(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)                                         \
	((guid_t){ { (u8)(a), (u8)((a) >> 8), (u8)((a) >> 16), (u8)((a) >> 24), (u8)(b),           \
		     (u8)((b) >> 8), (u8)(c), (u8)((c) >> 8), d0, d1, d2, d3, d4, d5, d6, d7 } })
#define uuid_equal(x, y) (memcmp(x, y, UUID_SIZE) == 0)
#define guid_equal	 uuid_equal
#define uuid_copy(to, x) ((void)(*(to) = *(x)))
#define guid_copy	 uuid_copy

static inline bool uuid_is_null(const uuid_t *u)
{
	static const uuid_t none;

	return uuid_equal(u, &none);
}

/* Random: RFC 4122, version 4. */
static inline void uuid_gen(uuid_t *u)
{
	get_random_bytes(u, sizeof(*u));
	u->b[6] = (u8)((u->b[6] & 0x0f) | 0x40);
	u->b[8] = (u8)((u->b[8] & 0x3f) | 0x80);
}
#define generate_random_uuid(bytes) uuid_gen((uuid_t *)(bytes))

#endif

/*
 * Text of what Linux's %p letters print beside addresses: flags of pages, vmas and allocations, identifiers, errors, resources.
 *
 * OWNS     the names.   WHY      text.c reads formats; these are only read from memory.
 * CONTEXT  any.   FAILS  never: unknown bits and numbers are printed as numbers; text that does not fit is cut off.
 * SOURCES  Linux Documentation/core-api/printk-formats.rst; RFC 4122 and 5952.   TESTED BY  module_course (guest)
 */
#include "module/text_objects.h"

#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/gfp.h"
#include "mm/page_flags.h"
#include "mm/zone.h"
#include "module/resource_view.h"

struct flag_name {
	unsigned long mask;
	const char *name;
};

/* Bits of vm_flags as modules see them (include/linux/vm_flags.h). */
static const struct flag_name vma_names[] = {
	{ 0x00000001, "read" },		{ 0x00000002, "write" },    { 0x00000004, "exec" },
	{ 0x00000008, "shared" },	{ 0x00000010, "mayread" },  { 0x00000020, "maywrite" },
	{ 0x00000040, "mayexec" },	{ 0x00000080, "mayshare" }, { 0x00000100, "growsdown" },
	{ 0x00000200, "uffd_missing" }, { 0x00000400, "pfnmap" },   { 0x00001000, "uffd_wp" },
	{ 0x00002000, "locked" },	{ 0x00004000, "io" },	    { 0x00008000, "seqread" },
	{ 0x00010000, "randread" },	{ 0x00020000, "dontcopy" }, { 0x00040000, "dontexpand" },
	{ 0x00080000, "lockonfault" },	{ 0x00100000, "account" },  { 0x00200000, "noreserve" },
	{ 0x00400000, "hugetlb" },	{ 0x00800000, "sync" },	    { 0x01000000, "pat" },
	{ 0x02000000, "wipeonfork" },	{ 0x04000000, "dontdump" }, { 0x08000000, "softdirty" },
	{ 0x10000000, "mixedmap" },	{ 0x20000000, "hugepage" }, { 0x40000000, "nohugepage" },
	{ 0x80000000, "mergeable" },
};

static const struct flag_name page_names[] = {
#define N(bit, name)                                                                               \
	{                                                                                          \
		1UL << (bit), name                                                                 \
	}
	N(PG_locked, "locked"),
	N(PG_waiters, "waiters"),
	N(PG_error, "error"),
	N(PG_referenced, "referenced"),
	N(PG_uptodate, "uptodate"),
	N(PG_dirty, "dirty"),
	N(PG_lru, "lru"),
	N(PG_active, "active"),
	N(PG_workingset, "workingset"),
	N(PG_owner_priv_1, "owner_priv_1"),
	N(PG_private, "private"),
	N(PG_writeback, "writeback"),
	N(PG_head, "head"),
	N(PG_mappedtodisk, "mappedtodisk"),
	N(PG_reclaim, "reclaim"),
	N(PG_swapbacked, "swapbacked"),
	N(PG_unevictable, "unevictable"),
	N(PG_mlocked, "mlocked"),
	N(PG_swapcache, "swapcache"),
	N(PG_young, "young"),
	N(PG_idle, "idle"),
	N(PG_hwpoison, "hwpoison"),
#undef N
};

/* Behind the @n bytes that are there. Return: how many are then; never more than fit. */
static size_t append(char *buf, size_t size, size_t n, const char *before, const char *text)
{
	return min_of(size_t, n + fmt_snprintf(buf + n, size - n, "%s%s", before, text), size - 1);
}

/* "a|b|0x..": what no name knows comes last. */
static size_t put_flags(char *buf, size_t size, unsigned long flags, const struct flag_name *names,
			size_t nr)
{
	char number[24];
	size_t n = 0;

	for (size_t i = 0; i < nr && flags; i++) {
		if ((flags & names[i].mask) != names[i].mask)
			continue;
		flags &= ~names[i].mask;
		n = append(buf, size, n, n ? "|" : "", names[i].name);
	}
	fmt_snprintf(number, sizeof(number), "0x%lx", flags);
	return flags ? append(buf, size, n, n ? "|" : "", number) : n;
}

static size_t put_page_flags(char *buf, size_t size, unsigned long flags)
{
	const unsigned long known = ((1UL << NR_PAGE_FLAGS) - 1) | 1UL << PG_hwpoison;
	const struct page page = { .flags = flags };
	const struct zone *z = page_zone(&page);
	size_t n = fmt_snprintf(buf, size, "0x%lx(", flags);
	char where[40];

	fmt_snprintf(where, sizeof(where), "node=%d|zone=%d)", z->pgdat->node_id, (int)z->type);
	n += put_flags(buf + n, size - n, flags & known, page_names, ARRAY_SIZE(page_names));
	return append(buf, size, n, flags & known ? "|" : "", where);
}

size_t text_flags(char *buf, size_t size, char kind, const void *p)
{
	switch (kind) {
	case 'p':
		return put_page_flags(buf, size, *(const unsigned long *)p);
	case 'v':
		return put_flags(buf, size, *(const unsigned long *)p, vma_names,
				 ARRAY_SIZE(vma_names));
	case 'g':
		return gfp_to_str(*(const gfp_t *)p, buf, size);
	default:
		return 0;
	}
}

size_t text_uuid(char *buf, size_t size, char form, const uint8_t *p)
{
	static const uint8_t written[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
			     swapped[] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	const uint8_t *order = form == 'l' || form == 'L' ? swapped : written;
	const bool large = form == 'B' || form == 'L';
	size_t n = 0;

	for (int i = 0; i < 16; i++)
		n += fmt_snprintf(buf + n, size - n, large ? "%s%02X" : "%s%02x",
				  i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", p[order[i]]);
	return n;
}

size_t text_error(char *buf, size_t size, const void *p)
{
	static const char *const names[] = {
#define N(e) [e] = #e
		N(EPERM),	    N(ENOENT),	    N(ESRCH),
		N(EINTR),	    N(EIO),	    N(ENXIO),
		N(E2BIG),	    N(ENOEXEC),	    N(EBADF),
		N(ECHILD),	    N(EAGAIN),	    N(ENOMEM),
		N(EACCES),	    N(EFAULT),	    N(ENOTBLK),
		N(EBUSY),	    N(EEXIST),	    N(EXDEV),
		N(ENODEV),	    N(ENOTDIR),	    N(EISDIR),
		N(EINVAL),	    N(ENFILE),	    N(EMFILE),
		N(ENOTTY),	    N(ETXTBSY),	    N(EFBIG),
		N(ENOSPC),	    N(ESPIPE),	    N(EROFS),
		N(EMLINK),	    N(EPIPE),	    N(EDOM),
		N(ERANGE),	    N(EDEADLK),	    N(ENAMETOOLONG),
		N(ENOLCK),	    N(ENOSYS),	    N(ENOTEMPTY),
		N(ELOOP),	    N(ENOMSG),	    N(EOVERFLOW),
		N(EILSEQ),	    N(EPROTO),	    N(EBADMSG),
		N(ENODATA),	    N(ETIME),	    N(EMSGSIZE),
		N(EPROTONOSUPPORT), N(EOPNOTSUPP),  N(EADDRINUSE),
		N(EADDRNOTAVAIL),   N(ENETUNREACH), N(ECONNABORTED),
		N(ECONNRESET),	    N(ENOBUFS),	    N(EISCONN),
		N(ENOTCONN),	    N(ETIMEDOUT),   N(ECONNREFUSED),
		N(EALREADY),	    N(EINPROGRESS), N(ESTALE),
		N(EDQUOT),	    N(ECANCELED),
#undef N
	};
	const unsigned long e = 0 - (unsigned long)p;

	if (e < ARRAY_SIZE(names) && names[e])
		return fmt_snprintf(buf, size, "-%s", names[e]);
	return e && e < PAGE_SIZE
		       ? fmt_snprintf(buf, size, "-%lu", e)
		       : fmt_snprintf(buf, size, "%0*lx", (int)sizeof(p) * 2, (unsigned long)p);
}

enum {
	RES_IO = 0x100,
	RES_MEM = 0x200,
	RES_IRQ = 0x400,
	RES_PREFETCH = 0x2000,
	RES_64 = 0x100000,
	RES_DISABLED = 0x10000000
};

size_t text_resource(char *buf, size_t size, char form, const void *p)
{
	const struct resource_view *r = p;
	const char *kind = r->flags & RES_IO	? "io  "
			   : r->flags & RES_MEM ? "mem "
			   : r->flags & RES_IRQ ? "irq "
						: "??? ";
	const char *number = r->flags & RES_IO	  ? "%s0x%04llx"
			     : r->flags & RES_IRQ ? "%s%llu"
						  : "%s0x%08llx";
	size_t n = fmt_snprintf(buf, size, "[%s", kind);

	n += fmt_snprintf(buf + n, size - n, number, "", r->start);
	if (r->start != r->end)
		n += fmt_snprintf(buf + n, size - n, number, "-", r->end);
	if (form == 'r')
		return n + fmt_snprintf(buf + n, size - n, " flags 0x%lx]", r->flags);
	return n + fmt_snprintf(buf + n, size - n, "%s%s%s]", r->flags & RES_64 ? " 64bit" : "",
				r->flags & RES_PREFETCH ? " pref" : "",
				r->flags & RES_DISABLED ? " disabled" : "");
}

/* The longest run of two or more zero words, which "::" stands for. */
static void longest_zeroes(const uint8_t *p, int *at, int *len)
{
	*at = -1;
	*len = 1;
	for (int i = 0, run; i < 8; i += run + 1) {
		for (run = 0; i + run < 8 && !p[2 * (i + run)] && !p[2 * (i + run) + 1]; run++)
			;
		if (run > *len) {
			*at = i;
			*len = run;
		}
	}
}

size_t text_ipv6(char *buf, size_t size, bool packed, const uint8_t *p)
{
	int gap, len;
	size_t n = 0;

	longest_zeroes(p, &gap, &len);
	for (int i = 0; i < 8; i++) {
		if (packed && i == gap) {
			n += fmt_snprintf(buf + n, size - n, "%s", i + len == 8 ? "::" : ":");
			i += len - 1;
			continue;
		}
		n += fmt_snprintf(buf + n, size - n, packed ? "%s%x" : "%s%04x", i ? ":" : "",
				  p[2 * i] << 8 | p[2 * i + 1]);
	}
	return n;
}

/*
 * Tables of partitions: the MBR with its chain of logical partitions, and GPT.
 *
 *   MBR    sector 0: four entries at 446; an extended one begins a chain: each link has a logical partition (from number 5 on)
 *          and the place of the next link
 *   GPT    an MBR with an entry of type 0xee; a header in block 1, a copy in the last block; entries of 128 bytes or more
 *
 * WHY      pure and apart from the devices, because whoever writes the disk writes this input.
 * I1       every range that is given out lies on the disk, and has sectors.
 * I2       a chain has at most CHAIN_MAX links: one that leads back to itself ends.
 * I3       a GPT counts only with both checksums right; the copy at the end stands in for a bad first one.
 * LOCKS    none.   CONTEXT  whatever the reader can bear.   COST  CHAIN_MAX sectors, or a GPT's 128 entries twice.
 * FAILS    the reader's error. A table that makes no sense is none.
 * SOURCES  UEFI Specification 2.9, ch. 5 "GUID Partition Table (GPT) Disk Layout".   TESTED BY  partition_test.c
 */
#include "block/partition.h"
#include "lib/string.h"

enum {
	SECTOR = 512,
	MBR_ENTRIES = 446,
	MBR_SIGNATURE = 510,
	TYPE_GPT = 0xee,
	CHAIN_MAX = 64,
	GPT_HEADER = 92,
	GPT_ENTRY_MAX = 4096,
	GPT_NR_MAX = 1024
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* The CRC-32 of Ethernet and GPT; begin and end with ~0 by the caller. */
static uint32_t crc32_step(uint32_t crc, const uint8_t *p, size_t n)
{
	while (n--) {
		crc ^= *p++;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return crc;
}

/* Blocks [start, + nr) of the table's unit become sectors, if they lie on the disk. */
static bool set_range(const struct partition_source *src, struct partition_range *out,
		      uint64_t start, uint64_t nr)
{
	unsigned unit = src->block_size / SECTOR;
	uint64_t blocks = src->nr_sectors / unit;

	if (!nr || start >= blocks || nr > blocks - start)
		return false;
	*out = (struct partition_range){ start * unit, nr * unit };
	return true;
}

/* ---- MBR ---- */

static bool is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

static int read_chain(const struct partition_source *src, uint64_t first, uint8_t *buf,
		      struct partition_range *out)
{
	unsigned unit = src->block_size / SECTOR, n = 4;
	uint64_t at = first;

	for (unsigned links = 0; links < CHAIN_MAX && n < PARTITIONS_MAX; links++) {
		const uint8_t *e = buf + MBR_ENTRIES, *next = e + 16;
		int err;

		if (at >= src->nr_sectors / unit)
			return 0;
		err = src->read(src->arg, at * unit, buf);
		if (err)
			return err;
		if (buf[MBR_SIGNATURE] != 0x55 || buf[MBR_SIGNATURE + 1] != 0xaa)
			return 0;
		if (e[4] && set_range(src, &out[n], at + get32(e + 8), get32(e + 12)))
			n++;
		if (!is_extended(next[4]))
			return 0;
		at = first + get32(next + 8);
	}
	return 0;
}

static int read_mbr(const struct partition_source *src, uint8_t *buf, struct partition_range *out)
{
	uint64_t chain = 0;

	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *e = buf + MBR_ENTRIES + 16 * i;

		if (e[0] & 0x7f) /* neither 0 nor 0x80: a boot sector of something else */
			return 0;
	}
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *e = buf + MBR_ENTRIES + 16 * i;

		if (!e[4])
			continue;
		if (!is_extended(e[4])) {
			(void)set_range(src, &out[i], get32(e + 8), get32(e + 12));
			continue;
		}
		/* Linux gives the container a number too, of its first two sectors; nobody needs it. */
		if (!chain)
			chain = get32(e + 8);
	}
	return chain ? read_chain(src, chain, buf, out) : 0;
}

/* ---- GPT ---- */

struct gpt {
	uint64_t entries; /* block */
	uint32_t nr, size, crc;
	uint64_t first, last; /* usable blocks */
};

/* @buf: the header's sector, at block @at. Return: whether it is one. */
static bool gpt_header(const struct partition_source *src, uint8_t *buf, uint64_t at, struct gpt *g)
{
	uint32_t size = get32(buf + 12), crc = get32(buf + 16);

	if (memcmp(buf, "EFI PART", 8) != 0 || size < GPT_HEADER || size > SECTOR)
		return false;
	memset(buf + 16, 0, 4);
	if (~crc32_step(~0U, buf, size) != crc || get64(buf + 24) != at)
		return false;
	g->first = get64(buf + 40);
	g->last = get64(buf + 48);
	g->entries = get64(buf + 72);
	g->nr = get32(buf + 80);
	g->size = get32(buf + 84);
	g->crc = get32(buf + 88);
	return g->size >= 128 && g->size <= GPT_ENTRY_MAX && !(g->size & (g->size - 1)) &&
	       g->nr <= GPT_NR_MAX && g->first <= g->last &&
	       g->last < src->nr_sectors / (src->block_size / SECTOR);
}

static void gpt_entry(const struct partition_source *src, const struct gpt *g, const uint8_t *e,
		      struct partition_range *out)
{
	static const uint8_t unused[16];
	uint64_t start = get64(e + 32), last = get64(e + 40);

	if (memcmp(e, unused, 16) != 0 && start >= g->first && last <= g->last && start <= last)
		(void)set_range(src, out, start, last - start + 1);
}

/* One pass over the entries: their checksum, and (@out) what they say. 0, the reader's error, or 1: beyond the disk. */
static int gpt_entries(const struct partition_source *src, const struct gpt *g, uint8_t *buf,
		       uint32_t *crc, struct partition_range *out)
{
	uint64_t bytes = (uint64_t)g->nr * g->size, at = g->entries * (src->block_size / SECTOR);

	*crc = ~0U;
	if (g->entries > src->nr_sectors)
		return 1;
	for (uint64_t done = 0; done < bytes; done += SECTOR, at++) {
		size_t n = bytes - done < SECTOR ? (size_t)(bytes - done) : SECTOR;
		int err = at < src->nr_sectors ? src->read(src->arg, at, buf) : 1;

		if (err)
			return err;
		*crc = crc32_step(*crc, buf, n);
		for (size_t o = 0; out && o < n; o += 128) {
			uint64_t byte = done + o;

			if (!(byte & (g->size - 1)) && byte / g->size < PARTITIONS_MAX)
				gpt_entry(src, g, buf + o, &out[byte / g->size]);
		}
	}
	*crc = ~*crc;
	return 0;
}

/* The table whose header is at block @at. 0: used; 1: no good; or the reader's error. */
static int gpt_try(const struct partition_source *src, uint64_t at, uint8_t *buf,
		   struct partition_range *out)
{
	struct gpt g;
	uint32_t crc;
	int err = src->read(src->arg, at * (src->block_size / SECTOR), buf);

	if (err)
		return err;
	if (!gpt_header(src, buf, at, &g))
		return 1;
	err = gpt_entries(src, &g, buf, &crc, NULL);
	if (!err && crc != g.crc)
		err = 1;
	return err ? err : gpt_entries(src, &g, buf, &crc, out);
}

static int read_gpt(const struct partition_source *src, uint8_t *buf, struct partition_range *out)
{
	uint64_t blocks = src->nr_sectors / (src->block_size / SECTOR);
	int err = blocks > 2 ? gpt_try(src, 1, buf, out) : 0;

	if (err == 1)
		err = gpt_try(src, blocks - 1, buf, out);
	return err == 1 ? 0 : err;
}

int partitions_read(const struct partition_source *src, struct partition_range out[PARTITIONS_MAX])
{
	uint8_t buf[SECTOR];
	int err;

	memset(out, 0, PARTITIONS_MAX * sizeof(*out));
	if (!src->nr_sectors)
		return 0;
	err = src->read(src->arg, 0, buf);
	if (err)
		return err;
	if (buf[MBR_SIGNATURE] != 0x55 || buf[MBR_SIGNATURE + 1] != 0xaa)
		return 0;
	for (unsigned i = 0; i < 4; i++) {
		if (buf[MBR_ENTRIES + 16 * i + 4] == TYPE_GPT)
			return read_gpt(src, buf, out);
	}
	return read_mbr(src, buf, out);
}

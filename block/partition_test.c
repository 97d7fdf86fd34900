/* Host tests of partition tables: made here by hand, and broken in every way that chance finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errno.h"
#include "block/partition.h"

enum { SECTORS = 4096, SECTOR = 512 };

static uint8_t disk[SECTORS * SECTOR];
static uint64_t reads, fail_at;

static int read_disk(void *arg, uint64_t sector, void *buf)
{
	assert_true(sector < SECTORS);
	reads++;
	if (fail_at && reads == fail_at)
		return -EIO;
	memcpy(buf, disk + sector * SECTOR, SECTOR);
	return 0;
}

static const struct partition_source source = { read_disk, NULL, SECTORS, SECTOR };

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, 4);
}

static void put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, 8);
}

static void mbr_entry(uint64_t sector, unsigned n, uint8_t type, uint32_t start, uint32_t nr)
{
	uint8_t *e = disk + sector * SECTOR + 446 + 16 * n;

	e[4] = type;
	put32(e + 8, start);
	put32(e + 12, nr);
	disk[sector * SECTOR + 510] = 0x55;
	disk[sector * SECTOR + 511] = 0xaa;
}

static int fresh(void **state)
{
	memset(disk, 0, sizeof(disk));
	reads = fail_at = 0;
	return 0;
}

static uint32_t crc32_of(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0U;

	while (n--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return ~crc;
}

static void gpt_header(uint64_t at, uint64_t entries)
{
	uint8_t *h = disk + at * SECTOR;

	memcpy(h, "EFI PART", 8);
	put32(h + 12, 92);
	put32(h + 16, 0);
	put64(h + 24, at);
	put64(h + 40, 34);
	put64(h + 48, SECTORS - 34);
	put64(h + 72, entries);
	put32(h + 80, 128);
	put32(h + 84, 128);
	put32(h + 88, crc32_of(disk + entries * SECTOR, 128 * 128));
	put32(h + 16, crc32_of(h, 92));
}

static void gpt_entry(uint64_t entries, unsigned n, uint64_t start, uint64_t last)
{
	uint8_t *e = disk + entries * SECTOR + n * 128;

	memset(e, 0x11, 16);
	put64(e + 32, start);
	put64(e + 40, last);
}

static void make_gpt(void)
{
	mbr_entry(0, 0, 0xee, 1, SECTORS - 1);
	for (int copy = 0; copy < 2; copy++) {
		uint64_t entries = copy ? SECTORS - 33 : 2;

		gpt_entry(entries, 0, 64, 127);
		gpt_entry(entries, 2, 128, 1000);
		gpt_header(copy ? SECTORS - 1 : 1, entries);
	}
}

static void nothing_there(void **state)
{
	struct partition_range out[PARTITIONS_MAX];

	assert_int_equal(partitions_read(&source, out), 0);
	for (int i = 0; i < PARTITIONS_MAX; i++)
		assert_int_equal(out[i].nr, 0);
}

static void mbr_with_logical_ones(void **state)
{
	struct partition_range out[PARTITIONS_MAX];

	mbr_entry(0, 0, 0x83, 8, 100);
	mbr_entry(0, 2, 0x83, 200, 50);
	mbr_entry(0, 3, 5, 1000, 2000);
	mbr_entry(1000, 0, 0x83, 8, 16);
	mbr_entry(1000, 1, 5, 500, 100);
	mbr_entry(1500, 0, 0x82, 4, 32);
	assert_int_equal(partitions_read(&source, out), 0);
	assert_int_equal(out[0].start, 8);
	assert_int_equal(out[0].nr, 100);
	assert_int_equal(out[1].nr, 0);
	assert_int_equal(out[2].start, 200);
	assert_int_equal(out[4].start, 1008);
	assert_int_equal(out[4].nr, 16);
	assert_int_equal(out[5].start, 1504);
	assert_int_equal(out[6].nr, 0);
}

static void beyond_the_disk_is_none(void **state)
{
	struct partition_range out[PARTITIONS_MAX];

	mbr_entry(0, 0, 0x83, SECTORS - 1, 1);
	mbr_entry(0, 1, 0x83, SECTORS - 1, 2);
	mbr_entry(0, 2, 0x83, 0xffffffff, 0xffffffff);
	mbr_entry(0, 3, 0x83, 1, 0xffffffff);
	assert_int_equal(partitions_read(&source, out), 0);
	assert_int_equal(out[0].nr, 1);
	assert_int_equal(out[1].nr, 0);
	assert_int_equal(out[2].nr, 0);
	assert_int_equal(out[3].nr, 0);
}

static void a_chain_that_leads_to_itself_ends(void **state)
{
	struct partition_range out[PARTITIONS_MAX];

	mbr_entry(0, 0, 5, 100, 100);
	mbr_entry(100, 1, 5, 0, 100);
	assert_int_equal(partitions_read(&source, out), 0);
	assert_true(reads < 100);
}

static void gpt_and_its_copy(void **state)
{
	struct partition_range out[PARTITIONS_MAX];

	make_gpt();
	assert_int_equal(partitions_read(&source, out), 0);
	assert_int_equal(out[0].start, 64);
	assert_int_equal(out[0].nr, 64);
	assert_int_equal(out[1].nr, 0);
	assert_int_equal(out[2].nr, 873);
	disk[SECTOR + 72] ^= 1; /* the first header is broken: the copy is used */
	assert_int_equal(partitions_read(&source, out), 0);
	assert_int_equal(out[2].nr, 873);
	disk[(SECTORS - 33) * SECTOR + 40] ^= 1; /* and the copy's entries */
	assert_int_equal(partitions_read(&source, out), 0);
	assert_int_equal(out[2].nr, 0);
}

static void a_bad_sector_is_told(void **state)
{
	struct partition_range out[PARTITIONS_MAX];

	make_gpt();
	for (fail_at = 1; fail_at < 30; fail_at++) {
		reads = 0;
		assert_int_equal(partitions_read(&source, out), -EIO);
	}
}

/* Whatever the bytes are: no read beyond the disk, no range beyond it, and an end. */
static void any_bytes(void **state)
{
	struct partition_range out[PARTITIONS_MAX];

	srand(7);
	for (int round = 0; round < 4000; round++) {
		uint64_t before;

		memset(disk, 0, 40 * SECTOR);
		if (round & 1) {
			make_gpt();
		} else {
			for (unsigned n = 0; n < 4; n++)
				mbr_entry(0, n, (uint8_t)(rand() % 3 ? 5 : rand()),
					  (uint32_t)rand() % SECTORS, (uint32_t)rand());
			mbr_entry((uint64_t)(rand() % SECTORS), (unsigned)rand() % 2, 5,
				  (uint32_t)rand() % SECTORS, 9);
		}
		for (int i = rand() % 8; i > 0; i--)
			disk[rand() % (40 * SECTOR)] = (uint8_t)rand();
		if (rand() % 2) /* checksums that agree with nonsense */
			gpt_header(1, (uint64_t)rand() % 3 ? 2 : (uint64_t)rand() % 30);
		before = reads;
		assert_int_equal(partitions_read(&source, out), 0);
		assert_true(reads - before < 2000);
		for (int i = 0; i < PARTITIONS_MAX; i++)
			assert_true(!out[i].nr || (out[i].start < SECTORS &&
						   out[i].nr <= SECTORS - out[i].start));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_there, fresh),
		cmocka_unit_test_setup(mbr_with_logical_ones, fresh),
		cmocka_unit_test_setup(beyond_the_disk_is_none, fresh),
		cmocka_unit_test_setup(a_chain_that_leads_to_itself_ends, fresh),
		cmocka_unit_test_setup(gpt_and_its_copy, fresh),
		cmocka_unit_test_setup(a_bad_sector_is_told, fresh),
		cmocka_unit_test_setup(any_bytes, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

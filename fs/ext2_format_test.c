/* Host tests of what is believed of an ext2 disk: good superblocks, and mutated ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errno.h"
#include "fs/ext2_format.h"

static struct ext2_super_disk good(unsigned log, uint32_t blocks)
{
	unsigned size = 1024U << log;
	struct ext2_super_disk d = { .magic = EXT2_MAGIC,
				     .log_block_size = log,
				     .blocks = blocks,
				     .first_data_block = log == 0,
				     .blocks_per_group = size * 8,
				     .inodes_per_group = 256,
				     .rev = 1,
				     .first_ino = 11,
				     .inode_size = 256,
				     .incompat = EXT2_INCOMPAT_FILETYPE,
				     .ro_compat = EXT2_RO_SPARSE };

	d.inodes =
		(blocks - d.first_data_block + d.blocks_per_group - 1) / d.blocks_per_group * 256;
	return d;
}

static void sizes_follow(void **state)
{
	struct ext2_super_disk d = good(0, 65536);
	struct ext2_geometry g;
	const char *why;

	assert_int_equal(ext2_read_super(&d, 65536 << 10, &g, &why), 0);
	assert_int_equal(g.block_size, 1024);
	assert_int_equal(g.nr_groups, 8);
	assert_int_equal(g.desc_blocks, 1);
	assert_int_equal(g.max_bytes, (12ULL + 256 + 65536 + 16777216) << 10);
	assert_int_equal(ext2_group_first(&g, 1), 8193);
	assert_int_equal(ext2_group_blocks(&g, 7), 8191);
	assert_int_equal(ext2_read_super(&d, (65536 << 10) - 1, &g, &why), -EINVAL);
}

static void copies_are_sparse(void **state)
{
	static const unsigned with[] = { 0, 1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343 };
	struct ext2_super_disk d = good(0, 65536);
	struct ext2_geometry g;
	const char *why;

	assert_int_equal(ext2_read_super(&d, 1 << 30, &g, &why), 0);
	for (unsigned n = 0, i = 0; n < 350; n++) {
		bool has = i < 13 && with[i] == n;

		assert_int_equal(ext2_group_has_super(&g, n), has);
		i += has;
	}
}

static void refused(void **state)
{
	struct ext2_super_disk d = good(2, 5000);
	struct ext2_geometry g;
	const char *why;

	d.incompat |= 0x40; /* extents */
	assert_int_equal(ext2_read_super(&d, 1 << 30, &g, &why), -EINVAL);
	assert_true(*why);
	d = good(2, 5000);
	d.log_block_size = 3;
	assert_int_equal(ext2_read_super(&d, 1 << 30, &g, &why), -EINVAL);
	d = good(2, 5000);
	d.magic = 0;
	assert_int_equal(ext2_read_super(&d, 1 << 30, &g, &why), -EINVAL);
	d = good(2, 5000);
	d.ro_compat |= 0x400; /* for who mounts it to decide */
	assert_int_equal(ext2_read_super(&d, 1 << 30, &g, &why), 0);
}

/* Every block number of a file has one path, and neighbours differ. */
static void paths(void **state)
{
	for (unsigned log = 0; log < 3; log++) {
		struct ext2_super_disk d = good(log, 5000);
		unsigned p = 256U << log, path[4];
		struct ext2_geometry g;
		const char *why;

		assert_int_equal(ext2_read_super(&d, 1 << 30, &g, &why), 0);
		assert_int_equal(ext2_path(&g, 11, path), 1);
		assert_int_equal(path[0], 11);
		assert_int_equal(ext2_path(&g, 12, path), 2);
		assert_int_equal(path[0], 12);
		assert_int_equal(path[1], 0);
		assert_int_equal(ext2_path(&g, 12 + p - 1, path), 2);
		assert_int_equal(path[1], p - 1);
		assert_int_equal(ext2_path(&g, 12 + p, path), 3);
		assert_int_equal(path[0], 13);
		assert_int_equal(path[1] + path[2], 0);
		assert_int_equal(ext2_path(&g, 12 + p + p * p - 1, path), 3);
		assert_int_equal(path[1], p - 1);
		assert_int_equal(path[2], p - 1);
		assert_int_equal(ext2_path(&g, 12 + p + p * p, path), 4);
		assert_int_equal(path[0], 14);
		assert_int_equal(path[1] + path[2] + path[3], 0);
		if (log == 0) {
			assert_int_equal(ext2_path(&g, 12 + p + p * p + p * p * p - 1, path), 4);
			assert_int_equal(ext2_path(&g, 12 + p + p * p + p * p * p, path), 0);
		}
	}
}

/* A superblock that is taken for good: all that is computed from it stays on the device. */
static void check_geometry(const struct ext2_geometry *g, uint64_t bytes)
{
	struct ext2_group_disk group;
	uint32_t table = g->inodes_per_group / (g->block_size / g->inode_size);

	assert_true(g->nr_groups && g->block_size >= 1024 && g->block_size <= 4096);
	assert_true((uint64_t)g->blocks << g->block_bits <= bytes);
	assert_true((uint64_t)g->nr_groups * g->inodes_per_group == g->inodes);
	assert_true(g->desc_blocks < g->blocks);
	for (int i = 0; i < 20; i++) {
		unsigned n = (unsigned)rand() % g->nr_groups;
		uint32_t first = ext2_group_first(g, n), size = ext2_group_blocks(g, n);

		assert_true(size && size <= g->blocks_per_group && first < g->blocks);
		group = (struct ext2_group_disk){ .block_bitmap = first + (uint32_t)rand() % 600,
						  .inode_bitmap = first + (uint32_t)rand() % 600,
						  .inode_table = first + (uint32_t)rand() % 600 };
		if (!ext2_group_ok(g, n, &group))
			continue;
		assert_true(group.inode_table + table <= first + size);
		assert_false(ext2_data_block(g, &group, group.block_bitmap));
		assert_false(ext2_data_block(g, &group, group.inode_table + table - 1));
	}
}

static void mutated_superblocks(void **state)
{
	unsigned accepted = 0;

	srand(3);
	for (int round = 0; round < 200000; round++) {
		struct ext2_super_disk d =
			good((unsigned)round % 3, 1000 + (uint32_t)rand() % 70000);
		struct ext2_geometry g;
		const char *why;

		for (int i = rand() % 3; i > 0; i--)
			((uint8_t *)&d)[rand() % 104] = (uint8_t)rand();
		if (ext2_read_super(&d, 300 << 20, &g, &why))
			continue;
		accepted++;
		check_geometry(&g, 300 << 20);
	}
	assert_true(accepted > 1000);
}

/* A walk over any block ends, and stays in it. */
static void mutated_directories(void **state)
{
	struct ext2_super_disk d = good(0, 5000);
	struct ext2_geometry g;
	const char *why;
	uint8_t *block = malloc(1024); /* its end is ASan's */

	assert_int_equal(ext2_read_super(&d, 1 << 30, &g, &why), 0);
	for (int round = 0; round < 100000; round++) {
		const struct ext2_dirent *e;
		unsigned off = 0, n = 0;

		for (unsigned at = 0; at < 1024; at += 32) {
			struct ext2_dirent *x = (struct ext2_dirent *)(block + at);

			x->inode = (uint32_t)rand() % 40;
			x->rec_len = (uint16_t)(rand() % 4 ? 32 : rand());
			x->name_len = (uint8_t)(rand() % 4 ? 20 : rand());
		}
		while (off < 1024 && (e = ext2_dirent_at(&g, block, off)) != NULL) {
			assert_true(!e->inode ||
				    (e->name_len && e->name[e->name_len - 1] + 1000 > 0));
			off += e->rec_len;
			assert_true(++n <= 128 && off <= 1024);
		}
	}
	free(block);
}

/* ---- attributes ---- */

static const unsigned attrs_begin = sizeof(struct ext2_attr_head);

/* A block with an attribute "ab" = "value", and one without a value. */
static void fill_attrs(unsigned char *block, unsigned size)
{
	struct ext2_attr_head *h = (void *)block;
	struct ext2_attr *a = (void *)(block + attrs_begin);

	memset(block, 0, size);
	*h = (struct ext2_attr_head){ .magic = EXT2_ATTR_MAGIC, .refs = 1, .blocks = 1 };
	*a = (struct ext2_attr){
		.name_len = 2, .prefix = 1, .value_off = (uint16_t)(size - 8), .value_size = 5
	};
	memcpy(a->name, "ab", 2);
	memcpy(block + size - 8, "value", 5);
	a = (void *)(block + attrs_begin + ext2_attr_size(2));
	*a = (struct ext2_attr){ .prefix = 2 };
}

static void attributes_are_found(void **state)
{
	unsigned char block[1024];
	unsigned off = attrs_begin;
	const struct ext2_attr *a;

	fill_attrs(block, sizeof(block));
	assert_true(ext2_attr_head_ok(block));
	a = ext2_attr_at(block, sizeof(block), &off);
	assert_non_null(a);
	assert_int_equal(off, attrs_begin + 20);
	/* "a", then "b" over it, then "valu" and "e" as words */
	assert_int_equal(ext2_attr_hash(a, block + a->value_off),
			 ((((0x61U << 5 ^ 0x62U) << 16 ^ 0x756c6176U) << 16 ^
			   (((0x61U << 5 ^ 0x62U) << 16 ^ 0x756c6176U) >> 16)) ^
			  0x65U));
	a = ext2_attr_at(block, sizeof(block), &off);
	assert_non_null(a);
	assert_int_equal(a->value_size, 0);
	assert_null(ext2_attr_at(block, sizeof(block), &off));
	assert_int_not_equal(off, 0);
}

/* Any byte may be another: what is found stays in the block. */
static void attributes_are_not_believed(void **state)
{
	unsigned char block[1024];
	uint32_t seed = 1;

	for (unsigned round = 0; round < 20000; round++) {
		unsigned off = attrs_begin;
		const struct ext2_attr *a;

		fill_attrs(block, sizeof(block));
		for (unsigned i = 0; i <= round % 5; i++) {
			seed = seed * 1664525 + 1013904223;
			block[attrs_begin + (seed >> 16) % 60] = (unsigned char)(seed >> 8);
		}
		while ((a = ext2_attr_at(block, sizeof(block), &off))) {
			assert_true((const unsigned char *)a + ext2_attr_size(a->name_len) + 4 <=
				    block + sizeof(block));
			assert_true(a->value_off + (uint64_t)a->value_size <= sizeof(block));
			(void)ext2_attr_hash(a, block + a->value_off);
		}
	}
	memset(block, 0x41, sizeof(block));
	for (unsigned begin = attrs_begin; begin <= sizeof(block); begin += 4) {
		unsigned off = begin;

		while (ext2_attr_at(block, sizeof(block), &off))
			;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sizes_follow),
					    cmocka_unit_test(copies_are_sparse),
					    cmocka_unit_test(refused),
					    cmocka_unit_test(paths),
					    cmocka_unit_test(mutated_superblocks),
					    cmocka_unit_test(mutated_directories),
					    cmocka_unit_test(attributes_are_found),
					    cmocka_unit_test(attributes_are_not_believed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

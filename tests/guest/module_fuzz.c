/*
 * Broken modules through init_module(2): headers, sections, symbols, relocations and names of one file are changed at random, by
 * values that sit on edges; each is refused with an errno of a bad file, or loaded and taken out again. Nothing of it is ever run.
 * FUZZ_SEED=n FUZZ_RUNS=n in the environment: others than the fixed ones; a failure says the seed that shows it by itself.
 */
#include "modules.h"

#include <link.h>
#include <stdbool.h>

enum { ROOM = 1 << 18, FIELDS_MAX = 4096 };

static unsigned char good[ROOM], bad[ROOM];
static long good_len;
/* Fields of the file: where they begin, how long they are. */
static struct field {
	unsigned at, size;
} fields[FIELDS_MAX];
static unsigned nr_fields;

static void add_fields(unsigned long at, const unsigned char *sizes)
{
	for (; *sizes && nr_fields < FIELDS_MAX; at += *sizes++)
		if (at + *sizes <= (unsigned long)good_len)
			fields[nr_fields++] = (struct field){ (unsigned)at, *sizes };
}

/* How the structures of this width are divided. */
#define LONG ((unsigned char)sizeof(long))
static const unsigned char of_header[] = { 4,	 1, 1, 1, 1, 2, 2, 4, LONG, LONG,
					   LONG, 4, 2, 2, 2, 2, 2, 2, 0 };
static const unsigned char of_section[] = { 4, 4, LONG, LONG, LONG, LONG, 4, 4, LONG, LONG, 0 };
static const unsigned char of_symbol64[] = { 4, 1, 1, 2, 8, 8, 0 },
			   of_symbol32[] = { 4, 4, 4, 1, 1, 2, 0 };
static const unsigned char of_rela[] = { 8, 4, 4, 8, 0 }, of_rel[] = { 4, 1, 1, 2, 0 },
			   of_bytes[] = { 1, 0 };

/* One in @step of what a section of tables is made of. */
static void add_table(const ElfW(Shdr) * s, const unsigned char *sizes, unsigned step)
{
	for (unsigned long i = 0; s->sh_entsize && i < s->sh_size / s->sh_entsize; i += step)
		add_fields(s->sh_offset + i * s->sh_entsize, sizes);
}

static void find_fields(void)
{
	const ElfW(Ehdr) *e = (const void *)good;
	const ElfW(Shdr) *s = (const void *)(good + e->e_shoff);

	add_fields(0, of_header);
	for (unsigned i = 0; i < e->e_shnum; i++, s++) {
		add_fields(e->e_shoff + i * sizeof(*s), of_section);
		if (s->sh_type == SHT_SYMTAB)
			add_table(s, LONG == 8 ? of_symbol64 : of_symbol32, 2);
		else if (s->sh_type == SHT_RELA || s->sh_type == SHT_REL)
			add_table(s, s->sh_type == SHT_RELA ? of_rela : of_rel, 2);
		else if (s->sh_type == SHT_STRTAB)
			for (unsigned long at = 0; at < s->sh_size; at += 8)
				add_fields(s->sh_offset + at, of_bytes);
	}
}

/* A value on an edge, or anything. */
static uint64_t edge(uint64_t *seed, uint64_t was)
{
	static const uint64_t edges[] = { 0,	      1,	  2,	      0xff,
					  0xfff1,     0xfff2,	  0xffff,     0x7fffffff,
					  0x80000000, 0xfffffff0, 0xffffffff, 1ULL << 62,
					  1ULL << 63, ~0ULL };
	uint64_t r = tap_random(seed);

	switch (r % 6) {
	case 0:
		return edges[(r >> 8) % (sizeof(edges) / sizeof(*edges))];
	case 1:
		return was ^ 1ULL << (r >> 8) % 64;
	case 2:
		return was + (r >> 8) % 33 - 16;
	case 3:
		return (uint64_t)good_len + (r >> 8) % 17 - 8;
	case 4:
		return (r >> 8) % 64;
	default:
		return tap_random(seed);
	}
}

static void change(uint64_t *seed)
{
	const struct field *f = &fields[tap_random(seed) % nr_fields];
	const struct field *from = &fields[tap_random(seed) % nr_fields];
	uint64_t v = 0;

	memcpy(&v, bad + f->at, f->size);
	if (tap_random(seed) % 5)
		v = edge(seed, v);
	else /* what another field says */
		memcpy(&v, bad + from->at, from->size);
	memcpy(bad + f->at, &v, f->size);
}

static bool of_a_bad_file(int err)
{
	return err == ENOEXEC || err == ENOENT || err == EINVAL || err == ENOMEM;
}

static unsigned loaded;

/* The file that @seed makes: true if it was refused well, or came and went. */
static bool one(uint64_t seed)
{
	long len = good_len;

	memcpy(bad, good, (size_t)good_len);
	for (uint64_t n = tap_random(&seed) % 4 + 1; n; n--)
		change(&seed);
	if (tap_random(&seed) % 16 == 0)
		len = (long)(tap_random(&seed) % (uint64_t)good_len);
	if (syscall(SYS_init_module, bad, len, "") != 0)
		return of_a_bad_file(errno);
	loaded++;
	return module_out(module_first()) == 0; /* its name may have changed */
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void broken_modules(void)
{
	uint64_t seed = setting("FUZZ_SEED", 1),
		 runs = setting("FUZZ_RUNS", tap_quick() ? 200 : 1500), bad_seed = 0;

	good_len = module_bytes("fuzzed", good, sizeof(good));
	NEED(good_len > 0 && good_len < (long)sizeof(good));
	find_fields();
	CHECK(nr_fields > 200);
	NEED(module_in("fuzzed", "") == 0); /* whole, it is a module */
	EQ(module_out("fuzzed"), 0);
	for (uint64_t i = 0; i < runs && !bad_seed; i++)
		if (!one(seed + i))
			bad_seed = seed + i;
	EQ(bad_seed, 0);
	if (runs >= 200)
		CHECK(loaded > 0 && loaded < runs / 2);
	STREQ(module_first(), "");
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(broken_modules), TEND };

	return tap_main(argc, argv, tests);
}

/* The trace simulator: textbook counts, policies against each other, curves against plain counting, formats, bad traces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "mm/policy.h"
#include "mm/reclaim/policy/ghost.h"
#include "mm/reclaim/policy/slot_heap.h"
#include "mm/reclaim/policy/slot_list.h"
#include "sim/replay/replay.h"
#include "sim/replay/textbooks.h"

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)((seed >> 33) % n);
}

/* ---- traces in memory ---- */

static struct block blk;

static void find_next(struct block *b)
{
	for (uint32_t i = 0; i < b->nr; i++) {
		b->next[i] = NEVER;
		for (uint32_t j = i + 1; j < b->nr && b->next[i] == NEVER; j++)
			if (b->id[j] == b->id[i])
				b->next[i] = j;
	}
}

static void string_to_block(const char *text, struct block *b)
{
	memset(b, 0, sizeof(*b));
	for (char *end; *text; text = end)
		b->id[b->nr++] = (uint32_t)strtoul(text, &end, 10);
	find_next(b);
}

static struct counts count(const char *policy, unsigned long frames, const struct block *b)
{
	struct memory *m = memory_new(policy_by_name(policy, strlen(policy)), frames);
	struct counts c;

	assert_non_null(m);
	assert_true(memory_play(m, b));
	c = *memory_counts(m);
	assert_int_equal(c.faults, c.cold + c.refaults);
	memory_free(m);
	return c;
}

/* ---- the books ---- */

static void textbooks(void **state)
{
	for (unsigned i = 0; i < sizeof(books) / sizeof(books[0]); i++) {
		string_to_block(books[i].string, &blk);
		for (unsigned p = 0; p < BOOK_POLICIES; p++)
			assert_int_equal(count(book_policy[p], books[i].frames, &blk).faults,
					 books[i].faults[p]);
	}
}

/* uCore's lab: the running count of FIFO's faults after its first four loads. */
static void running_count(void **state)
{
	static const char *const loads = "1 2 3 4", *const uses = "3 1 4 2 5 2 1 2 3 4 5 1";
	static const unsigned expected[] = { 4, 4, 4, 4, 5, 5, 6, 7, 8, 9, 10, 11 };
	struct memory *m = memory_new(policy_by_name("fifo", 4), 4);
	struct block one;

	string_to_block(loads, &blk);
	assert_true(memory_play(m, &blk));
	string_to_block(uses, &blk);
	for (unsigned i = 0; i < blk.nr; i++) {
		memset(&one, 0, sizeof(one));
		one.nr = 1;
		one.id[0] = blk.id[i];
		assert_true(memory_play(m, &one));
		assert_int_equal(memory_counts(m)->faults, expected[i]);
	}
	memory_free(m);
}

/* ---- policies against each other ---- */

/* References with some locality, some scans, some writes. */
static void random_block(struct block *b, uint32_t nr, uint32_t pages)
{
	uint32_t at = 0;

	memset(b, 0, sizeof(*b));
	b->nr = nr;
	for (uint32_t i = 0; i < nr; i++) {
		switch (random_below(4)) {
		case 0:
			at = random_below(pages);
			break;
		case 1:
			at = (at + 1) % pages;
			break;
		default:
			at = random_below(1 + random_below(pages));
		}
		b->id[i] = at;
		b->write[i] = random_below(4) == 0;
	}
	find_next(b);
}

static void policies_agree_where_they_must(void **state)
{
	for (seed = 1; seed < 40; seed += 1) {
		uint64_t keep = seed;
		uint32_t pages = 2 + random_below(120);
		unsigned long frames = 1 + random_below(pages + 2);
		uint64_t optimum;

		random_block(&blk, 1500, pages);
		optimum = count("opt", frames, &blk).faults;
		assert_int_equal(count("second", frames, &blk).faults,
				 count("clock0", frames, &blk).faults);
		for (const struct policy *const *p = __start_policies; p < __stop_policies; p++) {
			struct counts c = count((*p)->name, frames, &blk), all;

			assert_true(c.faults >= optimum);
			assert_true(c.writebacks <= c.refaults + pages);
			/* All fit: each page once, nothing is written back. */
			all = count((*p)->name, pages, &blk);
			assert_int_equal(all.faults, all.cold);
			assert_int_equal(all.writebacks, 0);
		}
		seed = keep;
	}
}

/* What POLICY_REPEATS_FREE says: without the second of two equal references the faults are the same. */
/* A row of pages, newest first. */
struct row {
	uint32_t id[64];
	unsigned nr;
};

static unsigned row_find(const struct row *r, uint32_t id)
{
	unsigned i = 0;

	while (i < r->nr && r->id[i] != id)
		i++;
	return i;
}

static bool row_take(struct row *r, uint32_t id)
{
	unsigned i = row_find(r, id);

	if (i == r->nr)
		return false;
	memmove(r->id + i, r->id + i + 1, (--r->nr - i) * sizeof(id));
	return true;
}

static void row_add(struct row *r, uint32_t id)
{
	memmove(r->id + 1, r->id, r->nr++ * sizeof(id));
	r->id[0] = id;
}

/* The paper's figure, word by word. Return: faults. */
static uint64_t two_queues(const struct block *b, unsigned frames)
{
	unsigned k_in = frames / 4 ? frames / 4 : 1, k_out = frames / 2 ? frames / 2 : 1;
	struct row in = { .nr = 0 }, out = { .nr = 0 }, am = { .nr = 0 };
	uint64_t faults = 0;

	for (uint32_t i = 0; i < b->nr; i++) {
		uint32_t x = b->id[i];
		bool back;

		if (row_take(&am, x)) {
			row_add(&am, x);
			continue;
		}
		if (row_find(&in, x) < in.nr)
			continue;
		faults++;
		back = row_take(&out, x);
		if (in.nr + am.nr == frames && (in.nr > k_in || !am.nr)) {
			row_add(&out, in.id[--in.nr]);
			out.nr = out.nr > k_out ? k_out : out.nr;
		} else if (in.nr + am.nr == frames) {
			am.nr--;
		}
		row_add(back ? &am : &in, x);
	}
	return faults;
}

static void two_queues_as_in_the_paper(void **state)
{
	for (seed = 300; seed < 500;) {
		uint32_t pages = 2 + random_below(55);
		unsigned frames = 1 + random_below(40);
		uint64_t keep = ++seed;

		random_block(&blk, 1500, pages);
		assert_int_equal(count("2q", frames, &blk).faults, two_queues(&blk, frames));
		seed = keep;
	}
}

static void repeats_are_free_where_it_is_said(void **state)
{
	static struct block less;

	for (seed = 100; seed < 120; seed++) {
		uint64_t keep = seed;

		random_block(&blk, 1500, 40);
		memset(&less, 0, sizeof(less));
		for (uint32_t i = 0; i < blk.nr; i++)
			if (!i || blk.id[i] != blk.id[i - 1])
				less.id[less.nr++] = blk.id[i];
		find_next(&less);
		for (const struct policy *const *p = __start_policies; p < __stop_policies; p++)
			if ((*p)->flags & POLICY_REPEATS_FREE)
				assert_int_equal(count((*p)->name, 9, &blk).faults,
						 count((*p)->name, 9, &less).faults);
		seed = keep;
	}
}

static void write_backs(void **state)
{
	string_to_block("1 2 3 1", &blk);
	blk.write[1] = blk.write[3] = true;
	/* fifo, 2 frames: 1, 2w, 3 for 1 (clean), 1w for 2 (dirty); the last two stay. */
	assert_int_equal(count("fifo", 2, &blk).writebacks, 1);
	assert_int_equal(count("fifo", 2, &blk).refaults, 1);
}

static bool never_referenced(struct policy_set *set, struct page *page)
{
	return false;
}

/* Pages may be freed at any moment: remove() is the other way out. */
static void removal(void **state)
{
	enum { FRAMES = 32 };

	for (const struct policy *const *p = __start_policies; p < __stop_policies; p++) {
		struct page pages[FRAMES] = { 0 };
		bool in[FRAMES] = { 0 };
		unsigned nr = 0;
		struct policy_set s = { .policy = *p,
					.base = pages,
					.frames = FRAMES,
					.referenced = never_referenced };

		s.state = calloc(1, (*p)->state_size);
		assert_int_equal((*p)->init(&s), 0);
		seed = 7;
		for (int i = 0; i < 3000; i++) {
			unsigned f = random_below(FRAMES);

			if (in[f]) {
				(*p)->remove(&s, &pages[f]);
			} else if (nr > FRAMES / 2 && random_below(2)) {
				struct page *gone = (*p)->victim(&s);

				assert_true(in[gone - pages]);
				if ((*p)->gone)
					(*p)->gone(&s, gone);
				in[gone - pages] = false;
				nr--;
				continue;
			} else {
				pages[f] = (struct page){ .index = random_below(100) };
				for (unsigned k = 0; k < FRAMES; k++) /* a key once */
					if (in[k] && pages[k].index == pages[f].index)
						pages[f].index += 1000 + f;
				if ((*p)->miss)
					(*p)->miss(&s, pages[f].index);
				(*p)->add(&s, &pages[f]);
			}
			nr += in[f] ? -1U : 1;
			in[f] = !in[f];
		}
		if ((*p)->exit)
			(*p)->exit(&s);
		free(s.state);
	}
}

/* ---- what policies are built of ---- */

static void ghosts_are_a_bounded_queue(void **state)
{
	enum { MAX = 7 };
	struct ghosts g;
	uint64_t key[MAX], value;
	unsigned nr = 0;

	assert_int_equal(ghosts_init(&g, MAX), 0);
	seed = 3;
	for (int i = 0; i < 5000; i++) {
		uint64_t k = random_below(20);
		unsigned at = 0;

		while (at < nr && key[at] != k)
			at++;
		assert_int_equal(ghosts_find(&g, k, &value), at < nr);
		if (at < nr && random_below(2)) {
			assert_true(ghosts_take(&g, k, &value));
			assert_int_equal(value, k * 3);
			memmove(key + at, key + at + 1, (--nr - at) * sizeof(key[0]));
		} else if (at == nr) {
			ghosts_add(&g, k, k * 3);
			if (nr == MAX)
				memmove(key, key + 1, --nr * sizeof(key[0]));
			key[nr++] = k;
		} else if (random_below(8) == 0) {
			ghosts_drop_oldest(&g);
			memmove(key, key + 1, --nr * sizeof(key[0]));
		}
		assert_int_equal(g.nr, nr);
	}
	ghosts_exit(&g);
}

static void heap_has_the_greatest_on_top(void **state)
{
	enum { FRAMES = 50 };
	struct slot_heap h;
	uint64_t key[FRAMES];
	bool in[FRAMES] = { 0 };
	unsigned nr = 0;

	assert_int_equal(slot_heap_init(&h, FRAMES), 0);
	seed = 11;
	for (int i = 0; i < 5000; i++) {
		unsigned f = random_below(FRAMES);
		uint64_t k = random_below(1000), most = 0;

		if (in[f] && random_below(2)) {
			slot_heap_change(&h, f, key[f] = k);
		} else if (in[f]) {
			slot_heap_remove(&h, f);
			in[f] = false;
			nr--;
		} else {
			slot_heap_add(&h, f, key[f] = k);
			in[f] = true;
			nr++;
		}
		assert_int_equal(h.nr, nr);
		for (f = 0; f < FRAMES; f++)
			if (in[f] && key[f] > most)
				most = key[f];
		if (nr)
			assert_int_equal(key[slot_heap_top(&h)], most);
	}
	slot_heap_exit(&h);
}

/* ---- curves ---- */

static void list_of_frames_is_in_order(void **state)
{
	enum { FRAMES = 9 };
	struct slot_list l;
	unsigned order[FRAMES], nr = 0; /* first to last */

	assert_int_equal(slot_list_init(&l, FRAMES), 0);
	seed = 5;
	for (int i = 0; i < 5000; i++) {
		unsigned f = random_below(FRAMES), at = 0;

		while (at < nr && order[at] != f)
			at++;
		if (at < nr) {
			slot_list_remove(&l, f);
			memmove(order + at, order + at + 1, (--nr - at) * sizeof(order[0]));
		} else {
			slot_list_add(&l, f);
			memmove(order + 1, order, nr++ * sizeof(order[0]));
			order[0] = f;
		}
		assert_int_equal(slot_list_first(&l), nr ? order[0] : FRAMES);
		assert_int_equal(slot_list_last(&l), nr ? order[nr - 1] : FRAMES);
	}
	slot_list_exit(&l);
}

static void tables_grow_with_what_they_have(void **state)
{
	enum { SMALL = 5000, LARGE = 9 << 20 };
	unsigned char *t = table_grow(NULL, 0, SMALL);

	assert_non_null(t);
	for (int i = 0; i < SMALL; i++) {
		assert_int_equal(t[i], 0);
		t[i] = (unsigned char)(i * 7);
	}
	t = table_grow(t, SMALL, LARGE);
	assert_non_null(t);
	for (int i = 0; i < LARGE; i++)
		assert_int_equal(t[i], i < SMALL ? (unsigned char)(i * 7) : 0);
	table_free(t, LARGE);
	table_free(NULL, 0);
}

static void curve_is_lru_at_every_size(void **state)
{
	for (seed = 5; seed < 12; seed++) {
		uint64_t keep = seed;
		uint32_t pages = 2 + random_below(100);
		struct curve *c = curve_new();

		random_block(&blk, 6000, pages); /* places are dealt out anew meanwhile */
		assert_true(curve_play(c, &blk));
		for (unsigned long f = 1; f <= pages + 1; f++)
			assert_int_equal(curve_faults(c, f), count("lru", f, &blk).faults);
		assert_int_equal(curve_references(c), blk.nr);
		curve_free(c);
		seed = keep;
	}
}

/* Pages used in (t - T, t], averaged over all t: counted one by one. */
static double plain_working_set(const struct block *b, uint32_t refs)
{
	uint64_t sum = 0;

	for (uint32_t t = 0; t < b->nr; t++)
		for (uint32_t i = t + 1 > refs ? t + 1 - refs : 0; i <= t; i++)
			sum += b->next[i] > t; /* its last use in the window */
	return (double)sum / b->nr;
}

static void working_sets(void **state)
{
	struct curve *c = curve_new();
	uint32_t windows[64];
	uint64_t refs;
	unsigned n;

	seed = 21;
	random_block(&blk, 2000, 60);
	assert_true(curve_play(c, &blk));
	for (uint32_t t = 1; t <= 1024; t *= 2)
		assert_true(curve_working_set(c, t) - plain_working_set(&blk, t) < 1e-6 &&
			    plain_working_set(&blk, t) - curve_working_set(c, t) < 1e-6);
	n = curve_windows(c, windows, 64, &refs);
	assert_int_equal(refs, 256);
	assert_int_equal(n, 2000 / 256);
	for (unsigned w = 0; w < n; w++) {
		unsigned pages = 0;

		for (uint32_t i = w * 256; i < (w + 1) * 256; i++)
			pages += blk.next[i] >= (w + 1) * 256;
		assert_int_equal(windows[w], pages);
	}
	assert_int_equal(curve_windows(c, windows, 3, &refs), 3);
	assert_int_equal(refs, 512);
	curve_free(c);
}

static void future_finds_the_next_use(void **state)
{
	static struct block out;
	struct future *f = future_new();

	assert_non_null(f);
	seed = 31;
	random_block(&blk, 5000, 90);
	assert_true(future_keep(f, &blk));
	assert_true(future_turn(f, 90));
	assert_true(future_next(f, &out));
	assert_int_equal(out.nr, blk.nr);
	assert_memory_equal(out.id, blk.id, blk.nr * sizeof(blk.id[0]));
	assert_memory_equal(out.write, blk.write, blk.nr);
	assert_memory_equal(out.next, blk.next, blk.nr * sizeof(blk.next[0]));
	assert_false(future_next(f, &out));
	future_free(f);
}

static void pages_get_numbers_in_turn(void **state)
{
	struct ids *ids = ids_new();

	for (uint64_t i = 0; i < 20000; i++)
		assert_int_equal(ids_of(ids, i << 33 ^ 5), i);
	for (uint64_t i = 0; i < 20000; i++)
		assert_int_equal(ids_of(ids, i << 33 ^ 5), i);
	assert_int_equal(ids_count(ids), 20000);
	ids_free(ids);
}

/* ---- formats ---- */

static char path[] = "/tmp/mnemos-replay-XXXXXX";

static void put_file(const void *bytes, size_t n)
{
	FILE *f;

	if (path[strlen(path) - 1] == 'X')
		close(mkstemp(path));
	f = fopen(path, "w");
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static int remove_file(void **state)
{
	return unlink(path);
}

/* References of a trace as text: page, w when written. Or the error. */
static const char *played(const char *text, size_t n, const char *format,
			  const struct columns *columns, char *chosen)
{
	static char out[4096];
	static struct ref refs[100];
	const char *error;
	struct trace *t;
	size_t len = 0;
	int got;

	put_file(text, n);
	t = trace_open(path, format, columns, 12, &error);
	if (!t)
		return error + strlen(path) + 2;
	strcpy(chosen, trace_format(t));
	out[0] = '\0';
	while ((got = trace_next(t, refs, 3)) > 0) /* three at a time: rests are kept */
		for (int i = 0; i < got; i++)
			len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%llx%s",
						len ? " " : "", (unsigned long long)refs[i].page,
						refs[i].write ? "w" : "");
	if (got < 0)
		snprintf(out, sizeof(out), "%s", trace_error(t));
	trace_close(t);
	return out;
}

struct sample {
	const char *format, *text, *pages;
};

static const struct sample good[] = {
	{ "plain", "1 2w 0x10\n\n# words\n7", "1 2w 10 7" },
	{ "plain", "5\r\n6\r\n*\r\n5\r\n", "5 6 5" },
	{ "lackey",
	  "==12== Lackey\nI  0401ab70,3\n S 1fff000648,8\n L 04222fff,2\n M 00002000,4\n==12==\n",
	  "401a 1fff000w 4222 4223 2w" },
	{ "address", "s 0x1fffff50 1\nl 0x00002004 12\n", "1ffffw 2" },
	{ "memtrace", "readi 0x04000BE0 2\nwrite 0xBEFFFACC 4\nreadd 0x0401582C 4\n",
	  "4000 befffw 4015" },
	{ "arc", "100 3 0 1\n7 1 0 2\n", "64 65 66 7" },
	{ "drmemtrace",
	  "Output format:\n<--record#-> <--instr#->: <---tid---> <record details>\n"
	  "           1           0:     3256418 <marker: version 3>\n"
	  "           8           1:     3256418 ifetch       3 byte(s) @ 0x00007fe91c2c1180 48 89 e7\n"
	  "           9           1:     3256418 write        8 byte(s) @ 0x00007ffd2b0a5ff8 by PC 0x00007fe9\n"
	  "          10           2:     3256418 read         4 byte(s) @ 0x0000000000003ffe by PC 0x00007fe9\n",
	  "7fe91c2c1 7ffd2b0a5w 3 4" },
	{ "ftrace",
	  "# tracer: nop\n  sh-12 [000] d... 1.0: page_fault_user: address=0x7f12345678 ip=0x400000 error_code=0x6\n"
	  "  sh-12 [000] d... 1.1: mm_page_alloc: page=1 pfn=0x1\n"
	  "  sh-12 [000] d... 1.2: page_fault_user: address=0x400123 ip=0x400123 error_code=0x14\n",
	  "7f12345w 400" },
	{ "mnemos",
	  "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"
	  "{\"name\":\"page_reference\",\"args\":{\"address\":\"0x1000\",\"write\":1,\"ref\":\"0x60001\"}},\n"
	  "{\"name\":\"mm_page_free\",\"args\":{\"pfn\":\"0x1\"}},\n"
	  "{\"name\":\"page_reference\",\"args\":{\"write\":0,\"ref\":\"0x7fff2\"}}\n],\n\"otherData\": {}}\n",
	  "60001w 7fff2" },
	{ "msr",
	  "128166372003061629,hm,1,Read,383496192,8192,3014\n128166372016382155,hm,1,Write,2822144,4096,0\n",
	  "16dbb 16dbc 2b1w" },
};

static void formats_are_found_and_read(void **state)
{
	char format[32];

	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_string_equal(played(good[i].text, strlen(good[i].text), NULL, NULL, format),
				    good[i].pages);
		assert_string_equal(format, good[i].format);
	}
}

static void tables_have_columns(void **state)
{
	struct columns c = { .page = 2, .op = 3, .delim = ';', .header = true },
		       a = { .addr = 1, .size = 2, .delim = ',' }, none = { .delim = ',' };
	static const char text[] = "time;block;op\n1;17;r\n2;18;W\n", bytes[] = "0x1000,8192\n";
	char format[32];

	assert_string_equal(played(text, strlen(text), "csv", &c, format), "11 12w");
	assert_string_equal(played(bytes, strlen(bytes), "csv", &a, format), "1 2");
	assert_non_null(strstr(played(bytes, strlen(bytes), "csv", &none, format), "--columns"));
	assert_string_equal(played("1,x\n", 4, "csv", &a, format),
			    "line 1: column 2 is no number: \"1,x\"");
	a.addr = 9;
	assert_string_equal(played("1,2\n", 4, "csv", &a, format),
			    "line 1: column 9 is no number: \"1,2\"");
}

static const struct sample bad[] = {
	{ "plain", "1\n2\nx3\n",
	  "line 3: not a page number (decimal, or hexadecimal with 0x): \"x3\"" },
	{ "plain", "99999999999999999999999\n",
	  "line 1: not a page number (decimal, or hexadecimal with 0x): \"99999999999999999999999\"" },
	{ "plain", "1z\n", "line 1: what follows the page number is no space: \"1z\"" },
	{ "lackey", "I  04,3\n X 05,1\n",
	  "line 2: the kind of access is none of L, S, M: \" X 05,1\"" },
	{ "lackey", " L zz,1\n", "line 1: no hexadecimal address: \" L zz,1\"" },
	{ "lackey", " L 10\n", "line 1: no ,size behind the address: \" L 10\"" },
	{ "lackey", " L ffffffffffffffff,9\n",
	  "line 1: the access goes beyond the last address: \" L ffffffffffffffff,9\"" },
	{ "lackey", " L 0,9999999999999\n",
	  "line 1: the size is too great to be believed: \" L 0,9999999999999\"" },
	{ "address", "x 0x10 1\n", "line 1: neither s nor l at the beginning: \"x 0x10 1\"" },
	{ "address", "s 10 1\n", "line 1: no address (hexadecimal with 0x): \"s 10 1\"" },
	{ "memtrace", "readx 0x10 1\n",
	  "line 1: the kind of access is none of readi, readd, write: \"readx 0x10 1\"" },
	{ "memtrace", "readd 0x10\n", "line 1: no size behind the address: \"readd 0x10\"" },
	{ "arc", "5\n", "line 1: no number of blocks: \"5\"" },
	{ "arc", "5 99999999 0 0\n",
	  "line 1: the number of pages is too great to be believed: \"5 99999999 0 0\"" },
	{ "arc", "5 3\n", "line 1: fewer than four numbers: \"5 3\"" },
	{ "arc", "5 3 0 x\n", "line 1: not four numbers: \"5 3 0 x\"" },
	{ "arc", "5 3 0 1 2\n", "line 1: not four numbers: \"5 3 0 1 2\"" },
	{ "arc", "18446744073709551615 2 0 0\n",
	  "line 1: the access goes beyond the last page: \"18446744073709551615 2 0 0\"" },
	{ "arc", "18446744073709551615 1 0 0\n", "ffffffffffffffff" },
	{ "address", "s 0x10 -1\n",
	  "line 1: what follows the address is no number of instructions: \"s 0x10 -1\"" },
	{ "address", "s 0x10 1 2\n",
	  "line 1: what follows the address is no number of instructions: \"s 0x10 1 2\"" },
	{ "memtrace", "readd 0x10 4 5\n",
	  "line 1: more than a size behind the address: \"readd 0x10 4 5\"" },
	{ "drmemtrace", " 1 2: 3 read\n",
	  "line 1: neither a marker nor an access (N byte(s) @ 0x...): \" 1 2: 3 read\"" },
	{ "ftrace", "page_fault_user: address=zz ip=0 error_code=0x4\n",
	  "line 1: address= or error_code= is no hexadecimal number: "
	  "\"page_fault_user: address=zz ip=0 error_code=0x4\"" },
	{ "mnemos", "{\"ref\":\"12\"}\n",
	  "line 1: ref is no page number (hexadecimal with 0x): \"{\"ref\":\"12\"}\"" },
	{ "mnemos", "{}\n12\n",
	  "line 2: not a line of a recording: neither {, ] nor \" at the beginning: \"12\"" },
	{ "mnemos", "{\"name\":\"page_ref\n",
	  "line 1: the line of the recording is cut off: \"{\"name\":\"page_ref\"" },
	{ "mnemos", "{\"ref\":\"0x12\"}\n",
	  "line 1: a ref without \"write\":0 or 1: \"{\"ref\":\"0x12\"}\"" },
	{ "lirs", "1\n3 4\n", "line 2: more than one number on the line: \"3 4\"" },
	{ "plain", "1\n* 3\n",
	  "line 2: what follows the mark * is neither * nor a space: \"* 3\"" },
	{ "plain", "# a\n\n***\n",
	  "line 3 is the last, and there was no reference (format plain)" },
	{ "drmemtrace", "Output format:\nhello world\n",
	  "line 2: neither a marker nor an access (N byte(s) @ 0x...): \"hello world\"" },
	{ "ftrace", "# tracer: nop\nwhat a day\n",
	  "line 2: not an event (TASK-PID [CPU] ... TIME: NAME: ...): \"what a day\"" },
	{ "ftrace", "CPU:0 [LOST x EVENTS]\n",
	  "line 1: no number of events that are lost: \"CPU:0 [LOST x EVENTS]\"" },
	{ "ftrace", "# tracer: nop\n",
	  "line 1 is the last, and there was no reference (format ftrace)" },
	{ NULL, "words without a number\n",
	  "line 1 looks like none of the formats: \"words without a number\"; --format names one" },
	{ "nonsense", "1\n", "there is no such format" },
	{ NULL, "what is this\n",
	  "line 1 looks like none of the formats: \"what is this\"; --format names one" },
	{ NULL, "# a trace\n\n-5\n",
	  "line 3 looks like none of the formats: \"-5\"; --format names one" },
	{ NULL, "\1\2\3", "neither text nor a binary trace (oracleGeneral)" },
	{ NULL, "\177ELF\2\1\1 a program, and no trace at all\1\2\3\4",
	  "neither text nor a binary trace (oracleGeneral)" },
};

static void bad_lines_are_named(void **state)
{
	char format[32];

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_string_equal(
			played(bad[i].text, strlen(bad[i].text), bad[i].format, NULL, format),
			bad[i].pages);
	assert_string_equal(played("1\n\0002\n", 5, "plain", NULL, format),
			    "line 2: a zero byte in a text trace: \"\"");
	assert_string_equal(played("", 0, NULL, NULL, format), "it is empty");
}

static void a_line_may_be_long_but_not_endless(void **state)
{
	static char text[600000];
	char format[32];

	memset(text, '1', sizeof(text));
	assert_non_null(strstr(played(text, sizeof(text), "plain", NULL, format), "too long"));
	for (unsigned i = 0; i < sizeof(text); i++) /* lines that the buffer's end cuts */
		text[i] = i % 100 == 99 ? '\n' : ' ';
	text[262140] = text[262146] = '7';
	assert_string_equal(played(text, sizeof(text), "plain", NULL, format), "7 7");
	text[400050] = '\0'; /* in a later piece of the file */
	assert_string_equal(
		played(text, sizeof(text), "plain", NULL, format),
		"line 4001: a zero byte in a text trace: \"                                                  \"");
}

static void oracle(void **state)
{
	unsigned char r[48] = { 0 };
	char format[32];

	r[4] = 9;
	memset(r + 16, 0xff, 8);
	r[24 + 4] = 1;
	r[24 + 8] = 1;
	memset(r + 24 + 16, 0xff, 7);
	r[24 + 23] = 0x7f;
	assert_string_equal(played((char *)r, 48, NULL, NULL, format), "9 100000001");
	assert_string_equal(format, "oracleGeneral");
	assert_string_equal(played((char *)r, 40, NULL, NULL, format),
			    "record 2: cut off after 16 of 24 bytes");
	memset(r + 16, 0, 8);
	assert_string_equal(played((char *)r, 48, "oracleGeneral", NULL, format),
			    "record 1: its next request, 0, is not after it");
}

/* ---- compressed ---- */

static void gzip_and_zstd(void **state)
{
	static const char text[] = "1\n2\n3\n";
	char packed[400], format[32];
	z_stream z = { 0 };
	size_t n;

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)text;
	z.avail_in = sizeof(text) - 1;
	z.next_out = (unsigned char *)packed;
	z.avail_out = sizeof(packed);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	n = z.total_out;
	deflateEnd(&z);
	assert_string_equal(played(packed, n, NULL, NULL, format), "1 2 3");
	memcpy(packed + n, packed, n); /* two members, as cat makes them */
	assert_string_equal(played(packed, 2 * n, NULL, NULL, format), "1 2 3 1 2 3");
	memset(packed + n, 0, 2 * n); /* padded */
	assert_string_equal(played(packed, 3 * n, NULL, NULL, format), "1 2 3");
	memcpy(packed + n + 7, packed, n);
	assert_string_equal(played(packed, 3 * n, NULL, NULL, format), "1 2 3 1 2 3");
	packed[n + 3] = 'x';
	assert_non_null(strstr(played(packed, 3 * n, NULL, NULL, format), "something else"));
	assert_non_null(strstr(played(packed, n - 9, NULL, NULL, format), "end in the middle"));
	packed[12] ^= 0x55;
	assert_non_null(strstr(played(packed, n, NULL, NULL, format), "corrupt"));
	n = ZSTD_compress(packed, sizeof(packed), text, sizeof(text) - 1, 3);
	assert_string_equal(played(packed, n, NULL, NULL, format), "1 2 3");
	assert_non_null(strstr(played(packed, n - 2, NULL, NULL, format), "end in the middle"));
}

static void what_cannot_be_opened(void **state)
{
	const char *error;

	assert_null(trace_open("/nonexistent/trace", NULL, NULL, 12, &error));
	assert_string_equal(error, "/nonexistent/trace: No such file or directory");
	assert_null(trace_open("/tmp", NULL, NULL, 12, &error));
	assert_string_equal(error, "/tmp: cannot be read: Is a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(textbooks),
		cmocka_unit_test(running_count),
		cmocka_unit_test(policies_agree_where_they_must),
		cmocka_unit_test(two_queues_as_in_the_paper),
		cmocka_unit_test(repeats_are_free_where_it_is_said),
		cmocka_unit_test(write_backs),
		cmocka_unit_test(removal),
		cmocka_unit_test(ghosts_are_a_bounded_queue),
		cmocka_unit_test(heap_has_the_greatest_on_top),
		cmocka_unit_test(list_of_frames_is_in_order),
		cmocka_unit_test(tables_grow_with_what_they_have),
		cmocka_unit_test(curve_is_lru_at_every_size),
		cmocka_unit_test(working_sets),
		cmocka_unit_test(future_finds_the_next_use),
		cmocka_unit_test(pages_get_numbers_in_turn),
		cmocka_unit_test(formats_are_found_and_read),
		cmocka_unit_test(tables_have_columns),
		cmocka_unit_test(bad_lines_are_named),
		cmocka_unit_test(a_line_may_be_long_but_not_endless),
		cmocka_unit_test(oracle),
		cmocka_unit_test(gzip_and_zstd),
		cmocka_unit_test(what_cannot_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, remove_file);
}

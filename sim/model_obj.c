/*
 * The model's files and shared objects, and what is done to them by name: write, read, truncate, punch.
 *
 *   0, 1     tmpfs files: memory is the store, each cached page is committed
 *   2        a file with a store: pages are filled from an array, and nothing is committed
 *   3 ..     MAP_SHARED|MAP_ANONYMOUS: born by mmap, gone with the last page that maps them
 *
 * OWNS     the real mappings of the files, the store's array.
 * WHY      bytes beyond the end of the file in its last page are the mapping's users' to write and read; a cut, or growing
 *          by truncate, zeroes them.
 * I1       bytes of a page that is neither cached nor in the store are zero.
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/commit.h"
#include "mm/shmem.h"
#include "mm/vmalloc.h"
#include "sim/model.h"
#include "sync/kassert.h"

struct model_file {
	struct address_space mapping;
	atomic_t refs;
};

enum { STORE_FILE = 2, FILE_BYTES = MODEL_OBJ_PAGES * PAGE_SIZE };

static struct model_file files[MODEL_FILES];
static uint8_t store[FILE_BYTES];

/* ---- the real ones ---- */

static int file_reserve(struct address_space *m, unsigned long index, unsigned long nr)
{
	return shmem_charge(NULL, nr);
}

static void file_release(struct address_space *m, unsigned long nr)
{
	shmem_uncharge(NULL, nr);
}

static void file_hold(struct address_space *m)
{
	atomic_inc(&container_of(m, struct model_file, mapping)->refs);
}

static void file_drop(struct address_space *m)
{
	must(!atomic_dec_and_test(&container_of(m, struct model_file, mapping)->refs));
}

static int store_fill(struct address_space *m, struct page *page)
{
	void *p = kmap_local_page(page);

	if (page->index < MODEL_OBJ_PAGES)
		memcpy(p, store + page->index * PAGE_SIZE, PAGE_SIZE);
	else
		memset(p, 0, PAGE_SIZE);
	kunmap_local(p);
	page_io_done(page, 0);
	return 0;
}

static int store_store(struct address_space *m, struct page *page, const struct writeback_ctl *ctl)
{
	const void *p = kmap_local_page(page);

	memcpy(store + page->index * PAGE_SIZE, p, PAGE_SIZE);
	kunmap_local(p);
	page_io_done(page, 0);
	return 0;
}

static const struct address_space_ops tmpfs_ops = {
	.fill = shmem_fill,
	.reserve = file_reserve,
	.release = file_release,
	.hold = file_hold,
	.drop = file_drop,
};

static const struct address_space_ops store_ops = {
	.fill = store_fill,
	.store = store_store,
	.hold = file_hold,
	.drop = file_drop,
};

void model_objects_begin(void)
{
	struct prng r;

	prng_seed(&r, model.seed);
	for (unsigned i = 0; i < MODEL_FILES; i++) {
		struct model_obj *o = &model.obj[i];

		o->m = &files[i].mapping;
		o->store = i == STORE_FILE;
		mapping_init(o->m, o->store ? &store_ops : &tmpfs_ops, &files[i], GFP_HIGHUSER,
			     o->store ? 0 : MAPPING_SHMEM);
		atomic_set(&files[i].refs, 1);
		o->size = prng_below(&r, FILE_BYTES);
		must(mapping_truncate(o->m, o->size) == 0);
	}
	for (unsigned i = 0; i < model.obj[STORE_FILE].size; i++)
		store[i] = (uint8_t)prng_next(&r);
	memcpy(model.obj[STORE_FILE].bytes, store, sizeof(store));
}

void model_objects_end(void)
{
	for (unsigned i = 0; i < MODEL_FILES; i++) {
		model_expect("references of a file", 1, atomic_read(&files[i].refs));
		mapping_destroy(&files[i].mapping);
	}
}

/* ---- shared anonymous objects ---- */

unsigned long model_obj_pages(const struct model_obj *o)
{
	return (unsigned long)((o->size + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

static bool is_mapped(int obj)
{
	for (unsigned k = 0; k < MODEL_PROCS; k++) {
		for (unsigned i = 0; model.proc[k].mm && i < MODEL_PAGES; i++) {
			if (model.proc[k].page[i].mapped && model.proc[k].page[i].obj == obj)
				return true;
		}
	}
	return false;
}

void model_obj_sweep(void)
{
	for (int i = MODEL_FILES; i < MODEL_OBJS; i++) {
		if (model.obj[i].m && !is_mapped(i))
			model.obj[i].m = NULL;
	}
}

bool model_obj_room(void)
{
	model_obj_sweep();
	return !model.obj[MODEL_OBJS - 1].m || !model.obj[MODEL_OBJS - 2].m;
}

int model_obj_adopt(struct address_space *m, unsigned long pages, bool reserve)
{
	model_obj_sweep();
	for (int i = MODEL_FILES; i < MODEL_OBJS; i++) {
		struct model_obj *o = &model.obj[i];

		if (o->m)
			continue;
		memset(o, 0, sizeof(*o));
		o->m = m;
		o->size = (uint64_t)pages << PAGE_SHIFT;
		o->reserved = reserve ? pages : 0;
		return i;
	}
	model_differs("the model has no room for an object");
}

/* ---- cuts ---- */

/* Entries of pages [first, end) go; @private_too: and the copies that processes have of them. */
static void unmap_object(const struct model_obj *o, unsigned long first, unsigned long end,
			 bool private_too)
{
	for (unsigned k = 0; k < MODEL_PROCS; k++) {
		struct model_proc *p = &model.proc[k];

		for (unsigned i = 0; p->mm && i < MODEL_PAGES; i++) {
			struct model_page *m = &p->page[i];

			if (!m->mapped || m->obj < 0 || &model.obj[m->obj] != o ||
			    m->pgoff < first || m->pgoff >= end)
				continue;
			if (m->have == HAVE_FILE || private_too)
				model_page_gone(m);
		}
	}
}

static void zero_bytes(struct model_obj *o, uint64_t from, uint64_t to)
{
	if (from < to)
		memset(&o->bytes[0][0] + from, 0, (size_t)(to - from));
}

void model_obj_hole(struct model_obj *o, uint64_t from, uint64_t to)
{
	unsigned long first = (unsigned long)((from + PAGE_SIZE - 1) >> PAGE_SHIFT);
	unsigned long end = (unsigned long)(to >> PAGE_SHIFT);

	if (from < FILE_BYTES)
		zero_bytes(o, from, min_of(uint64_t, to, FILE_BYTES));
	unmap_object(o, first, end, false);
	for (unsigned long i = first; i < end && i < MODEL_OBJ_PAGES; i++)
		o->cached[i] = false;
}

/* An object that can be cut by name: a file, or (a hole only) shared anonymous memory. */
static struct model_obj *some_file(unsigned nr)
{
	return &model.obj[model_rnd(nr)];
}

void model_truncate(struct model_proc *p)
{
	struct model_obj *o = some_file(MODEL_FILES);
	uint64_t old = o->size, size = model_one_in(6) ? 0 : model_rnd(FILE_BYTES + 1);
	uint64_t cut, tail;

	if (model_one_in(3))
		size = size & PAGE_MASK;
	model_note("truncate of file %u: %llu to %llu bytes", (unsigned)(o - model.obj),
		   (unsigned long long)old, (unsigned long long)size);
	model_expect("truncate", 0, mapping_truncate(o->m, size));
	o->size = size;
	cut = old < size ? old : size;
	tail = page_align((unsigned long)cut);
	zero_bytes(o, cut, size <= old ? FILE_BYTES : tail);
	if (size <= old) { /* the same size: a write that failed may have left a page behind it */
		unmap_object(o, model_obj_pages(o), ULONG_MAX, true);
		for (unsigned long i = model_obj_pages(o); i < MODEL_OBJ_PAGES; i++)
			o->cached[i] = false;
		if (o->store)
			memset(store + size, 0, FILE_BYTES - (size_t)size);
	}
}

void model_punch(struct model_proc *p)
{
	struct model_obj *o = some_file(STORE_FILE);
	uint64_t from = model_rnd(FILE_BYTES), to = from + 1 + model_rnd(4 * PAGE_SIZE);

	to = min_of(uint64_t, to, FILE_BYTES);
	model_note("punch of file %u: %llu-%llu", (unsigned)(o - model.obj),
		   (unsigned long long)from, (unsigned long long)to);
	model_expect("punch", 0, mapping_punch(o->m, from, to));
	model_obj_hole(o, from, to);
}

/* ---- read and write, from and to the memory of a process ---- */

/* Bytes of [addr, addr + len) that a kernel access can do one after the other; faults as it goes. */
static size_t user_bytes(struct model_proc *p, unsigned page, unsigned off, size_t len, bool write)
{
	size_t done = 0;

	while (done < len) {
		size_t n = min_of(size_t, len - done, PAGE_SIZE - off);

		if (page >= MODEL_PAGES || model_fault(p, page, write ? MODEL_WRITE : MODEL_READ))
			break;
		done += n;
		page++;
		off = 0;
	}
	return done;
}

/* Is no page of the range a view of a file? Then memory and file do not overlap. */
static bool is_apart(const struct model_proc *p, unsigned page)
{
	for (unsigned i = page; i < MODEL_PAGES && i < page + 4; i++) {
		if (p->page[i].mapped && p->page[i].obj >= 0)
			return false;
	}
	return true;
}

static void file_put(struct model_obj *o, uint64_t pos, const uint8_t *src, size_t len)
{
	memcpy(&o->bytes[0][0] + pos, src, len);
	for (uint64_t i = pos >> PAGE_SHIFT; i <= (pos + len - 1) >> PAGE_SHIFT; i++)
		o->cached[i] = true;
	if (pos + len > o->size)
		o->size = pos + len;
}

/* @bytes of a file and as many of @p's memory from @off of @page on: one becomes the other. */
static void copy_bytes(struct model_proc *p, unsigned page, unsigned off, uint8_t *bytes,
		       size_t len, bool write)
{
	for (size_t n; len; len -= n, bytes += n, page++, off = 0) {
		n = min_of(size_t, len, PAGE_SIZE - off);
		if (write)
			memcpy(bytes, model_bytes(p, page) + off, n);
		else
			memcpy(p->bytes[page] + off, bytes, n);
	}
}

/* What was read makes pages of a file that has a store. */
static void note_read(struct model_obj *o, uint64_t pos, size_t len)
{
	for (uint64_t i = pos >> PAGE_SHIFT; len && o->store && i <= (pos + len - 1) >> PAGE_SHIFT;
	     i++)
		o->cached[i] = true;
}

static long transfer(struct model_obj *o, unsigned long addr, size_t len, uint64_t *at, bool write)
{
	return write ? mapping_write(o->m, addr, len, at) : mapping_read(o->m, addr, len, at);
}

/* Of @len bytes from @pos on @want are in the file, or will be; the memory may end sooner. */
static void between_file_and_user(struct model_proc *p, struct model_obj *o, uint64_t pos,
				  size_t len, size_t want, bool write)
{
	unsigned page = model_rnd(MODEL_PAGES), off = model_rnd(PAGE_SIZE);
	uint8_t buf[3 * PAGE_SIZE];
	uint64_t at = pos;
	size_t can;
	long got;

	if (!is_apart(p, page))
		return;
	model_note("%s file %u at %llu, %zu bytes, memory: page %u+%u", write ? "write" : "read",
		   (unsigned)(o - model.obj), (unsigned long long)pos, len, page, off);
	sim_use_mm(p->mm);
	got = transfer(o, model_addr(page) + off, len, &at, write);
	can = user_bytes(p, page, off, want, !write);
	copy_bytes(p, page, off, write ? buf : &o->bytes[0][0] + pos, can, write);
	if (can && write)
		file_put(o, pos, buf, can);
	else if (!write)
		note_read(o, pos, can);
	o->unsure = can < want;
	model_expect("bytes copied", can || !want ? (long)can : -EFAULT, got);
	model_expect("position after it", (long)(pos + can), (long)at);
}

void model_write_file(struct model_proc *p)
{
	struct model_obj *o = some_file(MODEL_FILES);
	uint64_t pos = model_rnd(FILE_BYTES);
	size_t len = 1 + model_rnd(model_one_in(4) ? 2 * PAGE_SIZE : 200);
	uint8_t buf[2 * PAGE_SIZE];

	if (model_one_in(3))
		pos &= PAGE_MASK;
	len = min_of(size_t, len, FILE_BYTES - pos);
	if (model_one_in(2)) {
		between_file_and_user(p, o, pos, len, len, true);
		return;
	}
	model_note("write of file %u at %llu, %zu bytes", (unsigned)(o - model.obj),
		   (unsigned long long)pos, len);
	memset(buf, (int)model_rnd(256), len);
	model_expect("write", (long)len, mapping_write_kernel(o->m, buf, len, pos));
	file_put(o, pos, buf, len);
}

void model_read_file(struct model_proc *p)
{
	struct model_obj *o = some_file(MODEL_FILES);
	uint64_t pos = model_rnd(FILE_BYTES);
	size_t len = 1 + model_rnd(2 * PAGE_SIZE), want = 0;
	uint8_t buf[2 * PAGE_SIZE + 1];

	if (pos < o->size)
		want = (size_t)min_of(uint64_t, len, o->size - pos);
	if (model_one_in(2)) {
		between_file_and_user(p, o, pos, len, want, false);
		return;
	}
	model_note("read of file %u at %llu, %zu bytes", (unsigned)(o - model.obj),
		   (unsigned long long)pos, len);
	model_expect("read", (long)want, mapping_read_kernel(o->m, buf, len, pos));
	if (memcmp(buf, &o->bytes[0][0] + pos, want))
		model_differs("bytes read of file %u at %llu", (unsigned)(o - model.obj),
			      (unsigned long long)pos);
	note_read(o, pos, want);
}

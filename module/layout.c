/*
 * Where the sections of a module go in memory, and with which rights.
 *
 *	core   | code RX | constants RO | read-only after init | data, bss, struct module RW |   kept until it is unloaded
 *	init   | code RX | constants RO |                      | data RW      |        freed when init has run
 *
 * OWNS     the memory of struct module_block.
 * I1       every group is whole pages; none is writable and executable, at no moment.
 * WHY      struct module lies with the module's data, for its code reaches THIS_MODULE by a distance of 32 bits.
 * I2       x->addr[n] is the place of section n, aligned as it asks; 0 when it is not loaded.
 * CONTEXT  a task; sleeps.   FAILS  -ENOMEM, nothing is left.
 * NOT HERE rights of pages (mm/kva/vmalloc.c).   TESTED BY  module_basic (guest)
 */
#include "module/module_impl.h"
#include "module/relfile.h"

#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

static bool starts_with(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* Read at load time only: it need not be in memory. */
static bool is_loaded(const struct rel_section *s)
{
	return (s->flags & SECTION_ALLOC) && strcmp(s->name, ".modinfo") != 0;
}

static int group_of(const struct rel_section *s)
{
	if (s->flags & SECTION_EXEC)
		return BLOCK_CODE;
	if (!(s->flags & SECTION_WRITE))
		return BLOCK_CONST;
	return strcmp(s->name, ".data..ro_after_init") ? BLOCK_DATA : BLOCK_CONST_LATER;
}

/* A module's own variables for each processor: copies, MODULE_PERCPU_STRIDE apart (include/linux/percpu.h). */
static bool is_percpu(const struct rel_section *s)
{
	return !strcmp(s->name, ".data..percpu");
}

static size_t nr_copies(const struct rel_section *s)
{
	return is_percpu(s) ? CFG_NR_CPUS : 1;
}

static size_t copies_size(const struct rel_section *s)
{
	return (size_t)s->size + (nr_copies(s) - 1) * MODULE_PERCPU_STRIDE;
}

/* Give each section of one kind its offset in @b; x->addr holds offsets until base is known. */
static void lay_out(struct load_ctx *x, struct module_block *b, bool init)
{
	struct rel_section s;

	for (int group = 0; group < BLOCK_GROUPS; group++) {
		for (unsigned i = 1; i < x->file->nr_sections; i++) {
			relfile_section(x->file, i, &s);
			if (!is_loaded(&s) || starts_with(s.name, ".init") != init ||
			    group_of(&s) != group)
				continue;
			b->size = round_up_pow2(b->size, s.align ? (size_t)s.align : 1);
			x->addr[i] = b->size;
			b->size += copies_size(&s);
		}
		if (!init && group == BLOCK_DATA) {
			b->size = round_up_pow2(b->size, sizeof(uint64_t));
			x->home = b->size;
			b->size += sizeof(struct module);
		}
		b->size = page_align(b->size);
		b->end[group] = b->size;
	}
}

static void copy_sections(struct load_ctx *x)
{
	struct rel_section s;

	for (unsigned i = 1; i < x->file->nr_sections; i++) {
		const struct module_block *b;

		relfile_section(x->file, i, &s);
		if (!is_loaded(&s))
			continue;
		b = starts_with(s.name, ".init") ? &x->mod->init : &x->mod->core;
		x->addr[i] += (unsigned long)b->base;
		if (s.type == SHT_NOBITS || !s.size)
			continue;
		for (size_t n = 0; n < nr_copies(&s); n++)
			memcpy((char *)x->addr[i] + n * MODULE_PERCPU_STRIDE,
			       x->file->image + s.offset, (size_t)s.size);
	}
}

static bool block_alloc(struct module_block *b)
{
	if (!b->size)
		return true;
	b->base = failpoint("module_block") ? NULL : vmalloc_module(b->size);
	return b->base;
}

/* The struct itself, so far on its own, to where it stays. */
static void move_home(struct load_ctx *x)
{
	struct module *old = x->mod;

	x->mod = (struct module *)(old->core.base + x->home);
	*x->mod = *old;
	list_init(&x->mod->users);
	list_init(&x->mod->providers);
	kfree(old);
}

static bool percpu_too_large(struct load_ctx *x)
{
	struct rel_section s;

	for (unsigned i = 1; i < x->file->nr_sections; i++) {
		relfile_section(x->file, i, &s);
		if (is_percpu(&s) && s.size > MODULE_PERCPU_STRIDE)
			return true;
	}
	return false;
}

int module_layout(struct load_ctx *x)
{
	struct module *mod = x->mod;

	if (percpu_too_large(x)) {
		pr_err("%s: variables for each processor take more than %u bytes", mod->name,
		       MODULE_PERCPU_STRIDE);
		return -ENOEXEC;
	}
	lay_out(x, &mod->core, false);
	lay_out(x, &mod->init, true);
	if (!block_alloc(&mod->core))
		return -ENOMEM;
	if (!block_alloc(&mod->init)) {
		vfree_module(mod->core.base);
		mod->core.base = NULL;
		return -ENOMEM;
	}
	copy_sections(x);
	move_home(x);
	return 0;
}

void module_block_protect(const struct module_block *b, bool init_done)
{
	static const enum vm_rights rights[] = { [BLOCK_CODE] = VM_RIGHTS_CODE,
						 [BLOCK_CONST] = VM_RIGHTS_CONST,
						 [BLOCK_CONST_LATER] = VM_RIGHTS_CONST };
	size_t at = 0;

	for (int group = BLOCK_CODE; group < BLOCK_DATA; at = b->end[group++]) {
		if ((group == BLOCK_CONST_LATER) == init_done)
			vmalloc_protect(b->base + at, b->end[group] - at, rights[group]);
	}
}

/*
 * Relocatable ELF files, checked whole before anything of them is used.
 *
 * OWNS     nothing; struct relfile points into bytes that the caller keeps unchanged.
 * WHY      a module comes from a program: every number in it is hostile. All of them are looked at here, at the border, once;
 *          the loader then reads sections, symbols and relocations without a way to fail.
 * I1       after relfile_open: see relfile.h, "Guarantees".                                        [relfile_test, fuzz_relfile]
 * CONTEXT  any; no allocation, no lock.   COST  O(bytes of headers, symbols and relocations).
 * FAILS    -ENOEXEC and a reason for the log.
 * NOT HERE what the names mean (load.c), storing values (reloc.c).
 * SOURCES  elf(5); System V ABI, "Object Files".   TESTED BY  relfile_test.c, fuzz target relfile.
 */
#include "module/relfile.h"

#include "base/errno.h"
#include "lib/string.h"
#include "uapi/elf.h"

enum { ET_REL = 1, SHN_RESERVED = 0xff00, HEAD_MAX = 64 };

struct shdr32 {
	uint32_t name, type, flags, addr, offset, size, link, info, align, entsize;
};

struct shdr64 {
	uint32_t name, type;
	uint64_t flags, addr, offset, size;
	uint32_t link, info;
	uint64_t align, entsize;
};

struct sym32 {
	uint32_t name, value, size;
	uint8_t info, other;
	uint16_t section;
};

struct sym64 {
	uint32_t name;
	uint8_t info, other;
	uint16_t section;
	uint64_t value, size;
};

struct rel32 {
	uint32_t offset, info;
};

struct rela64 {
	uint64_t offset, info;
	int64_t addend;
};

/* What is wrong, for the log. */
static int bad(const char **why, const char *what)
{
	*why = what;
	return -ENOEXEC;
}

static bool inside(uint64_t offset, uint64_t size, uint64_t len)
{
	return offset <= len && size <= len - offset;
}

/* ---- reading one thing ---- */

/* Header @nr and, apart from it, where its name is. */
static uint32_t read_header(const struct relfile *f, unsigned nr, struct rel_section *s)
{
	const uint8_t *at = f->image + f->headers;
	struct shdr32 h32;
	struct shdr64 h64;

	if (f->wide) {
		memcpy(&h64, at + (size_t)nr * sizeof(h64), sizeof(h64));
		*s = (struct rel_section){ .type = h64.type,
					   .link = h64.link,
					   .info = h64.info,
					   .flags = h64.flags & 7,
					   .offset = h64.offset,
					   .size = h64.size,
					   .align = h64.align,
					   .entsize = h64.entsize };
		return h64.name;
	}
	memcpy(&h32, at + (size_t)nr * sizeof(h32), sizeof(h32));
	*s = (struct rel_section){ .type = h32.type,
				   .link = h32.link,
				   .info = h32.info,
				   .flags = h32.flags & 7,
				   .offset = h32.offset,
				   .size = h32.size,
				   .align = h32.align,
				   .entsize = h32.entsize };
	return h32.name;
}

void relfile_section(const struct relfile *f, unsigned nr, struct rel_section *out)
{
	uint32_t name = read_header(f, nr, out);

	out->name = (const char *)f->image + f->section_names.offset + name;
}

static uint32_t read_symbol(const struct relfile *f, unsigned nr, struct rel_symbol *out)
{
	const uint8_t *at = f->image + f->symbols.offset;
	struct sym32 s32;
	struct sym64 s64;

	if (f->wide) {
		memcpy(&s64, at + (size_t)nr * sizeof(s64), sizeof(s64));
		*out = (struct rel_symbol){ .value = s64.value,
					    .section = s64.section,
					    .size = s64.size,
					    .bind = s64.info >> 4,
					    .type = s64.info & 0xf };
		return s64.name;
	}
	memcpy(&s32, at + (size_t)nr * sizeof(s32), sizeof(s32));
	*out = (struct rel_symbol){ .value = s32.value,
				    .section = s32.section,
				    .size = s32.size,
				    .bind = s32.info >> 4,
				    .type = s32.info & 0xf };
	return s32.name;
}

void relfile_symbol(const struct relfile *f, unsigned nr, struct rel_symbol *out)
{
	uint32_t name = read_symbol(f, nr, out);

	out->name = (const char *)f->image + f->names.offset + name;
}

unsigned relfile_nr_relocs(const struct rel_section *s)
{
	return (unsigned)(s->size / s->entsize);
}

void relfile_reloc(const struct relfile *f, const struct rel_section *s, unsigned nr,
		   struct rel_reloc *out)
{
	const uint8_t *at = f->image + s->offset;
	struct rel32 r32;
	struct rela64 r64;

	if (f->wide) {
		memcpy(&r64, at + (size_t)nr * sizeof(r64), sizeof(r64));
		*out = (struct rel_reloc){ r64.offset, (uint32_t)r64.info,
					   (uint32_t)(r64.info >> 32), r64.addend };
		return;
	}
	memcpy(&r32, at + (size_t)nr * sizeof(r32), sizeof(r32));
	*out = (struct rel_reloc){ r32.offset, r32.info & 0xff, r32.info >> 8, 0 };
}

bool relfile_relocates(const struct relfile *f, const struct rel_section *s, unsigned *target)
{
	struct rel_section t;

	if (s->type != (f->wide ? SHT_RELA : SHT_REL))
		return false;
	*target = s->info;
	relfile_section(f, s->info, &t);
	return t.flags & SECTION_ALLOC;
}

bool relfile_find(const struct relfile *f, const char *name, unsigned *nr)
{
	struct rel_section s;

	for (*nr = 1; *nr < f->nr_sections; ++*nr) {
		relfile_section(f, *nr, &s);
		if (!strcmp(s.name, name))
			return true;
	}
	return false;
}

/* ---- checking ---- */

/* Identification, and the section headers are in the file. *strings: which section has their names. */
static int check_head(struct relfile *f, const struct rel_target *t, unsigned *strings,
		      const char **why)
{
	uint8_t head[HEAD_MAX] = { 0 };
	struct ehdr32 e32;
	struct ehdr64 e64;
	unsigned entsize;
	bool fits;

	memcpy(head, f->image, min_of(size_t, f->len, sizeof(head)));
	memcpy(&e32, head, sizeof(e32));
	memcpy(&e64, head, sizeof(e64));
	f->wide = t->class_ == 2;
	if (f->len < (f->wide ? sizeof(e64) : sizeof(e32)) || memcmp(head, "\177ELF", 4) != 0)
		return bad(why, "not an ELF file");
	if (head[4] != t->class_ || head[5] != 1 || e32.machine != t->machine)
		return bad(why, "made for another machine");
	if (e32.type != ET_REL || e32.version != 1)
		return bad(why, "not a relocatable file");
	f->headers = f->wide ? e64.shoff : e32.shoff;
	f->nr_sections = f->wide ? e64.shnum : e32.shnum;
	*strings = f->wide ? e64.shstrndx : e32.shstrndx;
	entsize = f->wide ? e64.shentsize : e32.shentsize;
	fits = entsize == (f->wide ? sizeof(struct shdr64) : sizeof(struct shdr32)) &&
	       inside(f->headers, (uint64_t)f->nr_sections * entsize, f->len);
	if (!fits || f->nr_sections < 2 || f->nr_sections > RELFILE_MAX_SECTIONS ||
	    *strings >= f->nr_sections)
		return bad(why, "bad section headers");
	return 0;
}

/* A string table that ends. */
static bool strings_ok(const struct relfile *f, const struct rel_section *s)
{
	return s->type == SHT_STRTAB && s->size && inside(s->offset, s->size, f->len) &&
	       f->image[s->offset + s->size - 1] == 0;
}

/* What holds for any section but the null one. *total: bytes to be loaded so far. */
static int check_section(const struct relfile *f, unsigned nr, uint64_t *total, const char **why)
{
	struct rel_section s;

	if (read_header(f, nr, &s) >= f->section_names.size)
		return bad(why, "a section's name is outside the names");
	if (s.type != SHT_NOBITS && !inside(s.offset, s.size, f->len))
		return bad(why, "a section lies outside the file");
	if (!(s.flags & SECTION_ALLOC))
		return 0;
	if (s.align && (!is_pow2(s.align) || s.align > PAGE_SIZE))
		return bad(why, "a section's alignment");
	if ((s.flags & SECTION_WRITE) && (s.flags & SECTION_EXEC))
		return bad(why, "a section that is writable and executable");
	if (s.size > RELFILE_MAX_BYTES)
		return bad(why, "a section is too large");
	*total += s.size + s.align;
	return *total <= RELFILE_MAX_BYTES ? 0 : bad(why, "the sections are too large");
}

static int check_symbol(const struct relfile *f, unsigned nr, const char **why)
{
	struct rel_section in;
	struct rel_symbol s;

	if (read_symbol(f, nr, &s) >= f->names.size)
		return bad(why, "a symbol's name is outside the names");
	if (s.section == SYMBOL_COMMON)
		return bad(why, "a common symbol: compile with -fno-common");
	if (s.section == SYMBOL_UNDEF || s.section == SYMBOL_ABS)
		return 0;
	if (s.section >= SHN_RESERVED || s.section >= f->nr_sections)
		return bad(why, "a symbol in no section");
	(void)read_header(f, s.section, &in);
	return s.value <= in.size ? 0 : bad(why, "a symbol beyond its section");
}

/* The one symbol table. */
static int check_symbols(struct relfile *f, const char **why)
{
	struct rel_section s;
	unsigned found = 0;
	int err = 0;

	for (unsigned i = 1; i < f->nr_sections; i++) {
		(void)read_header(f, i, &s);
		if (s.type == SHT_SYMTAB) {
			f->symbols = s;
			found++;
		}
	}
	if (found != 1)
		return bad(why, found ? "several symbol tables" : "no symbols (stripped?)");
	s = f->symbols;
	if (s.entsize != (f->wide ? sizeof(struct sym64) : sizeof(struct sym32)) ||
	    s.size % s.entsize || s.link >= f->nr_sections)
		return bad(why, "bad symbol table");
	(void)read_header(f, s.link, &f->names);
	if (!strings_ok(f, &f->names))
		return bad(why, "bad symbol names");
	f->nr_symbols = (unsigned)(s.size / s.entsize);
	for (unsigned i = 1; i < f->nr_symbols && !err; i++)
		err = check_symbol(f, i, why);
	return err;
}

static int check_relocs(const struct relfile *f, const struct rel_section *s, const char **why)
{
	struct rel_section target;
	struct rel_reloc r;

	if (s->entsize != (f->wide ? sizeof(struct rela64) : sizeof(struct rel32)) ||
	    s->size % s->entsize || s->info >= f->nr_sections || s->link >= f->nr_sections)
		return bad(why, "bad relocations");
	(void)read_header(f, s->info, &target);
	if (!(target.flags & SECTION_ALLOC))
		return 0;
	if (target.type == SHT_NOBITS && s->size)
		return bad(why, "relocations of a section without bytes");
	for (unsigned i = 0; i < relfile_nr_relocs(s); i++) {
		int width;

		relfile_reloc(f, s, i, &r);
		width = reloc_width(f->wide, r.type);
		if (width < 0)
			return bad(why, "unknown relocation type");
		if (r.symbol >= f->nr_symbols || !inside(r.offset, (uint64_t)width, target.size))
			return bad(why, "a relocation outside its section or symbols");
	}
	return 0;
}

/* All sections; the names come first, the symbols before the relocations. */
static int check_all(struct relfile *f, unsigned strings, const char **why)
{
	struct rel_section s;
	uint64_t total = 0;
	int err = 0;

	(void)read_header(f, strings, &f->section_names);
	if (!strings_ok(f, &f->section_names))
		return bad(why, "bad section names");
	for (unsigned i = 1; i < f->nr_sections && !err; i++)
		err = check_section(f, i, &total, why);
	if (!err)
		err = check_symbols(f, why);
	for (unsigned i = 1; i < f->nr_sections && !err; i++) {
		(void)read_header(f, i, &s);
		if (s.type == (f->wide ? SHT_RELA : SHT_REL))
			err = check_relocs(f, &s, why);
		else if (s.type == SHT_REL || s.type == SHT_RELA)
			err = bad(why, "relocations of the other kind");
	}
	return err;
}

int relfile_open(struct relfile *f, const void *image, size_t len, const struct rel_target *t,
		 const char **why)
{
	unsigned strings;
	int err;

	*f = (struct relfile){ .image = image, .len = len };
	err = check_head(f, t, &strings, why);
	return err ? err : check_all(f, strings, why);
}

/*
 * Reading relocatable ELF files (ET_REL): pure code over bytes, for the loader, its tests and the fuzzer. elf(5).
 * relfile_open() has seen every header, name, symbol and relocation, so what comes after it cannot fail.
 */
#ifndef MODULE_RELFILE_H
#define MODULE_RELFILE_H

#include "base/compiler.h"
#include "base/types.h"

enum { RELFILE_MAX_SECTIONS = 4096, RELFILE_MAX_BYTES = 64 << 20 /* of all that is loaded */ };
enum { SECTION_WRITE = 1, SECTION_ALLOC = 2, SECTION_EXEC = 4 };
enum {
	SHT_PROGBITS = 1,
	SHT_SYMTAB = 2,
	SHT_STRTAB = 3,
	SHT_RELA = 4,
	SHT_NOBITS = 8,
	SHT_REL = 9
};
enum { SYMBOL_UNDEF = 0, SYMBOL_ABS = 0xfff1, SYMBOL_COMMON = 0xfff2 };
enum { SYMBOL_LOCAL, SYMBOL_GLOBAL, SYMBOL_WEAK };
enum { SYMBOL_FUNC = 2 };

struct rel_section {
	const char *name;
	uint32_t type, link, info;
	unsigned flags; /* SECTION_* */
	uint64_t offset, size, align, entsize;
};

struct rel_symbol {
	const char *name;
	uint64_t value, size;
	uint32_t section; /* number, or SYMBOL_* */
	uint8_t bind, type;
};

struct rel_reloc {
	uint64_t offset;
	uint32_t type, symbol;
	int64_t addend; /* REL: 0, it is in the place */
};

struct relfile {
	const uint8_t *image;
	size_t len;
	bool wide; /* ELFCLASS64 */
	unsigned nr_sections, nr_symbols;
	struct rel_section symbols, names; /* the symbol table, its strings */
	uint64_t headers;		   /* offset of the section headers */
	struct rel_section section_names;
};

/* Which machine's: class and number as in the header. */
struct rel_target {
	uint8_t class_;
	uint16_t machine;
};

/**
 * relfile_open - check all of @image.
 * Return: 0; -ENOEXEC: not ELF, not relocatable, not for @t, or malformed, *why says what (a literal).
 * Guarantees: every section but NOBITS lies in the image, names and strings end, alignments are powers of two up to a page, what
 * is loaded is at most RELFILE_MAX_BYTES, not writable and executable; symbols' sections exist; relocations of loaded
 * sections have a known type, a symbol and a place inside their target, which has bytes in the file.
 */
int must_check relfile_open(struct relfile *f, const void *image, size_t len,
			    const struct rel_target *t, const char **why);
void relfile_section(const struct relfile *f, unsigned nr, struct rel_section *out);
void relfile_symbol(const struct relfile *f, unsigned nr, struct rel_symbol *out);
unsigned relfile_nr_relocs(const struct rel_section *s);
void relfile_reloc(const struct relfile *f, const struct rel_section *s, unsigned nr,
		   struct rel_reloc *out);
/* Is @s a list of relocations for a section that is loaded? Then *target is that section's number. */
bool relfile_relocates(const struct relfile *f, const struct rel_section *s, unsigned *target);
/* The section of that name; false: none. */
bool relfile_find(const struct relfile *f, const char *name, unsigned *nr);

/* ---- reloc.c ---- */
/* Bytes that relocation @type changes; 0: nothing (R_*_NONE); -1: no such type. */
int reloc_width(bool wide, uint32_t type);
/**
 * reloc_apply - store one value.
 * @place: where it is written now; @address: where it will be run.
 * @value: the symbol's address. REL files: what is in the place is the addend.
 * Return: 0; -ENOEXEC: the value does not fit.
 */
int must_check reloc_apply(bool wide, const struct rel_reloc *r, void *place, uint64_t address,
			   uint64_t value);

#endif

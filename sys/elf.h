/* Reading ELF program files: pure code over bytes, for exec.c and for the fuzzer. elf(5). */
#ifndef SYS_ELF_H
#define SYS_ELF_H

#include "base/compiler.h"
#include "base/types.h"

enum { ELF_MAX_SEGMENTS = 32, ELF_MAX_PHDRS = 128, ELF_INTERP_MAX = 256 };
enum { ELF_SEG_READ = 4, ELF_SEG_WRITE = 2, ELF_SEG_EXEC = 1 };

struct elf_segment {
	uint64_t offset, vaddr, filesz, memsz;
	unsigned rights; /* ELF_SEG_* */
};

struct elf_program {
	bool is_dyn;	     /* ET_DYN: load anywhere */
	uint64_t entry;	     /* as linked */
	uint64_t phdr_vaddr; /* where the program headers are in memory, as linked; 0: not loaded */
	unsigned phnum, phentsize;
	unsigned nr_segments;
	struct elf_segment seg[ELF_MAX_SEGMENTS]; /* by address, disjoint pages, memsz > 0 */
	uint64_t interp_off, interp_len;	  /* PT_INTERP text in the file; len 0: static */
	bool exec_stack;	/* PT_GNU_STACK asks for it, or (i386) there is none */
	bool stack_unspecified; /* no PT_GNU_STACK */
	uint64_t max_align;	/* of the segments, a power of two >= the page size */
};

struct elf_target {
	uint8_t class_; /* 1: 32 bits, 2: 64 bits */
	uint16_t machine;
	uint64_t user_top; /* segments must end below */
};

/* Where the program headers are. 0 and *off, *size (bytes), or -ENOEXEC: not ELF, or not for @t. */
int must_check elf_check_header(const void *head, size_t len, const struct elf_target *t,
				uint64_t *off, size_t *size);

/**
 * elf_parse - turn header and program headers into a load plan.
 * @head, @phdrs: bytes of the file; @phdrs_len as elf_check_header said. @file_size: for offsets.
 * Return: 0; -ENOEXEC when malformed; -EINVAL for segments outside user space or overlapping.
 */
int must_check elf_parse(const void *head, size_t len, const void *phdrs, size_t phdrs_len,
			 uint64_t file_size, const struct elf_target *t, struct elf_program *out);

#endif

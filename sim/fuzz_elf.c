/* libFuzzer target: the ELF reader, both classes; the first byte chooses. Its promises I1 and I2 are checked. */
#include <stdlib.h>
#include <string.h>

#include "sys/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct elf_program *p, const struct elf_target *t, uint64_t file_size)
{
	uint64_t end = 0;

	if (!p->nr_segments || p->nr_segments > ELF_MAX_SEGMENTS)
		abort();
	for (unsigned i = 0; i < p->nr_segments; i++) {
		const struct elf_segment *s = &p->seg[i];

		if (!s->memsz || s->filesz > s->memsz || s->vaddr + s->memsz > t->user_top ||
		    s->vaddr + s->memsz < s->vaddr)
			abort();
		if (s->filesz && (s->offset > file_size || s->filesz > file_size - s->offset ||
				  ((s->offset ^ s->vaddr) & (PAGE_SIZE - 1))))
			abort();
		if (i && (s->vaddr & ~(PAGE_SIZE - 1)) < end)
			abort();
		end = (s->vaddr + s->memsz + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	}
	if (p->interp_len &&
	    (p->interp_len > ELF_INTERP_MAX || p->interp_off + p->interp_len > file_size))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct elf_target targets[2] = { { 2, 62, 0x7ffffffff000ULL },
						      { 1, 3, 0xc0000000ULL } };
	static struct elf_program prog;
	const struct elf_target *t;
	uint64_t off;
	size_t n;

	if (!size)
		return 0;
	t = &targets[data[0] & 1];
	data++;
	size--;
	if (elf_check_header(data, size, t, &off, &n))
		return 0;
	if (off > size || n > size - off)
		return 0;
	if (!elf_parse(data, size, data + off, n, size, t, &prog))
		check(&prog, t, size);
	return 0;
}

/* libFuzzer target: relocatable ELF files, both machines; the first byte chooses. What relfile_open promises is walked through. */
#include <stdlib.h>
#include <string.h>

#include "module/relfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_relocs(const struct relfile *f, const struct rel_section *s, unsigned target)
{
	struct rel_section t;
	struct rel_reloc r;
	struct rel_symbol y;
	uint8_t *copy;

	relfile_section(f, target, &t);
	copy = malloc((size_t)t.size + 1);
	memcpy(copy, f->image + t.offset, (size_t)t.size);
	for (unsigned i = 0; i < relfile_nr_relocs(s); i++) {
		relfile_reloc(f, s, i, &r);
		relfile_symbol(f, r.symbol, &y);
		(void)!reloc_apply(f->wide, &r, copy + r.offset, r.offset, y.value);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rel_target targets[2] = { { 2, 62 }, { 1, 3 } };
	struct rel_section s;
	struct rel_symbol y;
	struct relfile f;
	unsigned target;
	size_t names = 0;
	const char *why;

	if (!size || relfile_open(&f, data + 1, size - 1, &targets[data[0] & 1], &why))
		return 0;
	for (unsigned i = 1; i < f.nr_symbols; i++) {
		relfile_symbol(&f, i, &y);
		names += strlen(y.name);
	}
	for (unsigned i = 1; i < f.nr_sections; i++) {
		relfile_section(&f, i, &s);
		names += strlen(s.name);
		if (relfile_relocates(&f, &s, &target) && s.size)
			walk_relocs(&f, &s, target);
	}
	return names == SIZE_MAX;
}

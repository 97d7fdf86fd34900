/*
 * Names of kernel addresses, from the table the second link carries.
 *
 * OWNS     nothing; reads ksyms_*, which tools/ksyms.sh makes and describes: symbols by rising address, in groups that
 *          are found by halving and stepped through; their names are numbers of words.
 * CONTEXT  any, panic included.   COST  an address: O(log N) and a group; a name: O(N).
 * FAILS    an address outside the kernel's and the modules' text is printed as a number.
 */
#include "arch/machine.h"
#include "arch/probe.h"
#include "arch/x86/hw/extable.h"
#include "arch/x86/hw/image.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "pt_geom.h"

enum { GROUP = 64, WORD_GROUP = 16, SHORT_WORDS = 223 };

struct ksyms_group {
	uint32_t address;	 /* less KERNEL_BASE, as all here */
	uint32_t lengths, names; /* of its first symbol, in ksyms_lengths and ksyms_names */
};

extern const uint32_t ksyms_nr;
extern const struct ksyms_group ksyms_groups[];
extern const uint8_t ksyms_lengths[], ksyms_names[];
extern const char ksyms_words[];
extern const uint16_t ksyms_word_at[];

/* One symbol, and where the next begins. */
struct symbol {
	uint32_t start, end;
	const uint8_t *name, *next_length;
};

/* The word at *@code, which moves on behind it; NULL: the name has ended. */
static const char *next_word(const uint8_t **code)
{
	const uint8_t *c = *code;
	const char *word;
	unsigned n = *c++;

	if (!n)
		return NULL;
	n = n <= SHORT_WORDS ? n - 1 : (n - SHORT_WORDS - 1) * 256 + *c++ + SHORT_WORDS;
	*code = c;
	word = ksyms_words + ksyms_word_at[n / WORD_GROUP];
	for (n %= WORD_GROUP; n; n--)
		word += strlen(word) + 1;
	return word;
}

/* The symbol at @start. */
static struct symbol symbol_at(uint32_t start, const uint8_t *length, const uint8_t *name)
{
	uint32_t n = *length & 0x7f;
	unsigned shift = 7;

	for (; *length++ & 0x80; shift += 7)
		n |= (uint32_t)(*length & 0x7f) << shift;
	return (struct symbol){
		.start = start,
		.end = n ? start + n : (uint32_t)((kaddr_t)__text_end - KERNEL_BASE),
		.name = name,
		.next_length = length,
	};
}

static struct symbol symbol_first(uint32_t group)
{
	const struct ksyms_group *g = &ksyms_groups[group];

	return symbol_at(g->address, ksyms_lengths + g->lengths, ksyms_names + g->names);
}

static struct symbol symbol_next(const struct symbol *s)
{
	const uint8_t *name = s->name;

	for (; *name; name++)
		name += *name > SHORT_WORDS;
	return symbol_at(s->end, s->next_length, name + 1);
}

/* The symbol that @addr lies in. false: it is not in text that has symbols. */
static bool find(kaddr_t addr, struct symbol *s)
{
	const uint32_t offset = (uint32_t)(addr - KERNEL_BASE);
	uint32_t low = 0, high = (ksyms_nr + GROUP - 1) / GROUP;

	if (addr < (kaddr_t)__text_start || addr >= (kaddr_t)__text_end || !ksyms_nr ||
	    offset < ksyms_groups[0].address)
		return false;
	while (high - low > 1) {
		const uint32_t mid = low + (high - low) / 2;

		if (ksyms_groups[mid].address <= offset)
			low = mid;
		else
			high = mid;
	}
	for (*s = symbol_first(low); offset >= s->end;)
		*s = symbol_next(s);
	return true;
}

size_t symbol_format(kaddr_t addr, char *buf, size_t size)
{
	size_t n = module_symbol_format(addr, buf, size);
	const char *word, *between = "";
	struct symbol s;

	if (n)
		return n;
	if (!find(addr, &s))
		return fmt_scnprintf(buf, size, "0x%lx", addr);
	for (; (word = next_word(&s.name)); between = "_")
		n += fmt_scnprintf(buf + n, size - n, "%s%s", between, word);
	return n + fmt_scnprintf(buf + n, size - n, "+0x%x/0x%x",
				 (uint32_t)(addr - KERNEL_BASE) - s.start, s.end - s.start);
}

static bool is_named(const struct symbol *s, const char *name)
{
	const uint8_t *code = s->name;
	const char *word = next_word(&code);

	for (;;) {
		const size_t n = strlen(word);

		if (strncmp(name, word, n))
			return false;
		name += n;
		word = next_word(&code);
		if (!word)
			return !*name;
		if (*name++ != '_')
			return false;
	}
}

kaddr_t symbol_address(const char *name)
{
	struct symbol s = symbol_first(0);
	uint32_t left = ksyms_nr;

	for (; !is_named(&s, name); s = symbol_next(&s))
		if (!--left)
			return 0;
	return KERNEL_BASE + s.start;
}

bool symbol_range(kaddr_t at, kaddr_t *start, kaddr_t *end)
{
	struct symbol s;

	if (!find(at, &s))
		return false;
	*start = KERNEL_BASE + s.start;
	*end = KERNEL_BASE + s.end;
	return true;
}

bool probe_allowed(kaddr_t at)
{
	if (at < (kaddr_t)__text_start || at >= (kaddr_t)__text_end)
		return false;
	if (at >= (kaddr_t)noprobe_text_start && at < (kaddr_t)noprobe_text_end)
		return false;
	return (at < (kaddr_t)uaccess_text_start || at >= (kaddr_t)uaccess_text_end) &&
	       !extable_find(at);
}

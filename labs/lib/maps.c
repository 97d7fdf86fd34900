/* Figures that are maps: address spaces, frames by owner, buddy blocks. Each as text, and as JSON of the same strings. */
#include "lab_impl.h"

#include <string.h>

const char *const lab_kind_name[] = { "code", "data", "heap",	"stack",
				      "file", "anon", "kernel", "other" };
const char *const lab_state_name[] = { "free", "used", "pcp" };

enum { MAP_COLUMNS = 64, MAP_CELLS = 2048, MAX_OWNERS = 26 };

/* ---- address spaces ---- */

static const char *address(unsigned long long a, int wide)
{
	return lab_f("%0*llx", wide ? 12 : 8, a);
}

/* Does any address take more than 32 bits? */
static int is_wide(const struct lab_area *a, size_t n)
{
	return n && (a[n - 1].start >> 32 || a[n - 1].end > 1ULL << 32);
}

static void draw_area(FILE *t, const struct lab_area *a, int wide, int name)
{
	fputs("    ", t);
	text_padded(t, lab_f("%s-%s", address(a->start, wide), address(a->end, wide)),
		    wide ? 26 : 18);
	fprintf(t, " %s███%s  ", color(a->kind), plain());
	text_padded(t, a->name, name + 2);
	fprintf(t, "%10s  %s\n", text_size(a->end - a->start, 0), a->note ? a->note : "");
}

/* From the top of the space downwards, as books draw it. */
static void draw_strip(FILE *t, const char *title, const struct lab_area *a, size_t n)
{
	const int wide = is_wide(a, n);
	int name = 4;

	for (size_t i = 0; i < n; i++)
		name = text_width(a[i].name) > name ? text_width(a[i].name) : name;
	text_title(t, title);
	for (size_t i = n; i-- > 0;) {
		if (i + 1 < n && a[i + 1].start > a[i].end) {
			fprintf(t, "    %*s %s┆    ", wide ? 26 : 18, "", dim());
			text_padded(t, "", name + 2);
			fprintf(t, "%10s  free%s\n", text_size(a[i + 1].start - a[i].end, 1),
				plain());
		}
		draw_area(t, &a[i], wide, name);
	}
}

void lab_strip(const char *title, const struct lab_area *a, size_t n)
{
	draw_strip(text_begin(), title, a, n);
	if (!text_end())
		return;
	json_begin("strip", title);
	json_open("areas", '[');
	for (size_t i = 0; i < n; i++) {
		json_open(NULL, '{');
		json_text("start", address(a[i].start, is_wide(a, n)));
		json_text("end", address(a[i].end, is_wide(a, n)));
		json_text("size", text_size(a[i].end - a[i].start, 0));
		json_text("name", a[i].name);
		json_text("kind", lab_kind_name[a[i].kind]);
		json_text("note", a[i].note);
		json_text("gap", i + 1 < n && a[i + 1].start > a[i].end
					 ? text_size(a[i + 1].start - a[i].end, 1)
					 : NULL);
		json_close('}');
	}
	json_close(']');
	json_end();
}

/* ---- frames ---- */

struct owners {
	const char *name[MAX_OWNERS];
	unsigned long long frames[MAX_OWNERS];
	size_t nr;
};

static size_t owner_index(struct owners *o, const char *name)
{
	size_t i = 0;

	while (i < o->nr && strcmp(o->name[i], name) != 0)
		i++;
	if (i == o->nr && o->nr < MAX_OWNERS)
		o->name[o->nr++] = name;
	return i < MAX_OWNERS ? i : MAX_OWNERS - 1;
}

static char owner_letter(const struct owners *o, size_t i)
{
	size_t before = 0;

	for (size_t k = 0; k < i; k++)
		before += strcmp(o->name[k], "free") != 0;
	return strcmp(o->name[i], "free") == 0 ? '.' : (char)('A' + before);
}

/* Frames that a letter stands for: a power of two. */
static unsigned long long letter_frames(const struct lab_run *r, size_t n)
{
	unsigned long long all = 0, per = 1;

	for (size_t i = 0; i < n; i++)
		all += r[i].count;
	while (all / per > MAP_CELLS)
		per *= 2;
	return per;
}

/* Runs without a gap between them, as rows of letters. A letter is that of the first of its frames. */
static size_t draw_stretch(FILE *t, const struct lab_run *r, size_t n, struct owners *o,
			   unsigned long long per)
{
	unsigned long long at = r->first;
	size_t i = 0;
	int column = 0;

	for (;; at += per) {
		while (i < n && at >= r[i].first + r[i].count)
			i++;
		if (i == n || at < r[i].first)
			break;
		if (column == 0)
			fprintf(t, "    %8llx  ", at);
		const size_t who = owner_index(o, r[i].owner);

		fprintf(t, "%s%c%s", color((unsigned)who), owner_letter(o, who), plain());
		column = (column + 1) % MAP_COLUMNS;
		if (column == 0)
			fputc('\n', t);
	}
	if (column)
		fputc('\n', t);
	return i;
}

static void draw_frames(FILE *t, const char *title, const struct lab_run *r, size_t n,
			struct owners *o)
{
	const unsigned long long per = letter_frames(r, n);

	text_title(t, title);
	for (size_t i = 0; i < n;) {
		const size_t more = draw_stretch(t, r + i, n - i, o, per);

		i += more ? more : 1;
	}
	for (size_t i = 0; i < o->nr; i++)
		fprintf(t, "    %s%c%s  %s: %llu frame%s\n", color((unsigned)i), owner_letter(o, i),
			plain(), o->name[i], o->frames[i], o->frames[i] == 1 ? "" : "s");
	if (per > 1)
		fprintf(t, "    %sa letter is %llu frames%s\n", dim(), per, plain());
	for (size_t i = 0; i < n; i++)
		if (r[i].note)
			fprintf(t, "    %8llx  %s, %llu: %s\n", r[i].first, r[i].owner, r[i].count,
				r[i].note);
}

void lab_frames(const char *title, const struct lab_run *r, size_t n)
{
	struct owners o = { 0 };

	for (size_t i = 0; i < n; i++)
		o.frames[owner_index(&o, r[i].owner)] += r[i].count;
	draw_frames(text_begin(), title, r, n, &o);
	if (!text_end())
		return;
	json_begin("frames", title);
	json_open("owners", '[');
	for (size_t i = 0; i < o.nr; i++) {
		json_open(NULL, '{');
		json_text("name", o.name[i]);
		json_text("letter", lab_f("%c", owner_letter(&o, i)));
		json_number("frames", o.frames[i]);
		json_close('}');
	}
	json_close(']');
	json_open("runs", '[');
	for (size_t i = 0; i < n; i++) {
		json_open(NULL, '{');
		json_text("first", lab_f("%llx", r[i].first));
		json_number("count", r[i].count);
		json_text("owner", r[i].owner);
		json_text("note", r[i].note);
		json_close('}');
	}
	json_close(']');
	json_end();
}

/* ---- buddy blocks ---- */

static void draw_order(FILE *t, const struct lab_block *b, size_t n, unsigned order)
{
	static const char *const glyph[] = { "█", "▒", "░" };
	const unsigned long long base = b[0].first;
	const unsigned long long end = b[n - 1].first + (1ULL << b[n - 1].order);
	size_t i = 0;

	fprintf(t, "    order %-2u  ", order);
	for (int c = 0; c < MAP_COLUMNS; c++) {
		const unsigned long long at = base + (end - base) * (unsigned)c / MAP_COLUMNS;

		while (i + 1 < n && at >= b[i + 1].first)
			i++;
		if (b[i].order == order)
			fprintf(t, "%s%s%s", color(b[i].state), glyph[b[i].state], plain());
		else
			fputs("·", t);
	}
	fputc('\n', t);
}

static void draw_blocks(FILE *t, const char *title, const struct lab_block *b, size_t n)
{
	unsigned orders = 0;

	text_title(t, title);
	for (size_t i = 0; i < n; i++)
		orders |= 1U << b[i].order;
	for (unsigned order = 32; order-- > 0;)
		if (orders >> order & 1)
			draw_order(t, b, n, order);
	fprintf(t, "    %s█ free  ▒ used  ░ on a processor's list%s\n", dim(), plain());
	for (size_t i = 0; i < n; i++)
		fprintf(t, "    %8llx  order %-2u  %5llu frame%s  %s%s%s\n", b[i].first, b[i].order,
			1ULL << b[i].order, b[i].order ? "s" : " ", lab_state_name[b[i].state],
			b[i].note ? ", " : "", b[i].note ? b[i].note : "");
}

void lab_buddy(const char *title, const struct lab_block *b, size_t n)
{
	if (!n)
		return;
	draw_blocks(text_begin(), title, b, n);
	if (!text_end())
		return;
	json_begin("buddy", title);
	json_open("blocks", '[');
	for (size_t i = 0; i < n; i++) {
		json_open(NULL, '{');
		json_text("first", lab_f("%llx", b[i].first));
		json_number("order", b[i].order);
		json_text("state", lab_state_name[b[i].state]);
		json_text("note", b[i].note);
		json_close('}');
	}
	json_close(']');
	json_end();
}

/* Figures that are made of values: bit fields, walks, tables. Each as text, and as JSON of the same strings. */
#include "lab_impl.h"

#include <string.h>

/* ---- bit fields ---- */

/* A field as it is drawn. */
struct box {
	const char *bits, *name, *value, *means;
	int width;
};
enum { MAX_BOXES = 64 };

static struct box box_of(uint64_t value, const struct lab_field *f)
{
	const unsigned n = f->high - f->low + 1;
	const uint64_t v = n == 64 ? value : value >> f->low & ((1ULL << n) - 1);
	struct box b = { .name = f->name, .means = f->means };

	b.bits = f->high == f->low ? lab_f("%u", f->low) : lab_f("%u-%u", f->high, f->low);
	b.value = lab_f("%0*llx", (int)(n + 3) / 4, (unsigned long long)v);
	b.width = text_width(b.bits);
	if (text_width(b.name) > b.width)
		b.width = text_width(b.name);
	if (text_width(b.value) > b.width)
		b.width = text_width(b.value);
	return b;
}

/* The boxes of all bits; those of no field have "" for a name. */
static size_t boxes(struct box *out, uint64_t value, unsigned width, const struct lab_field *f,
		    size_t n)
{
	unsigned next = width; /* bits from here on are done */
	size_t nr = 0;

	for (size_t i = 0; i <= n && nr < MAX_BOXES - 1; i++) {
		const unsigned high = i < n ? f[i].high + 1 : 0;

		if (high < next)
			out[nr++] = box_of(value, &(struct lab_field){ "", next - 1, high, NULL });
		if (i < n) {
			out[nr++] = box_of(value, &f[i]);
			next = f[i].low;
		}
	}
	return nr;
}

static void rule(FILE *t, const struct box *b, size_t n, const char *left, const char *mid,
		 const char *right)
{
	fprintf(t, "    %s%s", dim(), left);
	for (size_t i = 0; i < n; i++) {
		text_repeat(t, "─", b[i].width + 2);
		fputs(i + 1 < n ? mid : right, t);
	}
	fprintf(t, "%s\n", plain());
}

enum cell { CELL_BITS, CELL_NAME, CELL_VALUE };

static void cells(FILE *t, const struct box *b, size_t n, enum cell which)
{
	const char *side = which == CELL_BITS ? " " : "│";

	fprintf(t, "    %s%s%s", dim(), side, plain());
	for (size_t i = 0; i < n; i++) {
		const char *s = which == CELL_BITS   ? b[i].bits
				: which == CELL_NAME ? b[i].name
						     : b[i].value;
		const int room = b[i].width - text_width(s);

		fprintf(t, " %s%*s%s%*s%s %s%s%s", which == CELL_VALUE ? bold() : dim(), room / 2,
			"", s, room - room / 2, "", plain(), dim(), side, plain());
	}
	fputc('\n', t);
}

static void draw_boxes(FILE *t, const struct box *b, size_t n)
{
	size_t from = 0, to;

	for (; from < n; from = to) {
		int width = 5;

		for (to = from; to < n && width + b[to].width + 3 <= LAB_COLUMNS; to++)
			width += b[to].width + 3;
		cells(t, b + from, to - from, CELL_BITS);
		rule(t, b + from, to - from, "┌", "┬", "┐");
		cells(t, b + from, to - from, CELL_NAME);
		cells(t, b + from, to - from, CELL_VALUE);
		rule(t, b + from, to - from, "└", "┴", "┘");
	}
}

static void draw_meanings(FILE *t, const struct box *b, size_t n)
{
	int name = 0, value = 0;

	for (size_t i = 0; i < n; i++) {
		if (!b[i].means)
			continue;
		name = text_width(b[i].name) > name ? text_width(b[i].name) : name;
		value = text_width(b[i].value) > value ? text_width(b[i].value) : value;
	}
	for (size_t i = 0; i < n; i++) {
		if (!b[i].means)
			continue;
		fputs("    ", t);
		text_padded(t, b[i].name, name + 1);
		fputs("= ", t);
		text_padded(t, b[i].value, value + 2);
		fprintf(t, "%s\n", b[i].means);
	}
}

void lab_bits(const char *title, uint64_t value, unsigned width, const struct lab_field *f,
	      size_t n)
{
	const char *whole = lab_f("%0*llx", (int)(width + 3) / 4, (unsigned long long)value);
	struct box b[MAX_BOXES];
	const size_t nr = boxes(b, value, width, f, n);
	FILE *t = text_begin();

	fprintf(t, "\n  %s%s%s: %s%s%s\n", bold(), title, plain(), color(0), whole, plain());
	draw_boxes(t, b, nr);
	draw_meanings(t, b, nr);
	if (!text_end())
		return;
	json_begin("bits", title);
	json_text("value", whole);
	json_number("width", width);
	json_open("fields", '[');
	for (size_t i = 0; i < nr; i++) {
		json_open(NULL, '{');
		json_text("name", b[i].name);
		json_text("bits", b[i].bits);
		json_text("value", b[i].value);
		json_text("means", b[i].means);
		json_close('}');
	}
	json_close(']');
	json_end();
}

/* ---- walks ---- */

static const char *level_bits(const struct lab_level *l)
{
	if (l->high < l->low)
		return "folded";
	return lab_f("bits %u-%u", l->high, l->low);
}

static void draw_level(FILE *t, const struct lab_walk *w, size_t i)
{
	const struct lab_level *l = &w->level[i];
	int index = 0, entry = 0;

	for (size_t k = 0; k < w->nr_levels; k++) {
		const struct lab_level *o = &w->level[k];

		index = text_width(o->index) > index ? text_width(o->index) : index;
		entry = text_width(o->entry) > entry ? text_width(o->entry) : entry;
	}
	fprintf(t, "    %*s%s└─%s ", (int)i * 2, "", dim(), plain());
	text_padded(t, l->name, 5 + 2 * ((int)w->nr_levels - (int)i - 1));
	text_padded(t, level_bits(l), 12);
	fprintf(t, "index %s%*s%s  entry %s%*s%s", bold(), index, l->index, plain(), color(0),
		entry, l->entry, plain());
	fprintf(t, "  %s\n", l->means ? l->means : "");
}

static void draw_walk(FILE *t, const char *title, const struct lab_walk *w)
{
	const int deep = (int)w->nr_levels * 2;

	text_title(t, title);
	fprintf(t, "    address %s%s%s\n", bold(), w->address, plain());
	for (size_t i = 0; i < w->nr_levels; i++)
		draw_level(t, w, i);
	fprintf(t, "    %*s%s└─%s ", deep, "", dim(), plain());
	if (!w->frame) {
		fputs("ends here: no frame\n", t);
		return;
	}
	fprintf(t, "frame %s%s%s, offset %s: physical address %s%s%s", bold(), w->frame, plain(),
		w->offset, bold(), w->phys, plain());
	if (w->value)
		fprintf(t, ", value there %s%s%s", bold(), w->value, plain());
	fputc('\n', t);
}

void lab_walk(const char *title, const struct lab_walk *w)
{
	draw_walk(text_begin(), title, w);
	if (!text_end())
		return;
	json_begin("walk", title);
	json_text("address", w->address);
	json_open("levels", '[');
	for (size_t i = 0; i < w->nr_levels; i++) {
		const struct lab_level *l = &w->level[i];

		json_open(NULL, '{');
		json_text("name", l->name);
		json_text("bits", level_bits(l));
		json_text("index", l->index);
		json_text("entry", l->entry);
		json_text("means", l->means);
		json_close('}');
	}
	json_close(']');
	json_text("frame", w->frame);
	json_text("offset", w->offset);
	json_text("phys", w->phys);
	json_text("value", w->value);
	json_end();
}

/* ---- tables ---- */

enum { MAX_COLUMNS = 16 };

/* Is a column below its heading short and begins with a digit in all rows? Then it stands to the right. */
static int is_numeric(const char *const *cell, size_t columns, size_t rows, size_t c)
{
	int any = 0;

	for (size_t r = 1; r < rows; r++) {
		const char *s = cell[r * columns + c];

		if (s && *s && (*s < '0' || *s > '9' || text_width(s) > 18))
			return 0;
		any |= s && *s;
	}
	return any;
}

static void draw_row(FILE *t, const char *const *cell, size_t columns, const int *width,
		     const int *right)
{
	fputs("    ", t);
	for (size_t c = 0; c < columns; c++) {
		const char *s = cell[c] ? cell[c] : "";

		if (right[c])
			fprintf(t, "%*s%s", width[c] - text_width(s), "", s);
		else if (c + 1 == columns)
			fputs(s, t);
		else
			text_padded(t, s, width[c]);
		if (c + 1 < columns)
			fputs("  ", t);
	}
}

static void draw_table(FILE *t, const char *title, size_t columns, const char *const *cell,
		       size_t rows)
{
	int width[MAX_COLUMNS] = { 0 }, right[MAX_COLUMNS] = { 0 };

	for (size_t c = 0; c < columns; c++) {
		right[c] = is_numeric(cell, columns, rows, c);
		for (size_t r = 0; r < rows; r++)
			if (text_width(cell[r * columns + c]) > width[c])
				width[c] = text_width(cell[r * columns + c]);
	}
	text_title(t, title);
	for (size_t r = 0; r < rows; r++) {
		fputs(r ? "" : dim(), t);
		draw_row(t, cell + r * columns, columns, width, right);
		fprintf(t, "%s\n", r ? "" : plain());
	}
}

void lab_table(const char *title, size_t columns, const char *const *cell, size_t rows)
{
	if (columns > MAX_COLUMNS)
		columns = MAX_COLUMNS;
	draw_table(text_begin(), title, columns, cell, rows);
	if (!text_end())
		return;
	json_begin("table", title);
	json_open("rows", '[');
	for (size_t r = 0; r < rows; r++) {
		json_open(NULL, '[');
		for (size_t c = 0; c < columns; c++)
			json_text(NULL, cell[r * columns + c] ? cell[r * columns + c] : "");
		json_close(']');
	}
	json_close(']');
	json_open("right", '[');
	for (size_t c = 0; c < columns; c++)
		json_number(NULL, (unsigned)is_numeric(cell, columns, rows, c));
	json_close(']');
	json_end();
}

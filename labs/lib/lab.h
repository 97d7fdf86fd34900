/*
 * Programs of labs: a story in steps and figures, as text and as JSON from the same strings; checks; answers to questions.
 * labs/README.md says how a lab is made of this.
 */
#ifndef LABS_LAB_H
#define LABS_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAB_MODULE_DIR "/lib/modules/6.1.0-mnemos" /* uname -r */
#define LAB_STUDENT    "/lab/student" /* the student's program, when ./mnemos grade has one */

struct tap_test;

struct lab {
	int number;
	const char *title;
	const char *const *modules; /* in the order of loading, NULL at the end; NULL: none */
	void (*show)(void);
	void (*answers)(void);		 /* NULL: no questions */
	const struct tap_test *checks;	 /* up to TEND */
	const struct tap_test *exercise; /* NULL: nothing to change */
	const char *const *files;	 /* what the modules make, NULL at the end; NULL: none */
};

int lab_main(int argc, char **argv, const struct lab *lab);

/* ---- text ---- */

#define LAB_PRINTF(n) __attribute__((format(printf, n, n + 1)))

/* A printf into a string that lives to the end of the program. */
LAB_PRINTF(1) const char *lab_f(const char *format, ...);
/* A chapter: its heading, and what happens now and why (NULL: nothing). */
LAB_PRINTF(2) void lab_step(const char *title, const char *format, ...);
LAB_PRINTF(1) void lab_note(const char *format, ...);
/* What could not be done; the program goes on and ends with status 1. */
LAB_PRINTF(1) void lab_failed(const char *format, ...);
/* Whether a story came to its end: without @error (NULL); otherwise that is what failed. */
bool lab_told(const char *error);

/* ---- figures ---- */

/* A value of @width bits as boxes. Fields from the highest to the lowest; bits of no field are drawn as such. */
struct lab_field {
	const char *name;
	unsigned high, low;
	const char *means; /* of the value it has; NULL: nothing to say */
};
void lab_bits(const char *title, uint64_t value, unsigned width, const struct lab_field *f,
	      size_t n);

/* The way of an address through the tables, from the top. */
enum { LAB_MAX_LEVELS = 5 };
struct lab_level {
	const char *name;
	unsigned high, low; /* bits of the address that are the index; high < low: a folded level */
	const char *index, *entry;
	const char *means; /* of the entry: its bits, where it leads */
};
struct lab_walk {
	const char *address;
	struct lab_level level[LAB_MAX_LEVELS];
	size_t nr_levels;
	const char *frame, *offset, *phys; /* NULL: it ended at the last level above */
	const char *value;		   /* found there; NULL: not looked at */
};
void lab_walk(const char *title, const struct lab_walk *w);

/* An address space; areas in rising order, end exclusive. */
enum lab_kind {
	LAB_CODE,
	LAB_DATA,
	LAB_HEAP,
	LAB_STACK,
	LAB_FILE,
	LAB_ANON,
	LAB_KERNEL,
	LAB_OTHER
};
struct lab_area {
	unsigned long long start, end;
	const char *name;
	enum lab_kind kind;
	const char *note;
};
void lab_strip(const char *title, const struct lab_area *a, size_t n);

/* Frames by owner, in rising order; what lies between runs is not drawn. */
struct lab_run {
	unsigned long long first, count;
	const char *owner, *note;
};
void lab_frames(const char *title, const struct lab_run *r, size_t n);

/* Blocks of a stretch of one zone, in rising order, without gaps. */
enum lab_state { LAB_FREE, LAB_USED, LAB_PCP /* on the list of a processor */ };
struct lab_block {
	unsigned long long first;
	unsigned order;
	enum lab_state state;
	const char *note;
};
void lab_buddy(const char *title, const struct lab_block *b, size_t n);

/* @rows rows of @columns cells; the first row is the heading. A cell of NULL is empty. */
void lab_table(const char *title, size_t columns, const char *const *cells, size_t rows);

/* ---- questions ---- */

/* The right answer, and where it is found. Base 10 or 16: how it is asked for and told. */
void lab_answer_number(const char *name, unsigned base, unsigned long long want, const char *where);
/* @want: "one|another way to say it". */
void lab_answer_word(const char *name, const char *want, const char *where);
/* Something of the student's own run: any number of that base will do. */
void lab_answer_given(const char *name, unsigned base, const char *where);
/* What the student gave for it; NULL: nothing. */
const char *lab_given(const char *name);
unsigned long long lab_given_number(const char *name, unsigned base, unsigned long long otherwise);

/* ---- modules ---- */

/* finit_module(2) of NAME.ko in LAB_MODULE_DIR, or where LAB_MODULES in the environment says. Return: 0, or -1 with errno. */
int lab_module_in(const char *name);
int lab_module_out(const char *name);

#endif

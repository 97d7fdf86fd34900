/* What the parts of labs/lib share: where text goes, and the JSON beside it. */
#ifndef LABS_LAB_IMPL_H
#define LABS_LAB_IMPL_H

#include "lab.h"

#include <stdio.h>

enum { LAB_COLUMNS = 96 };

extern int lab_wants_json, lab_wants_color;
extern const char *const lab_kind_name[], *const lab_state_name[];

/* The text of one item: standard output, or with --json a buffer that json_end puts beside the figures. */
FILE *text_begin(void);
/* Return: is there JSON to be written? */
int text_end(void);

void json_begin(const char *type, const char *title);
void json_text(const char *key, const char *s); /* NULL: null */
void json_number(const char *key, unsigned long long v);
void json_open(const char *key, char bracket); /* key NULL: within a list */
void json_close(char bracket);
void json_end(void);

/* Escape sequences when they are wanted, "" otherwise. */
const char *bold(void);
const char *dim(void);
const char *plain(void);
const char *color(unsigned n); /* one of LAB_NR_COLORS, by turns */
enum { LAB_NR_COLORS = 8 };

/* Columns that @s takes on a terminal. */
int text_width(const char *s);
/* @s and spaces up to @width columns. */
void text_padded(FILE *f, const char *s, int width);
void text_repeat(FILE *f, const char *s, int n);
/* Words in lines of LAB_COLUMNS, each after @indent spaces. */
void text_wrapped(FILE *f, const char *s, int indent);
void text_title(FILE *f, const char *title);
/* "132 KiB"; @rounded: down to a number of few digits. */
const char *text_size(unsigned long long bytes, int rounded);

#endif

/* Inside mm/aspace/frames.c: which page is in which frame, and which pages have ever been used. */
#ifndef MM_ASPACE_FRAMES_TABLE_H
#define MM_ASPACE_FRAMES_TABLE_H

#include "base/compiler.h"
#include "base/types.h"

enum { FRAME_NONE = UINT32_MAX };

/* So many frames, numbered from 0; a page is in one of them or in none. */
struct frame_table {
	unsigned long *page;		   /* of each frame that is taken */
	uint32_t *bucket, *next;	   /* frames by page; frames that are free, from @free on */
	uint32_t free, mask, nr, nr_taken; /* nr: i, mask: i */
};

int must_check frame_table_init(struct frame_table *t, uint32_t nr); /* 0, -ENOMEM */
void frame_table_end(struct frame_table *t);
uint32_t frame_of(const struct frame_table *t, unsigned long page); /* FRAME_NONE: in none */
uint32_t frame_take(struct frame_table *t);			    /* FRAME_NONE: none is free */
void frame_put_page(struct frame_table *t, uint32_t frame,
		    unsigned long page);		     /* into a taken one */
void frame_lose_page(struct frame_table *t, uint32_t frame); /* taken still */
void frame_free(struct frame_table *t, uint32_t frame);	     /* without a page */

/* Pages that have been used. */
struct page_set {
	unsigned long *slot; /* page + 1; 0: empty */
	size_t size, used;
};
/* Return: @page was not in it. Without memory for more it may be said again. */
bool page_set_add(struct page_set *s, unsigned long page);
void page_set_end(struct page_set *s);

#endif

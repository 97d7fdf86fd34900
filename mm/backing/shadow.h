/* Inside mm/backing: shadows of pages of files, in the index of their mapping. The theory is in shadow.c. */
#ifndef MM_BACKING_SHADOW_H
#define MM_BACKING_SHADOW_H

#include "mm/mapping.h"

void shadow_boot(void);
/* @page leaves its place to its shadow; m->lock held. nr_pages is the caller's. */
void shadow_put(struct address_space *m, const struct page *page);
/* The place of @page, new, has something: a shadow goes, @page is there instead. m->lock held. Return: it; 0: it is none. */
uint32_t shadow_take(struct address_space *m, struct page *page);
/* @page, new and on no list yet, had @shadow in its place. Any context. */
void shadow_refault(struct page *page, uint32_t shadow);
/* A page of @m has come, or left, at @index, and there are values, or was one; m->lock held. */
void shadow_page_came(struct address_space *m, unsigned long index);
void shadow_leaf_changed(struct address_space *m, unsigned long index);
/* A node of a mapping's index is about to be freed; m->lock held. */
void shadow_leaf_freed(void *node);
/* Would memory have had room for the page with shadow @value, if it came back now? */
bool shadow_is_recent(const void *value);
/* Shadows in a row from @index on, as far as @last, go; not more than fit under one lock. */
void shadows_drop(struct address_space *m, unsigned long index, unsigned long last);
/* Checker: are @m's leaves on the list that are to be? m->lock held. NULL: they are. */
const char *shadow_check(const struct address_space *m);

#endif

/* What pages.c gives to modules; shared by the files of module/ only. */
#ifndef MODULE_PAGES_H
#define MODULE_PAGES_H

#include "lib/string.h"
#include "module/page_view.h"
#include "sync/klog.h"

struct kmem_cache;
struct page;
struct pglist_data;
struct zone;

void *module_kmap(struct page *page);
void module_kunmap(struct page *page);
void *module_page_address(struct page *page);
struct page *module_vmalloc_to_page(const void *at);
bool module_is_vmalloc(const void *at);
struct pglist_data *module_next_node(const struct pglist_data *node);
struct pglist_data *module_node(int n);
struct zone *module_next_zone(struct zone *z);
struct zone *module_page_zone(const struct page *page);
void module_si_meminfo(struct sysinfo_view *s);
long module_get_pages(struct mm_view *view, unsigned long start, unsigned long n, unsigned flags,
		      struct page **pages);
void module_unpin_page(struct page *page);
struct page *module_follow_page(struct vma_view *vma, unsigned long addr);
int module_access_vm(struct mm_view *view, unsigned long addr, void *buf, int len, unsigned flags);
void module_get_page(struct page *page);
void module_put_page(struct page *page);
int module_page_count(struct page *page);
unsigned module_page_state(const struct page *page);
int module_trylock_page(struct page *page);
void module_set_dirty(struct page *page);
struct kmem_cache *module_cache_create(const char *name, size_t size, size_t align, unsigned flags,
				       void (*ctor)(void *obj));
void module_cache_destroy(struct kmem_cache *c);
unsigned module_cache_size(struct kmem_cache *c);

size_t module_kvsize(const void *p);

#endif

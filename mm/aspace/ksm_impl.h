/* Between the files of mm/aspace that merge pages: ksm.c (whom, when), ksm_tree.c (which are alike), ksm_merge.c (entries). */
#ifndef MM_ASPACE_KSM_IMPL_H
#define MM_ASPACE_KSM_IMPL_H

#include "lib/rbtree.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/ksm.h"
#include "sync/mutex.h"

/* A program whose pages are looked at. k: ksm_mutex; s: slots_lock */
struct ksm_slot {
	struct mm_struct *mm;	/* i: with a lazy reference */
	struct list_head link;	/* s */
	struct list_head items; /* k: by address */
};

enum ksm_state { KSM_NEW, KSM_UNSTABLE, KSM_STABLE };

/* A page of a program, by its address. k, but: l: ksm_lock */
struct ksm_item {
	struct list_head link; /* in slot->items */
	struct ksm_slot *slot;
	uaddr_t addr;
	uint32_t checksum; /* when it was looked at last */
	enum ksm_state state;
	union {
		struct { /* KSM_UNSTABLE */
			struct rb_node node;
			unsigned nid;
			unsigned long round; /* in the tree of that round */
		};
		struct {			  /* KSM_STABLE, l */
			struct list_head sharers; /* in stable->items */
			struct ksm_stable *stable;
			struct anon_vma *av; /* referenced: whose vmas may have the entry */
			unsigned long index; /* of the entry in these */
		};
	};
};

/* One shared page. It is not referenced: it goes with its last entry, and is then found to be another's. */
struct ksm_stable {
	struct list_head link; /* k: in group->pages */
	struct ksm_group *group;
	struct page *page;	/* l: another once it has moved */
	struct list_head items; /* l */
	unsigned nr;		/* l: of items */
};

/* All shared pages with the same contents. k */
struct ksm_group {
	struct rb_node node;
	struct list_head pages;
	unsigned nr, nid;
};

extern struct mutex ksm_mutex;	 /* scanning, trees, items */
extern struct spinlock ksm_lock; /* sharers of pages, and page->mapping becoming KSM's */
extern struct ksm_counts ksm_counts;
extern unsigned long ksm_round; /* of the unstable tree */

/* ---- ksm_tree.c; ksm_mutex held ---- */
void ksm_tree_boot(void);
unsigned ksm_nid(const struct page *page);
int ksm_compare(struct page *a, struct page *b);
uint32_t ksm_checksum(struct page *page);
/* The stable of a page that KSM shares; NULL: it is not. */
struct ksm_stable *ksm_stable_of(const struct page *page);
struct page *ksm_stable_page(const struct ksm_stable *s); /* with a reference; NULL: it is gone */
/* A shared page like @page that may have one sharer more, with a reference; @page itself if it is one. NULL: none. */
struct page *ksm_stable_search(struct page *page);
/* @stable is new and its page cannot change: among its like. Uses @group, or frees it. */
void ksm_stable_insert(struct ksm_stable *stable, struct ksm_group *group);
struct ksm_stable *ksm_stable_alloc(struct ksm_group **group);		  /* NULL: no memory */
void ksm_stable_free(struct ksm_stable *stable, struct ksm_group *group); /* not inserted */
void ksm_stable_prune(void); /* forget those whose page is gone */
bool ksm_stable_empty(void);
/* The item whose page is like @page, with that page and a reference; or @item is in the tree now. NULL: no such. */
struct ksm_item *ksm_unstable_search_insert(struct ksm_item *item, struct page *page,
					    struct page **other);
void ksm_unstable_remove(struct ksm_item *item);
void ksm_unstable_reset(void);

/* ---- ksm_merge.c; ksm_mutex held ---- */
/* Its program and vma with mmap_lock held for read, if it is still mergeable there. Return: NULL: not, nothing held. */
struct vm_area_struct *ksm_item_lock(struct ksm_item *item);
void ksm_item_unlock(struct ksm_item *item);
/* The first private page that may be merged in [*addr, end), its place in *addr, a reference. mmap_lock held. */
struct page *ksm_next_page(struct mm_struct *mm, uaddr_t *addr, uaddr_t end, bool merged_only);
struct page *ksm_item_page(struct ksm_item *item); /* with a reference; NULL: none any more */
/* The entry of @item shows @page, referenced: it is made @stable's. Return: done. */
bool ksm_make_stable(struct ksm_item *item, struct page *page, struct ksm_stable *stable);
/* It shows @kpage instead, if the contents are the same, and @item is one of its sharers. */
bool ksm_join(struct ksm_item *item, struct page *page, struct page *kpage);
bool ksm_join_zero(struct ksm_item *item, struct page *page); /* the page of zeroes instead */
void ksm_leave(struct ksm_item *item); /* it is no sharer any more; the entry stays */
/* Private copies of what is shared in [start, end). mmap_lock held. 0, -ENOMEM, -EINTR. */
int must_check ksm_break_range(struct vm_area_struct *vma, uaddr_t start, uaddr_t end);

static inline bool ksm_vma_mergeable(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_MERGEABLE) && vma->anon_vma && !vma->userfault;
}

#endif

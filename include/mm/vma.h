/* One mapping of an address space: struct vm_area_struct and its flags, Linux's names. */
#ifndef MM_VMA_H
#define MM_VMA_H

#include "lib/ivtree.h"
#include "pt_entry.h"

struct address_space;
struct anon_vma;
struct anon_vma_chain;
struct mempolicy;
struct mm_struct;
struct page;
struct userfault;
struct vm_area_struct;

/* vm_flags, Linux's values (the labs print them). */
enum {
	VM_READ = 0x1,
	VM_WRITE = 0x2,
	VM_EXEC = 0x4,
	VM_SHARED = 0x8,
	VM_MAYREAD = 0x10,
	VM_MAYWRITE = 0x20,
	VM_MAYEXEC = 0x40,
	VM_MAYSHARE = 0x80,
	VM_GROWSDOWN = 0x100,
	VM_UFFD_MISSING = 0x200,
	VM_PFNMAP = 0x400,
	VM_UFFD_WP = 0x1000,
	VM_LOCKED = 0x2000,
	VM_IO = 0x4000,
	VM_SEQ_READ = 0x8000,
	VM_RAND_READ = 0x10000,
	VM_DONTCOPY = 0x20000,
	VM_DONTEXPAND = 0x40000,
	VM_LOCKONFAULT = 0x80000,
	VM_ACCOUNT = 0x100000,
	VM_NORESERVE = 0x200000,
	VM_HUGETLB = 0x400000,
	VM_SYNC = 0x800000, /* MAP_SYNC, which MAP_SHARED ignores: shown, nothing else */
	VM_WIPEONFORK = 0x2000000,
	VM_DONTDUMP = 0x4000000,
	VM_SOFTDIRTY =
		0x8000000, /* all of it counts as written: it is new, or nobody has asked yet */
	VM_HUGEPAGE = 0x20000000,
	VM_NOHUGEPAGE = 0x40000000,
};

#define VM_MERGEABLE 0x80000000UL /* KSM may merge its pages */
/* userfaultfd: Linux's bit 37, where there is one. */
#define VM_UFFD_MINOR ((unsigned long)(sizeof(long) == 8 ? 1ULL << 37 : 0x800))
#define VM_UFFD_ANY   (VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)
/* mseal(2): nothing changes any more. 64-bit programs only, as Linux's bit 63. */
#define VM_SEALED ((unsigned long)(sizeof(long) == 8 ? 1ULL << 63 : 0))
enum {
	VM_SPECIAL = VM_IO | VM_DONTEXPAND | VM_PFNMAP, /* never merged, never locked */
	VM_LOCKED_ANY = VM_LOCKED | VM_LOCKONFAULT
};

struct fault_access; /* mm/fault.h */

/* A device mapping's own behaviour; files use their mapping instead. */
struct vma_ops {
	void (*open)(struct vm_area_struct *vma);
	void (*close)(struct vm_area_struct *vma);
	/*
	 * [from, to) of @vma, which has more and keeps it, is being unmapped; mmap_lock held for write. True: @vma is two from now on,
	 * and open is not called for the upper one. NULL: nothing.
	 */
	void (*parted)(struct vm_area_struct *vma, unsigned long from, unsigned long to, bool two);
	/* The page for @index with a reference, in *out. 0, -EAGAIN (look again) or -errno (SIGBUS). NULL: private anonymous memory all the same. */
	int (*fault)(struct vm_area_struct *vma, unsigned long index, struct fault_access access,
		     struct page **out);
	/* NULL, or false: as fault says. Else the frame for @index, with a descriptor or without: nobody counts the entry. */
	bool (*pfn)(struct vm_area_struct *vma, unsigned long index, unsigned long *out);
	/* A new mapping has its place; mmap_lock held for write. -errno: it is taken away again, without close. NULL: nothing. */
	int (*mapped)(struct vm_area_struct *vma);
	/*
	 * remap_file_pages(2) has put @vma in the place of others, open having been called before these were closed; mmap_lock held
	 * for write. -errno: without that it would be gone, so it is unmapped. NULL: nothing.
	 */
	int (*remapped)(struct vm_area_struct *vma);
	/* May @vma be cut at @addr, which lies in it? mmap_lock held for write. 0 or -errno. NULL: it may. */
	int (*may_split)(struct vm_area_struct *vma, unsigned long addr);
	/*
	 * Of a shared mapping, whose entries are made without the right to write then: may @index, which is mapped, be written? 0,
	 * -EAGAIN (look again) or -errno (SIGBUS). NULL: it may.
	 */
	int (*mkwrite)(struct vm_area_struct *vma, unsigned long index, struct fault_access access);
	const char *(*name)(struct vm_area_struct *vma);
	/* Of a device file: its device and inode number for /proc/PID/maps. NULL: no file. */
	void (*ident)(struct vm_area_struct *vma, unsigned *major, unsigned *minor,
		      unsigned long *ino);
};

struct vm_area_struct {
	unsigned long vm_start, vm_end; /* m: mmap_lock; [start, end) */
	struct mm_struct *vm_mm;	/* i */
	pte_t vm_page_prot;		/* m: rights of an entry that a read fault makes */
	unsigned long vm_flags;		/* m */
	unsigned long
		vm_pgoff; /* m: offset in the mapping, pages; anonymous: vm_start >> PAGE_SHIFT at birth */
	struct address_space *mapping; /* i: held; NULL for private anonymous */
	const struct vma_ops *vm_ops;  /* i: may be NULL */
	void *vm_private_data;
	struct mempolicy *vm_policy; /* m: mbind(2), mm/mempolicy.h; NULL: the thread's */
	struct userfault *userfault; /* m: not NULL exactly when VM_UFFD_* are set */
	uint32_t fault_next; /* hint, racy: number of the page after those of the last fault */
	uint8_t fault_run;   /* hint, racy: how many these might have been */
	bool populated; /* a: entries may have been set; false: there is nothing to unmap or copy */
	bool has_node;	/* i: i_mmap_node is there */
	/* Set with the first private page; p: mmap_lock for write, or for read and page_table_lock. */
	struct anon_vma *anon_vma;
	union {
		struct anon_vma_chain
			*anon_vma_chain;	  /* p: all anon_vmas it is in, the above first */
		struct vm_area_struct *next_gone; /* out of all trees, to be freed */
	};
	/* Last: a vma that never has a mapping has no memory for it. mapping->i_mmap_lock: in mapping->i_mmap. */
	struct ivtree_node i_mmap_node;
};

/* The page of its mapping that @addr shows. */
static inline unsigned long vma_index(const struct vm_area_struct *vma, uaddr_t addr)
{
	return vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
}

/* Is it asked which pages are written (clear_refs)? Then an entry that is not soft-dirty is not writable. */
static inline bool vma_tracks_writes(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & VM_SOFTDIRTY);
}

/* clear_refs 4: from now on what is written becomes soft-dirty; nothing else is, but for device memory. */
void mm_clear_soft_dirty(struct mm_struct *mm);

struct smaps_stat { /* bytes */
	unsigned long rss, pss, shared_clean, shared_dirty, private_clean, private_dirty,
		referenced, anonymous, lazyfree, locked, anon_huge, hugetlb_shared, hugetlb_private;
	unsigned long pss_dirty, pss_anon, pss_file, pss_shmem; /* parts of pss */
	unsigned long swap, swap_pss;
};
void vma_smaps(struct vm_area_struct *vma, struct smaps_stat *out); /* mmap_lock held for read */
/* "[heap]", "[stack]", file path, "" ; Return: length. mmap_lock held. */
size_t vma_name(struct vm_area_struct *vma, char *buf, size_t size);

#endif

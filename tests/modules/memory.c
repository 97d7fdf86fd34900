/* Pages, zones, caches, high memory, page tables: each seen in two ways that must agree. */
#include <linux/highmem.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/rbtree.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>
#include <linux/swap.h>
#include <linux/vmalloc.h>

#include <asm/io.h>
#include <asm/msr.h>

static int failures;
#define EXPECT(c)                                                                                  \
	do {                                                                                       \
		if (!(c)) {                                                                        \
			pr_err("memory: line %d: %s\n", __LINE__, #c);                             \
			failures++;                                                                \
		}                                                                                  \
	} while (0)

/* The frame that the page tables have for @addr, 4-level code as of before Linux 4.11; 0: none. */
static unsigned long walk_old(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte;
	unsigned long pfn;

	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return 0;
	pud = pud_offset(pgd, addr);
	if (pud_none(*pud) || pud_bad(*pud))
		return 0;
	pmd = pmd_offset(pud, addr);
	if (pmd_none(*pmd) || pmd_large(*pmd))
		return pmd_none(*pmd) ? 0 : pmd_pfn(*pmd) + pte_index(addr);
	pte = pte_offset_map(pmd, addr);
	pfn = pte_present(*pte) ? pte_pfn(*pte) : 0;
	pte_unmap(pte);
	return pfn;
}

/* The same with p4d. */
static unsigned long walk_new(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d = p4d_offset(pgd, addr);
	pud_t *pud = pud_offset(p4d, addr);
	pmd_t *pmd = pmd_offset(pud, addr);

	if (pgd_none(*pgd) || p4d_none(*p4d) || pud_none(*pud) || pmd_none(*pmd))
		return 0;
	if (pmd_large(*pmd))
		return pmd_pfn(*pmd) + pte_index(addr);
	return pte_pfn(*pte_offset_kernel(pmd, addr));
}

static void pages(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 2);
	unsigned long addr = __get_free_pages(GFP_KERNEL, 0);
	char *at = page_address(page), text[16];

	string_get_size(12345678, 512, STRING_UNITS_10, text, sizeof(text));
	EXPECT(!strcmp(text, "6.32 GB"));
	string_get_size(102399, 1, STRING_UNITS_2, text, sizeof(text));
	EXPECT(!strcmp(text, "100.0 KiB")); /* so on Linux 6.1, too */
	SetPageDirty(page);
	SetPageUptodate(page);
	EXPECT(PageDirty(page) && PageUptodate(page));
	ClearPageDirty(page);
	ClearPageUptodate(page);
	EXPECT(!PageDirty(page) && !PageUptodate(page));
	EXPECT(page_count(page) == 1);
	EXPECT(page_mapcount(page) == 0);
	EXPECT(virt_to_page(at) == page);
	EXPECT(pfn_to_page(page_to_pfn(page)) == page);
	EXPECT(page_to_pfn(page) % 4 == 0);
	EXPECT(pageblock_nr_pages == PMD_SIZE / PAGE_SIZE);
	EXPECT(gfp_zone(GFP_DMA) == ZONE_DMA && gfp_zone(GFP_KERNEL) == ZONE_NORMAL);
	EXPECT(gfp_zone(GFP_HIGHUSER_MOVABLE) == ZONE_MOVABLE);
	EXPECT(page_zonenum(page) <= gfp_zone(GFP_KERNEL));
	EXPECT(virt_to_phys(at) == page_to_phys(page));
	EXPECT(phys_to_virt(page_to_phys(page)) == at);
	EXPECT((unsigned long)__va(__pa(addr)) == addr);
	EXPECT(virt_addr_valid(at));
	EXPECT(pfn_valid(page_to_pfn(page)));
	EXPECT(!PageReserved(page) && !PageLRU(page) && !PageAnon(page) && !PageHighMem(page));
	EXPECT(!memchr_inv(at, 0, 4 * PAGE_SIZE));
	get_page(page);
	EXPECT(page_count(page) == 2);
	put_page(page);
	EXPECT(get_order(1) == 0 && get_order(4096) == 0 && get_order(4097) == 1);
	__free_pages(page, 2);
	free_pages(addr, 0);
	EXPECT(PageReserved(pfn_to_page(0)) || !pfn_valid(0));
}

static void high_memory_pages(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	char *at = kmap(page), *again;

	strcpy(at, "high");
	EXPECT(page_address(page) == at);
	again = kmap_atomic(page);
	EXPECT(!strcmp(again, "high"));
	kunmap_atomic(again);
	again = kmap(page);
	EXPECT(again == at);
	kunmap(page);
	kunmap(page);
	__free_page(page);
}

static void mapped_memory(void)
{
	char *v = vmalloc(3 * PAGE_SIZE), *both;
	struct page *two[2] = { alloc_page(GFP_KERNEL), alloc_page(GFP_KERNEL) };
	void *kv = kvmalloc(100000, GFP_KERNEL);

	strcpy(v + PAGE_SIZE, "second");
	EXPECT(is_vmalloc_addr(v) && !is_vmalloc_addr(page_address(two[0])));
	EXPECT(!strcmp(page_address(vmalloc_to_page(v + PAGE_SIZE)) ?: "second", "second"));
	EXPECT(vmalloc_to_pfn(v) == page_to_pfn(vmalloc_to_page(v)));
	both = vmap(two, 2, VM_MAP, PAGE_KERNEL);
	strcpy(both + PAGE_SIZE, "mapped");
	EXPECT(!strcmp(page_address(two[1]), "mapped"));
	EXPECT(walk_old(&init_mm, (unsigned long)both) == page_to_pfn(two[0]));
	EXPECT(walk_new(&init_mm, (unsigned long)both + PAGE_SIZE) == page_to_pfn(two[1]));
	vunmap(both);
	__free_page(two[0]);
	__free_page(two[1]);
	EXPECT(kv != NULL);
	kvfree(kv);
	vfree(v);
}

struct thing {
	int a, b;
	struct kref ref;
};

static int constructed, released;

static void make_thing(void *p)
{
	((struct thing *)p)->b = 7;
	constructed++;
}

static void release_thing(struct kref *ref)
{
	released += container_of(ref, struct thing, ref)->a;
}

static void caches(void)
{
	struct kmem_cache *c = kmem_cache_create("lab_things", sizeof(struct thing), 0,
						 SLAB_HWCACHE_ALIGN, make_thing);
	struct thing *t[40];
	EXPECT(kmalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR &&
	       krealloc(NULL, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
	kfree(ZERO_SIZE_PTR);
	EXPECT(ksize(ZERO_SIZE_PTR) == 0);

	EXPECT(c != NULL && kmem_cache_size(c) == sizeof(struct thing));
	for (int i = 0; i < 40; i++) {
		t[i] = kmem_cache_alloc(c, GFP_KERNEL);
		EXPECT(t[i]->b == 7);
		t[i]->a = 5;
	}
	EXPECT(constructed >= 40);
	kref_init(&t[0]->ref);
	kref_get(&t[0]->ref);
	EXPECT(kref_put(&t[0]->ref, release_thing) == 0);
	EXPECT(kref_put(&t[0]->ref, release_thing) == 1 && released == 5);
	for (int i = 0; i < 40; i++)
		kmem_cache_free(c, t[i]);
	kmem_cache_destroy(c);
}

static void zones(void)
{
	/* as Linux of that width numbers them */
	static const char *const names[] = { "DMA", "DMA32", "Normal", "Movable", "Device" },
				 *const narrow[] = { "DMA", "Normal", "HighMem", "Movable" };
	const char *const *name = IS_ENABLED(CONFIG_64BIT) ? names : narrow;
	unsigned long managed = 0, present = 0, nodes = 0, free = 0, blocks = 0, listed = 0,
		      buffer = 0, flags;
	struct pglist_data *node;
	struct list_head *pos;
	struct sysinfo si;
	struct zone *z;

	for_each_online_pgdat(node)
	{
		present += node->node_present_pages;
		nodes++;
		EXPECT(NODE_DATA(node->node_id) == node);
		EXPECT(node->nr_zones > 0 && node->nr_zones <= MAX_NR_ZONES);
	}
	EXPECT(nodes == (unsigned long)num_online_nodes());
	EXPECT(MAX_NR_ZONES ==
	       (IS_ENABLED(CONFIG_ZONE_DMA32) ? 3 : 2) +
		       (IS_ENABLED(CONFIG_HIGHMEM) + IS_ENABLED(CONFIG_ZONE_DEVICE)) + 1);
	for_each_zone (z) {
		EXPECT(zone_idx(z) < MAX_NR_ZONES && !strcmp(z->name, name[zone_idx(z)]));
		EXPECT(z == &z->zone_pgdat->node_zones[zone_idx(z)]);
		if (!populated_zone(z))
			continue;
		present -= z->present_pages;
		managed += zone_managed_pages(z);
		free += zone_page_state(z, NR_FREE_PAGES);
		if (strcmp(z->name, "HighMem") && strcmp(z->name, "Movable"))
			buffer += zone_managed_pages(z) - high_wmark_pages(z);
		EXPECT(z->spanned_pages >= z->present_pages);
		EXPECT(zone_end_pfn(z) == z->zone_start_pfn + z->spanned_pages);
		EXPECT(min_wmark_pages(z) <= low_wmark_pages(z));
		EXPECT(low_wmark_pages(z) <= high_wmark_pages(z));
		EXPECT(page_zone(pfn_to_page(z->zone_start_pfn)) == z);
		spin_lock_irqsave(&z->lock, flags);
		for (int order = 0; order < MAX_ORDER; order++) {
			blocks += z->free_area[order].nr_free;
			for (int t = 0; t < MIGRATE_TYPES; t++)
				list_for_each (pos, &z->free_area[order].free_list[t]) {
					struct page *p = list_entry(pos, struct page, lru);

					listed++;
					if (!PageBuddy(p) || p->private != (unsigned long)order)
						failures++;
				}
		}
		spin_unlock_irqrestore(&z->lock, flags);
	}
	EXPECT(present == 0);
	EXPECT(blocks == listed && blocks > 0);
	si_meminfo(&si);
	EXPECT(si.totalram == managed && si.totalram == totalram_pages());
	EXPECT(si.mem_unit == PAGE_SIZE);
	EXPECT(free > 0 && free <= managed);
	EXPECT(nr_free_buffer_pages() == buffer);
}

/* ---- trees and lists ---- */

struct node {
	struct rb_node rb;
	struct hlist_node hash;
	int key;
};

static void insert(struct rb_root *root, struct node *n)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = n->key < rb_entry(parent, struct node, rb)->key ? &parent->rb_left
								       : &parent->rb_right;
	}
	rb_link_node(&n->rb, parent, link);
	rb_insert_color(&n->rb, root);
}

static void trees(void)
{
	struct node *nodes = kcalloc(100, sizeof(*nodes), GFP_KERNEL), *n;
	struct hlist_head buckets[8];
	struct rb_root root = RB_ROOT;
	struct rb_node *at;
	int last = -1, count = 0;

	for (int i = 0; i < 8; i++)
		INIT_HLIST_HEAD(&buckets[i]);
	for (int i = 0; i < 100; i++) {
		nodes[i].key = i * 37 % 101;
		insert(&root, &nodes[i]);
		hlist_add_head(&nodes[i].hash, &buckets[nodes[i].key % 8]);
	}
	for (int i = 0; i < 100; i += 3)
		rb_erase(&nodes[i].rb, &root);
	for (at = rb_first(&root); at; at = rb_next(at), count++) {
		EXPECT(rb_entry(at, struct node, rb)->key > last);
		last = rb_entry(at, struct node, rb)->key;
	}
	EXPECT(count == 66);
	for (at = rb_last(&root); at; at = rb_prev(at))
		count--;
	EXPECT(count == 0);
	for (int i = 0; i < 8; i++)
		hlist_for_each_entry(n, &buckets[i], hash)
		{
			EXPECT(n->key % 8 == i);
			count++;
		}
	EXPECT(count == 100);
	kfree(nodes);
}

static void text(void)
{
	char word[16], cut[] = "a,b,,c", *s = cut;
	int a, n, parts = 0;
	unsigned long x;
	u8 small;
	bool flag;
	u64 wide = 1000000007ULL * 1000;

	EXPECT(sscanf("pid 42 0x1f name rest", "pid %d %lx %15s", &a, &x, word) == 3);
	EXPECT(a == 42 && x == 0x1f && !strcmp(word, "name"));
	EXPECT(sscanf("7:abc!", "%*d:%[a-z]%n", word, &n) == 1 && n == 5);
	EXPECT(sscanf("nothing", "%d", &a) == 0);
	while (strsep(&s, ","))
		parts++;
	EXPECT(parts == 4);
	EXPECT(kstrtou8("256", 10, &small) == -ERANGE && kstrtou8("255\n", 0, &small) == 0);
	EXPECT(kstrtobool("yes", &flag) == 0 && flag && kstrtobool("?", &flag) == -EINVAL);
	EXPECT(strcasecmp("AbC", "aBc") == 0 && strncasecmp("AbX", "aBc", 2) == 0);
	EXPECT(do_div(wide, 1000) == 0 && wide == 1000000007ULL);
	EXPECT(int_sqrt(1000000) == 1000 && ilog2(4096) == 12 && roundup_pow_of_two(5) == 8);
	EXPECT(hweight32(0xf0f0) == 8 && fls(0x80) == 8 && __ffs(0x80) == 7);
}

/* ---- processors ---- */

static unsigned long seen;

static void note_cpu(void *bits)
{
	set_bit(smp_processor_id(), (unsigned long *)bits);
	EXPECT(irqs_disabled());
}

static void processors(void)
{
	unsigned int eax, ebx, ecx, edx, cpu;

	on_each_cpu(note_cpu, &seen, 1);
	for_each_online_cpu (cpu)
		EXPECT(test_bit(cpu, &seen));
	EXPECT(hweight_long(seen) == num_online_cpus());
	cpuid(0, &eax, &ebx, &ecx, &edx);
	EXPECT(eax >= 1);
	EXPECT((read_cr0() & 0x80000001) == 0x80000001);
	EXPECT(rdtsc_ordered() != 0);
	EXPECT(sizeof(long) == 4 || (native_read_msr(MSR_EFER) & 0x500) == 0x500);
}

static int __init memory_init(void)
{
	pages();
	high_memory_pages();
	mapped_memory();
	caches();
	zones();
	trees();
	text();
	processors();
	pr_info("memory: %d failures\n", failures);
	return failures ? -EINVAL : 0;
}

static void __exit memory_exit(void)
{
}

module_init(memory_init);
module_exit(memory_exit);
MODULE_LICENSE("GPL");

/*
 * The client side of 9P: messages under way, fids.
 *
 *   begin ── a free slot ── fields ── send ──> channel ──> server
 *                                   answered <── interrupt <── result, fields of the answer ── end: the slot is free
 *
 * OWNS     struct p9_client of each channel that is mounted; its slots, each with room for a message and an answer; which fids
 *          are in use.
 * WHY      the memory of all messages is got at the mount: pages are written back when memory is short. Bytes of files are not copied:
 *          the device reads and writes the page itself.
 * I1       a slot is free or belongs to one request; its number is the tag of that.
 * I2       a fid is in the map from before the server hears of it until it has forgotten it.
 * I3       what the server sends is believed within the bytes that came (p9_wire.c).
 * LOCKS    channel->lock (irqsave) for slots and sending; fid_lock.
 * CONTEXT  threads; may sleep. p9_answered, p9_req_end: any.
 * FAILS    -ENOMEM at the mount, -ENFILE (fids), -EIO, what the server says. A request that is not answered is waited for.
 * SOURCES  9P2000.L.   TESTED BY  tests/guest/disk_share.c, p9_wire_test.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "p9_impl.h"
#include "sync/failpoint.h"

/* PAGE_ANSWER: what comes before a page, or instead of it: a count, an error. */
enum { SLOT_ORDER = 1, LONG_BITS = sizeof(long) * 8, PAGE_ANSWER = P9_HEADER + 4 };
_Static_assert(P9_MSIZE == PAGE_SIZE << SLOT_ORDER, "a message has its pages");

static struct spinlock channels_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head channels = LIST_HEAD_INIT(channels);

void p9_channel_add(struct p9_channel *c)
{
	spin_init(&c->lock, RANK_OBJECT);
	spin_lock(&channels_lock);
	list_add_tail(&c->link, &channels);
	spin_unlock(&channels_lock);
}

/* ---- slots ---- */

static struct p9_req *slot_take(struct p9_client *c)
{
	irqflags_t flags = spin_lock_irqsave(&c->channel->lock);
	struct p9_req *found = NULL;

	for (unsigned i = 0; i < P9_SLOTS && !found; i++) {
		if (!c->reqs[i].busy)
			found = &c->reqs[i];
	}
	if (found)
		found->busy = true;
	spin_unlock_irqrestore(&c->channel->lock, flags);
	return found;
}

struct p9_req *p9_req_begin(struct p9_client *c, enum p9_type type)
{
	struct p9_req *r;

	wait_event(&c->wait, (r = slot_take(c)) != NULL);
	r->type = type;
	r->page = NULL;
	r->done = NULL;
	r->out.size = r->in.size = P9_MSIZE;
	p9_begin(&r->out, type, type == P9_VERSION ? P9_NOTAG : r->slot);
	return r;
}

void p9_req_end(struct p9_req *r)
{
	struct p9_client *c = r->client;
	irqflags_t flags = spin_lock_irqsave(&c->channel->lock);

	r->busy = false;
	spin_unlock_irqrestore(&c->channel->lock, flags);
	waitq_wake_all(&c->wait);
}

/* ---- sending ---- */

void p9_req_page(struct p9_req *r, struct page *page, uint32_t len, bool from_server)
{
	r->page = page;
	r->page_len = len;
	r->from_server = from_server;
	r->in.size = PAGE_ANSWER;
}

static unsigned pieces(const struct p9_req *r, struct p9_piece *p)
{
	phys_t pa = r->page ? (phys_t)page_to_pfn(r->page) << PAGE_SHIFT : 0;
	unsigned n = 0;

	p[n++] = (struct p9_piece){ virt_to_phys(r->out.data), r->out.at, false };
	if (r->page && !r->from_server)
		p[n++] = (struct p9_piece){ pa, r->page_len, false };
	p[n++] = (struct p9_piece){ virt_to_phys(r->in.data), r->in.size, true };
	if (r->page && r->from_server)
		p[n++] = (struct p9_piece){ pa, r->page_len, true };
	return n;
}

void p9_req_send(struct p9_req *r)
{
	struct p9_channel *ch = r->client->channel;
	struct p9_piece p[P9_PIECES];
	irqflags_t flags;
	unsigned n;

	p9_end(&r->out, r->page && !r->from_server ? r->page_len : 0);
	n = pieces(r, p);
	r->answered = false;
	flags = spin_lock_irqsave(&ch->lock);
	ch->send(ch, r->slot, p, n);
	spin_unlock_irqrestore(&ch->lock, flags);
}

int p9_req_result(struct p9_req *r)
{
	return p9_check(&r->in, r->got, r->type, r->type == P9_VERSION ? P9_NOTAG : r->slot);
}

int p9_req_call(struct p9_req *r)
{
	if (r->out.bad)
		return -ENAMETOOLONG;
	p9_req_send(r);
	wait_event(&r->client->wait, __atomic_load_n(&r->answered, __ATOMIC_ACQUIRE));
	return p9_req_result(r);
}

void p9_answered(struct p9_channel *ch, unsigned slot, uint32_t len)
{
	struct p9_client *c = READ_ONCE(ch->client);
	struct p9_req *r = c && slot < P9_SLOTS ? &c->reqs[slot] : NULL;

	if (!r || !READ_ONCE(r->busy))
		return;
	r->got = len;
	if (r->done) {
		r->done(r);
		return;
	}
	__atomic_store_n(&r->answered, true, __ATOMIC_RELEASE);
	waitq_wake_all(&c->wait);
}

/* ---- fids ---- */

int p9_fid_new(struct p9_client *c, uint32_t *out)
{
	int err = -ENFILE;

	spin_lock(&c->fid_lock);
	for (unsigned n = 0; n < P9_FIDS && err; n++) {
		unsigned i = (c->fid_hint + n) % P9_FIDS;
		unsigned long *word = &c->fids[i / LONG_BITS], bit = 1UL << i % LONG_BITS;

		if (*word & bit)
			continue;
		*word |= bit;
		c->fid_hint = i + 1;
		*out = i;
		err = 0;
	}
	spin_unlock(&c->fid_lock);
	return err;
}

void p9_fid_forget(struct p9_client *c, uint32_t fid)
{
	spin_lock(&c->fid_lock);
	c->fids[fid / LONG_BITS] &= ~(1UL << fid % LONG_BITS);
	spin_unlock(&c->fid_lock);
}

void p9_fid_clunk(struct p9_client *c, uint32_t fid)
{
	if (fid == P9_NOFID)
		return;
	(void)!p9_simple(c, P9_CLUNK, "d", fid); /* the server forgets it in any case */
	p9_fid_forget(c, fid);
}

int p9_simple(struct p9_client *c, enum p9_type type, const char *letters, ...)
{
	struct p9_req *r = p9_req_begin(c, type);
	va_list ap;
	int err;

	va_start(ap, letters);
	p9_vput(&r->out, letters, ap);
	va_end(ap);
	err = p9_req_call(r);
	p9_req_end(r);
	return err;
}

int p9_walk(struct p9_client *c, uint32_t fid, const struct p9_str *name, uint32_t *out)
{
	uint32_t new;
	uint16_t nr;
	struct p9_req *r;
	int err = p9_fid_new(c, &new);

	if (err)
		return err;
	r = p9_req_begin(c, P9_WALK);
	p9_put(&r->out, name ? "ddws" : "ddw", fid, new, name ? 1 : 0, name);
	err = p9_req_call(r);
	if (!err)
		err = p9_get(&r->in, "w", &nr);
	if (!err && nr != (name ? 1 : 0))
		err = -ENOENT; /* the server does not have the fid */
	p9_req_end(r);
	if (err)
		p9_fid_forget(c, new);
	else
		*out = new;
	return err;
}

int p9_open(struct p9_client *c, uint32_t fid, unsigned flags, uint32_t *out)
{
	uint32_t new;
	int err = p9_walk(c, fid, NULL, &new);

	if (err)
		return err;
	err = p9_simple(c, P9_LOPEN, "dd", new, (uint32_t)flags);
	if (err)
		p9_fid_clunk(c, new);
	else
		*out = new;
	return err;
}

/* ---- life ---- */

static struct p9_channel *channel_claim(const char *tag, struct p9_client *c, int *err)
{
	struct p9_channel *ch, *found = NULL;

	*err = -ENOENT;
	spin_lock(&channels_lock);
	list_for_each_entry (ch, &channels, link) {
		if (strcmp(ch->tag, tag) != 0)
			continue;
		*err = ch->client ? -EBUSY : 0;
		if (!*err) {
			found = ch;
			WRITE_ONCE(ch->client, c);
		}
		break;
	}
	spin_unlock(&channels_lock);
	return found;
}

static int slots_alloc(struct p9_client *c)
{
	for (unsigned i = 0; i < P9_SLOTS; i++) {
		struct p9_req *r = &c->reqs[i];

		r->client = c;
		r->slot = i;
		r->out.data = failpoint("p9_slot")
				      ? NULL
				      : (uint8_t *)__get_free_pages(GFP_KERNEL, SLOT_ORDER);
		r->in.data = failpoint("p9_slot")
				     ? NULL
				     : (uint8_t *)__get_free_pages(GFP_KERNEL, SLOT_ORDER);
		if (!r->out.data || !r->in.data)
			return -ENOMEM;
	}
	c->fids = failpoint("p9_fids") ? NULL : kzalloc(P9_FIDS / 8, GFP_KERNEL);
	return c->fids ? 0 : -ENOMEM;
}

void p9_client_close(struct p9_client *c)
{
	if (c->channel) {
		spin_lock(&channels_lock);
		WRITE_ONCE(c->channel->client, NULL);
		spin_unlock(&channels_lock);
	}
	for (unsigned i = 0; i < P9_SLOTS; i++) {
		if (c->reqs[i].out.data)
			free_pages((unsigned long)c->reqs[i].out.data, SLOT_ORDER);
		if (c->reqs[i].in.data)
			free_pages((unsigned long)c->reqs[i].in.data, SLOT_ORDER);
	}
	kfree(c->fids);
	kfree(c);
}

/* Both sides agree on the version and on how long messages are; the server forgets all fids. */
static int say_version(struct p9_client *c)
{
	static const struct p9_str version = { "9P2000.L", 8 };
	struct p9_req *r = p9_req_begin(c, P9_VERSION);
	struct p9_str its;
	uint32_t msize;
	int err;

	p9_put(&r->out, "ds", (uint32_t)P9_MSIZE_SAID, &version);
	err = p9_req_call(r);
	if (!err)
		err = p9_get(&r->in, "ds", &msize, &its);
	if (!err && (its.len != version.len || memcmp(its.s, version.s, its.len) != 0 ||
		     msize < P9_MSIZE)) /* pages, and names of any length, fit in */
		err = -EPROTONOSUPPORT;
	p9_req_end(r);
	return err;
}

int p9_client_open(const char *tag, struct p9_client **out)
{
	struct p9_client *c = failpoint("p9_client") ? NULL : kzalloc(sizeof(*c), GFP_KERNEL);
	int err;

	if (!c)
		return -ENOMEM;
	waitq_init(&c->wait);
	spin_init(&c->fid_lock, RANK_OBJECT);
	err = slots_alloc(c);
	if (!err)
		c->channel = channel_claim(tag, c, &err);
	if (!err)
		err = say_version(c);
	if (err)
		p9_client_close(c);
	else
		*out = c;
	return err;
}

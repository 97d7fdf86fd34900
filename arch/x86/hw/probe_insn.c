/*
 * Instructions of kernel code: how long they are, and how to run one somewhere else.
 *
 *	[prefixes] [REX] opcode (1, 0F x, 0F 38 x, 0F 3A x) [ModRM [SIB] [displacement]] [immediate]
 *
 * WHY      a breakpoint stands where an instruction was. That one is copied; an address relative to it is made anew for the
 *          copy; jumps and calls, whose copies would go elsewhere, are done by hand.
 * I1       what is not known is refused, never guessed: the tables have 'x' for it. The kernel has no vector instructions.
 * CONTEXT  any; pure but for probe_allowed, which is image.c's matter.
 * FAILS    length 0, -EINVAL.
 * SOURCES  SDM volume 2, "Instruction Format", appendix A "Opcode Map".   TESTED BY  probe_insn_test.c, module_api (guest)
 */
#include "arch/probe.h"

#include "base/errno.h"
#include "lib/string.h"

enum { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A };

struct insn {
	unsigned char len, map, op, modrm, disp_at, disp_size;
	bool has_modrm, opsize16, addrsize, rexw;
	bool rip; /* the displacement counts from the next instruction */
};

/*
 * By opcode: - nothing follows; M ModRM; b w z v immediates of 1, 2, 2 or 4, 2 or 4 or 8 bytes; B Z ModRM and b, z; a an
 * address; f a far one; e enter's; G H the groups whose first two have b, z; p prefix; x refused.
 */
static const char one_byte[] =
	"MMMMbz--MMMMbz-xMMMMbz--MMMMbz--MMMMbzp-MMMMbzp-MMMMbzp-MMMMbzp-" /* 00-3f */
	"--------------------------------xxxMppppzZbB----"		   /* 40-6f */
	"bbbbbbbbbbbbbbbbBZBBMMMMMMMMMMMM----------f-----"		   /* 70-9f */
	"aaaa----bz------bbbbbbbbvvvvvvvvBBw-xxBZe-w--b--"		   /* a0-cf */
	"MMMMbb--MMMMMMMMbbbbbbbbzzfb----p-pp--GH------MM";		   /* d0-ff */
static const char two_bytes[] =
	"MMMMx-----x-xM-xMMMMMMMMMMMMMMMMMMMMxxxxMMMMMMMM------x-xxxxxxxx"  /* 00-3f */
	"MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMBBBBMMM-MMxxMMMM"  /* 40-7f */
	"zzzzzzzzzzzzzzzzMMMMMMMMMMMMMMMM---MBMxx---MBMMMMMMMMMMMMMBMMMMM"  /* 80-bf */
	"MMBMBBBM--------MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM"; /* c0-ff */
/* One-byte opcodes that 64-bit code does not have. */
static bool not_wide(unsigned op)
{
	return (op < 0x40 && ((op & 7) == 6 || (op & 7) == 7) && (op & 0xe7) != 0x26) ||
	       (op & 0xfe) == 0x60 || op == 0x82 || op == 0x9a || op == 0xce || op == 0xd4 ||
	       op == 0xd5 || op == 0xd6 || op == 0xea;
}

static bool prefix(struct insn *i, unsigned char c, bool wide)
{
	switch (c) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0xf0:
	case 0xf2:
	case 0xf3:
		return true;
	case 0x66:
		i->opsize16 = true;
		return true;
	case 0x67:
		i->addrsize = true;
		return wide; /* 16-bit addresses: refused below */
	}
	return false;
}

/* ModRM at @p: what it and its followers take. */
static unsigned modrm_size(struct insn *i, const unsigned char *p, unsigned at, bool wide)
{
	const unsigned mod = *p >> 6, rm = *p & 7;
	unsigned n = 1;

	i->modrm = *p;
	i->has_modrm = true;
	if (mod == 3)
		return n;
	if (rm == 4) {
		n++;
		if (mod == 0 && (p[1] & 7) == 5)
			i->disp_size = 4;
	}
	if (mod == 1)
		i->disp_size = 1;
	else if (mod == 2 || (mod == 0 && rm == 5))
		i->disp_size = 4;
	i->rip = wide && mod == 0 && rm == 5;
	i->disp_at = (unsigned char)(at + n);
	return n + i->disp_size;
}

static unsigned imm_size(const struct insn *i, char kind, bool wide)
{
	const unsigned z = i->opsize16 && !i->rexw ? 2 : 4, reg = i->modrm >> 3 & 7;

	switch (kind) {
	case 'b':
	case 'B':
		return 1;
	case 'w':
		return 2;
	case 'z':
	case 'Z':
		return z;
	case 'v':
		return i->rexw ? 8 : z;
	case 'a':
		return wide && !i->addrsize ? 8 : 4;
	case 'f':
		return z + 2;
	case 'e':
		return 3;
	case 'G':
		return reg < 2 ? 1 : 0;
	case 'H':
		return reg < 2 ? z : 0;
	}
	return 0;
}

/* The opcode at p[n]. Return: its letter; *at: behind it. */
static char opcode(struct insn *i, const unsigned char *p, unsigned *at, bool wide)
{
	unsigned n = *at;
	char kind;

	if (p[n] != 0x0f) {
		i->map = MAP_ONE;
		i->op = p[n];
		kind = wide && not_wide(i->op) ? 'x' : one_byte[i->op];
	} else if (p[n + 1] == 0x38 || p[n + 1] == 0x3a) {
		i->map = p[++n] == 0x38 ? MAP_0F38 : MAP_0F3A;
		i->op = p[++n];
		kind = i->map == MAP_0F38 ? 'M' : 'B';
	} else {
		i->map = MAP_0F;
		i->op = p[++n];
		kind = two_bytes[i->op];
	}
	*at = n + 1;
	return kind;
}

/* @p has PROBE_INSN_MAX + 8 bytes that may be read. */
static bool decode(struct insn *i, const unsigned char *p, bool wide)
{
	unsigned n = 0;
	char kind;

	*i = (struct insn){ 0 };
	while (n < PROBE_INSN_MAX && prefix(i, p[n], wide))
		n++;
	if (wide && (p[n] & 0xf0) == 0x40)
		i->rexw = p[n++] & 8;
	kind = opcode(i, p, &n, wide);
	if (kind == 'x' || kind == 'p' || (i->addrsize && !wide))
		return false;
	if (strchr("MBZGH", kind))
		n += modrm_size(i, p + n, n, wide);
	n += imm_size(i, kind, wide);
	i->len = (unsigned char)n;
	return n <= PROBE_INSN_MAX;
}

static bool decode_at_most(struct insn *i, const unsigned char *p, unsigned n, bool wide)
{
	unsigned char room[PROBE_INSN_MAX + 8] = { 0 };

	memcpy(room, p, min_of(unsigned, n, PROBE_INSN_MAX));
	return decode(i, room, wide) && i->len <= n;
}

unsigned probe_insn_length(const unsigned char *p, unsigned n, bool wide)
{
	struct insn i;

	return decode_at_most(&i, p, n, wide) ? i.len : 0;
}

/* ---- elsewhere ---- */

/* Masks interrupts for one instruction, traps, stops, returns from interrupts, loops, goes far, calls through memory. */
static bool is_refused(const struct insn *i)
{
	static const unsigned char one[] = { 0x17, 0x9a, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf,
					     0xe0, 0xe1, 0xe2, 0xe3, 0xea, 0xf1, 0xf4 },
				   two[] = { 0x05, 0x07, 0x0b, 0x34, 0x35, 0xaa, 0xb9, 0xff };
	const unsigned reg = i->modrm >> 3 & 7;

	if (i->map == MAP_0F)
		return memchr(two, i->op, sizeof(two));
	if (i->map != MAP_ONE)
		return false;
	return memchr(one, i->op, sizeof(one)) || (i->op == 0x8e && reg == 2) ||
	       (i->op == 0xff && (reg == 2 || reg == 3 || reg == 5));
}

static kaddr_t relative(const struct probe_insn *o, const unsigned char *bytes, unsigned size)
{
	int32_t d;

	if (size == 1)
		return o->next + (kaddr_t)(long)(signed char)bytes[o->len - 1];
	memcpy(&d, bytes + o->len - 4, 4);
	return o->next + (kaddr_t)(long)d;
}

/* Jumps and calls: @o is complete. False: it is none. */
static bool make_jump(struct probe_insn *o, const struct insn *i, const unsigned char *bytes)
{
	const bool one = i->map == MAP_ONE, two = i->map == MAP_0F;
	const bool shorter = one && (i->op == 0xeb || (i->op & 0xf0) == 0x70);

	if (!shorter && !(one && (i->op & 0xfe) == 0xe8) && !(two && (i->op & 0xf0) == 0x80))
		return false;
	o->target = relative(o, bytes, shorter ? 1 : 4);
	o->cond = i->op & 15;
	o->kind = one && i->op == 0xe8		  ? PROBE_CALL
		  : one && (i->op & 0xf0) == 0xe0 ? PROBE_GO
						  : PROBE_COND;
	return true;
}

static int make_call(struct probe_insn *o)
{
	const int32_t back = (int32_t)o->next;

	if ((kaddr_t)(long)back != o->next && sizeof(long) == 8)
		return -EINVAL;
	o->slot[0] = 0x68; /* push, sign-extended */
	memcpy(o->slot + 1, &back, 4);
	o->slot[5] = PROBE_BREAKPOINT;
	return 0;
}

static int make_copy(struct probe_insn *o, const struct insn *i, const unsigned char *bytes,
		     long moved)
{
	int32_t d;

	memcpy(o->slot, bytes, o->len);
	o->slot[o->len] = PROBE_BREAKPOINT;
	if (i->map == MAP_ONE &&
	    (i->op == 0xc2 || i->op == 0xc3 || (i->op == 0xff && (i->modrm >> 3 & 7) == 4)))
		o->kind = PROBE_LEAVE;
	if (!i->rip)
		return 0;
	memcpy(&d, bytes + i->disp_at, 4);
	if ((int32_t)(d + moved) != d + moved)
		return -EINVAL;
	d += (int32_t)moved;
	memcpy(o->slot + i->disp_at, &d, 4);
	return 0;
}

int probe_insn_make(struct probe_insn *o, const unsigned char *bytes, kaddr_t at, kaddr_t slot,
		    bool wide)
{
	struct insn i;

	if (!decode_at_most(&i, bytes, PROBE_INSN_MAX, wide) || is_refused(&i))
		return -EINVAL;
	*o = (struct probe_insn){ .kind = PROBE_RUN, .len = i.len, .next = at + i.len };
	if (!make_jump(o, &i, bytes))
		return make_copy(o, &i, bytes, (long)(at - slot));
	if (i.opsize16)
		return -EINVAL;
	return o->kind == PROBE_CALL ? make_call(o) : 0;
}

/* Of the sixteen conditions every odd one is the one before, not. */
static noprobe bool condition(unsigned cond, unsigned long flags)
{
	const bool carry = flags & 1, parity = flags & 4, zero = flags & 0x40, sign = flags & 0x80,
		   over = flags & 0x800;
	bool is = false;

	switch (cond >> 1) {
	case 0:
		is = over;
		break;
	case 1:
		is = carry;
		break;
	case 2:
		is = zero;
		break;
	case 3:
		is = carry || zero;
		break;
	case 4:
		is = sign;
		break;
	case 5:
		is = parity;
		break;
	case 6:
		is = sign != over;
		break;
	case 7:
		is = zero || sign != over;
		break;
	}
	return is != (cond & 1);
}

noprobe kaddr_t probe_insn_next(const struct probe_insn *i, unsigned long flags)
{
	return i->kind == PROBE_GO || condition(i->cond, flags) ? i->target : i->next;
}

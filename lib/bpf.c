/*
 * Classic BPF.
 *
 * I1       a checked program reads no word outside its record and its memory, and ends after at most its length of steps.
 * LOCKS    none.   CONTEXT  any.   COST  a step is a jump by a table.
 * SOURCES  seccomp(2), bpf(4) of FreeBSD "FILTER MACHINE": the codes; what seccomp takes of them.
 * TESTED BY lib/bpf_test.c
 */
#include "lib/bpf.h"
#include "lib/string.h"

/* Class, then size and mode (loads), operation and operand (ALU, jumps). */
enum { LD = 0, LDX = 1, ST = 2, STX = 3, ALU = 4, JMP = 5, RET = 6, MISC = 7 };
enum { IMM = 0x00, ABS = 0x20, MEM = 0x60, LEN = 0x80 };
enum {
	ADD = 0x00,
	SUB = 0x10,
	MUL = 0x20,
	DIV = 0x30,
	OR = 0x40,
	AND = 0x50,
	LSH = 0x60,
	RSH = 0x70,
	NEG = 0x80,
	XOR = 0xa0
};
enum { JA = 0x00, JEQ = 0x10, JGT = 0x20, JGE = 0x30, JSET = 0x40 };
enum { K = 0x00, X = 0x08, A = 0x10, TAX = 0x00, TXA = 0x80, SHIFT_MAX = 32, WORD = 4 };
#define CLASS(code) ((code)&7)
#define OP(code)    ((code)&0xf0)

#define BOTH(class, op)                                                                            \
	case (class) | (op) | K:                                                                   \
	case (class) | (op) | X

/* ---- checking ---- */

static bool known(const struct bpf_insn *i)
{
	switch (i->code) {
		BOTH(ALU, ADD)
		    : BOTH(ALU, SUB)
		    : BOTH(ALU, MUL)
		    : BOTH(ALU, OR)
		    : BOTH(ALU, AND)
		    : BOTH(ALU, XOR)
		    : BOTH(JMP, JEQ)
		    : BOTH(JMP, JGT)
		    : BOTH(JMP, JGE)
		    : BOTH(JMP, JSET)
		    : case ALU | DIV | X : case ALU | LSH | X : case ALU | RSH | X : case ALU |
										     NEG
		    : case LD |
		      IMM : case LD | LEN : case LDX | IMM : case LDX | LEN : case JMP |
									      JA
		    : case RET |
		      K : case RET | A : case MISC | TAX : case MISC | TXA : return true;
	case ALU | DIV | K:
		return i->k != 0;
	case ALU | LSH | K:
	case ALU | RSH | K:
		return i->k < SHIFT_MAX;
	case LD | MEM:
	case LDX | MEM:
	case ST:
	case STX:
		return i->k < BPF_MEM_WORDS;
	default:
		return false;
	}
}

static bool jumps_within(const struct bpf_insn *i, unsigned left)
{
	if (CLASS(i->code) != JMP)
		return true;
	if (OP(i->code) == JA)
		return i->k < left;
	return i->jt < left && i->jf < left;
}

/*
 * Memory is read only where every way has written it. What is written, a bit for each word, goes along with the
 * instructions, and a jump takes it to where it leads: at[] has what all the jumps there agree on. No jump goes back, so one
 * pass sees them all before their target.
 */
static bool reads_written(const struct bpf_insn *insns, unsigned nr, uint16_t *at)
{
	uint16_t now = 0;

	memset(at, 0xff, nr * sizeof(*at));
	for (unsigned pc = 0; pc < nr; pc++) {
		const struct bpf_insn *i = &insns[pc];

		now &= at[pc];
		if (i->code == ST || i->code == STX)
			now |= (uint16_t)(1U << i->k);
		else if ((i->code == (LD | MEM) || i->code == (LDX | MEM)) && !(now >> i->k & 1))
			return false;
		if (CLASS(i->code) == RET) {
			now = UINT16_MAX; /* nobody comes from here */
		} else if (i->code == (JMP | JA)) {
			at[pc + 1 + i->k] &= now;
			now = UINT16_MAX;
		} else if (CLASS(i->code) == JMP) {
			at[pc + 1 + i->jt] &= now;
			at[pc + 1 + i->jf] &= now;
			now = UINT16_MAX;
		}
	}
	return true;
}

bool bpf_check(const struct bpf_insn *insns, unsigned nr, unsigned words, uint16_t *scratch)
{
	if (!nr || nr > BPF_INSNS_MAX || CLASS(insns[nr - 1].code) != RET)
		return false;
	for (unsigned pc = 0; pc < nr; pc++) {
		const struct bpf_insn *i = &insns[pc];

		if (i->code == (LD | ABS) && (i->k % WORD || i->k / WORD >= words))
			return false;
		if ((i->code != (LD | ABS) && !known(i)) || !jumps_within(i, nr - pc - 1))
			return false;
	}
	return reads_written(insns, nr, scratch);
}

/* ---- running ---- */

static bool holds(unsigned op, uint32_t a, uint32_t b)
{
	switch (op) {
	case JEQ:
		return a == b;
	case JGT:
		return a > b;
	case JGE:
		return a >= b;
	default:
		return a & b;
	}
}

static uint32_t compute(unsigned op, uint32_t a, uint32_t b)
{
	switch (op) {
	case ADD:
		return a + b;
	case SUB:
		return a - b;
	case MUL:
		return a * b;
	case DIV:
		return a / b;
	case OR:
		return a | b;
	case AND:
		return a & b;
	case XOR:
		return a ^ b;
	case LSH: /* by an index: as the machine shifts */
		return a << b % SHIFT_MAX;
	case RSH:
		return a >> b % SHIFT_MAX;
	default:
		return -a;
	}
}

uint32_t bpf_run(const struct bpf_insn *insns, const uint32_t *data, unsigned words)
{
	uint32_t a = 0, x = 0, mem[BPF_MEM_WORDS];

	for (const struct bpf_insn *i = insns;; i++) {
		const uint32_t operand = i->code & X ? x : i->k;

		switch (i->code) {
		case LD | ABS:
			a = data[i->k / WORD];
			break;
		case LD | IMM:
			a = i->k;
			break;
		case LD | LEN:
			a = words * WORD;
			break;
		case LD | MEM:
			a = mem[i->k];
			break;
		case LDX | IMM:
			x = i->k;
			break;
		case LDX | LEN:
			x = words * WORD;
			break;
		case LDX | MEM:
			x = mem[i->k];
			break;
		case ST:
			mem[i->k] = a;
			break;
		case STX:
			mem[i->k] = x;
			break;
		case MISC | TAX:
			x = a;
			break;
		case MISC | TXA:
			a = x;
			break;
		case RET | K:
			return i->k;
		case RET | A:
			return a;
		case JMP | JA:
			i += i->k;
			break;
		default:
			if (CLASS(i->code) == JMP) {
				i += holds(OP(i->code), a, operand) ? i->jt : i->jf;
				break;
			}
			if (OP(i->code) == DIV && !operand)
				return 0;
			a = compute(OP(i->code), a, operand);
			break;
		}
	}
}

/*
 * Classic BPF: small programs over a record of 32-bit words, as seccomp(2) filters are. A program has an accumulator, an
 * index, and 16 words of memory; it only jumps forward, so it ends.
 */
#ifndef LIB_BPF_H
#define LIB_BPF_H

#include "base/compiler.h"
#include "base/types.h"

struct bpf_insn { /* struct sock_filter */
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

enum { BPF_INSNS_MAX = 4096, BPF_MEM_WORDS = 16 };

/*
 * Is the program of @nr instructions one that bpf_run can run on @words words? Every opcode known, jumps forward and within,
 * no division by a constant 0, memory written on every way before it is read, a return at the end. @scratch: room for @nr.
 */
bool must_check bpf_check(const struct bpf_insn *insns, unsigned nr, unsigned words,
			  uint16_t *scratch);
/* The verdict of a checked program on the words at @data. A division by an index of 0 is the verdict 0. */
uint32_t bpf_run(const struct bpf_insn *insns, const uint32_t *data, unsigned words);

#endif

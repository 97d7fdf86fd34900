/* 64-bit division for 32-bit code: the calls the compiler makes for / and % on 64-bit operands. */
#ifndef LIB_DIV64_H
#define LIB_DIV64_H

#include "base/types.h"

uint64_t __udivdi3(uint64_t n, uint64_t d);
uint64_t __umoddi3(uint64_t n, uint64_t d);
int64_t __divdi3(int64_t n, int64_t d);
int64_t __moddi3(int64_t n, int64_t d);
int __ctzdi2(int64_t n); /* trailing zeroes */
uint64_t __udivmoddi4(uint64_t n, uint64_t d, uint64_t *rem);
int64_t __divmoddi4(int64_t n, int64_t d, int64_t *rem);

#endif

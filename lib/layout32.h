/*
 * Structures of 32-bit programs on a 64-bit kernel. A string says what a structure is made of, in order; the places of the
 * members follow from it in both ABIs, where each member but one of 64 bits is aligned to its size, and that one to 4 bytes
 * on i386:
 *   l  long        p  unsigned long, size_t, pointer        i  32 bits   s  16 bits   b  a byte   q  64 bits
 * A number in front repeats: "2l" is a timeval.
 */
#ifndef LIB_LAYOUT32_H
#define LIB_LAYOUT32_H

#include "base/types.h"

/* Bytes of the structure on i386. */
size_t layout32_size(const char *layout);
/* From i386's form to the native one, and back; what does not fit loses its high half. No two of the ranges overlap. */
void layout32_widen(void *native, const void *narrow, const char *layout);
void layout32_narrow(void *narrow, const void *native, const char *layout);

#endif

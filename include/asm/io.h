/* Physical and linear addresses. */
#ifndef _ASM_IO_H
#define _ASM_IO_H

#include <asm/page.h>

#endif

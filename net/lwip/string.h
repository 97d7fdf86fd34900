/* <string.h> and <stdlib.h> for lwIP's files: what the kernel has of them. */
#ifndef LWIP_STRING_H
#define LWIP_STRING_H

#include "lib/string.h"

int atoi(const char *s);

#endif

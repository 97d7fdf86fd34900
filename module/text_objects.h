/* The letters behind %p for flags, identifiers and errors; shared by text.c and text_objects.c. */
#ifndef MODULE_TEXT_OBJECTS_H
#define MODULE_TEXT_OBJECTS_H

#include "base/types.h"

/* Each writes to @buf of @size bytes and returns the length. */
size_t text_flags(char *buf, size_t size, char kind, const void *p); /* %pG: p, v, g */
size_t text_uuid(char *buf, size_t size, char form,
		 const uint8_t *p);			  /* %pU: B (as written), L; b, l small */
size_t text_error(char *buf, size_t size, const void *p); /* %pe */
size_t text_resource(char *buf, size_t size, char form, const void *p);	 /* %pR, %pr */
size_t text_ipv6(char *buf, size_t size, bool packed, const uint8_t *p); /* %pI6, %pI6c */

#endif

/* Kinds of characters. */
#ifndef _LINUX_CTYPE_H
#define _LINUX_CTYPE_H

#define isdigit(c)  ((c) >= '0' && (c) <= '9')
#define isupper(c)  ((c) >= 'A' && (c) <= 'Z')
#define islower(c)  ((c) >= 'a' && (c) <= 'z')
#define isalpha(c)  (isupper(c) || islower(c))
#define isalnum(c)  (isalpha(c) || isdigit(c))
#define isxdigit(c) (isdigit(c) || (((c) | 0x20) >= 'a' && ((c) | 0x20) <= 'f'))
#define isspace(c)  ((c) == ' ' || ((c) >= '\t' && (c) <= '\r'))
#define isprint(c)  ((c) >= ' ' && (c) < 127)
#define isgraph(c)  ((c) > ' ' && (c) < 127)
#define iscntrl(c)  ((unsigned char)(c) < ' ' || (c) == 127)
#define ispunct(c)  (isgraph(c) && !isalnum(c))

static inline char tolower(char c)
{
	return (char)(isupper(c) ? c | 0x20 : c);
}

static inline char toupper(char c)
{
	return (char)(islower(c) ? c & ~0x20 : c);
}

#endif

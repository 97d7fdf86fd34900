/* Physical and linear addresses, ports, memory of devices. */
#ifndef _ASM_IO_H
#define _ASM_IO_H

#include <asm/page.h>

void *ioremap(u64 pa, size_t size);
void iounmap(const void *p);
#define ioremap_nocache(pa, size) ioremap(pa, size)
#define ioremap_wc(pa, size)	  ioremap(pa, size)
#define ioremap_cache(pa, size)	  ioremap(pa, size)

#define PORT_CALLS(letter, type, reg)                                                              \
	static inline type in##letter(int port)                                                    \
	{                                                                                          \
		type v;                                                                            \
                                                                                                   \
		__asm__ volatile("in" #letter " %w1, %" reg "0" : "=a"(v) : "Nd"(port));           \
		return v;                                                                          \
	}                                                                                          \
	static inline void out##letter(type v, int port)                                           \
	{                                                                                          \
		__asm__ volatile("out" #letter " %" reg "0, %w1" : : "a"(v), "Nd"(port));          \
	}
PORT_CALLS(b, unsigned char, "b")
PORT_CALLS(w, unsigned short, "w")
PORT_CALLS(l, unsigned int, "k")

#define PORT_STRINGS(letter, type)                                                                 \
	static inline void ins##letter(int port, void *to, unsigned long n)                        \
	{                                                                                          \
		for (type *p = to; n--; p++)                                                       \
			*p = in##letter(port);                                                     \
	}                                                                                          \
	static inline void outs##letter(int port, const void *from, unsigned long n)               \
	{                                                                                          \
		for (const type *p = from; n--; p++)                                               \
			out##letter(*p, port);                                                     \
	}
PORT_STRINGS(b, unsigned char)
PORT_STRINGS(w, unsigned short)
PORT_STRINGS(l, unsigned int)
/* A write to port 0x80, which nobody hears, takes its time. */
#define PORT_PAUSE() outb(0, 0x80)
#define inb_p(port)                                                                                \
	({                                                                                         \
		unsigned char in_p_ = inb(port);                                                   \
		PORT_PAUSE();                                                                      \
		in_p_;                                                                             \
	})
#define inw_p(port)                                                                                \
	({                                                                                         \
		unsigned short in_p_ = inw(port);                                                  \
		PORT_PAUSE();                                                                      \
		in_p_;                                                                             \
	})
#define inl_p(port)                                                                                \
	({                                                                                         \
		unsigned int in_p_ = inl(port);                                                    \
		PORT_PAUSE();                                                                      \
		in_p_;                                                                             \
	})
#define outb_p(v, port) (outb(v, port), PORT_PAUSE())
#define outw_p(v, port) (outw(v, port), PORT_PAUSE())
#define outl_p(v, port) (outl(v, port), PORT_PAUSE())

#define MEM_CALLS(letter, type)                                                                    \
	static inline type read##letter(const volatile void __iomem *at)                           \
	{                                                                                          \
		return *(const volatile type *)at;                                                 \
	}                                                                                          \
	static inline void write##letter(type v, volatile void __iomem *at)                        \
	{                                                                                          \
		*(volatile type *)at = v;                                                          \
	}
MEM_CALLS(b, u8)
MEM_CALLS(w, u16)
MEM_CALLS(l, u32)
#define ioread8(p)		   readb(p)
#define ioread16(p)		   readw(p)
#define ioread32(p)		   readl(p)
#define iowrite8(v, p)		   writeb(v, p)
#define iowrite16(v, p)		   writew(v, p)
#define iowrite32(v, p)		   writel(v, p)
#define memcpy_fromio(to, from, n) __builtin_memcpy(to, (const void *)(from), n)
#define memcpy_toio(to, from, n)   __builtin_memcpy((void *)(to), from, n)
#define memset_io(at, c, n)	   __builtin_memset((void *)(at), c, n)

#endif

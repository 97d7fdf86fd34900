/*
 * A variable for each processor. Copies lie MODULE_PERCPU_STRIDE bytes apart: those of DEFINE_PER_CPU are made when the module is
 * loaded, those of alloc_percpu are one piece of memory. A name or a pointer is the first processor's.
 */
#ifndef _LINUX_PERCPU_H
#define _LINUX_PERCPU_H

#include <linux/slab.h>
#include <linux/smp.h>

#include "module/module.h"

#define PER_CPU_SECTION		       __attribute__((section(".data..percpu")))
#define DEFINE_PER_CPU(type, name)     PER_CPU_SECTION __typeof__(type) name
#define DECLARE_PER_CPU(type, name)    extern PER_CPU_SECTION __typeof__(type) name
#define DEFINE_PER_CPU_ALIGNED	       DEFINE_PER_CPU
#define DEFINE_PER_CPU_SHARED_ALIGNED  DEFINE_PER_CPU
#define DECLARE_PER_CPU_ALIGNED	       DECLARE_PER_CPU
#define DECLARE_PER_CPU_SHARED_ALIGNED DECLARE_PER_CPU

#define per_cpu_ptr(p, cpu)                                                                        \
	((__typeof__(p))((char *)(p) + (unsigned long)(cpu)*MODULE_PERCPU_STRIDE))
#define per_cpu(name, cpu)  (*per_cpu_ptr(&(name), cpu))
#define this_cpu_ptr(p)	    per_cpu_ptr(p, smp_processor_id())
#define raw_cpu_ptr(p)	    this_cpu_ptr(p)
#define get_cpu_ptr(p)	    (module_preempt_add(1), this_cpu_ptr(p))
#define put_cpu_ptr(p)	    ((void)(p), module_preempt_add(-1))
#define __get_cpu_var(name) (*this_cpu_ptr(&(name)))
#define __raw_get_cpu_var   __get_cpu_var
#define get_cpu_var(name)   (*get_cpu_ptr(&(name)))
#define put_cpu_var(name)   put_cpu_ptr(&(name))

#define this_cpu_read(x)	  __get_cpu_var(x)
#define this_cpu_write(x, v)	  ((void)(__get_cpu_var(x) = (v)))
#define this_cpu_add(x, v)	  ((void)(__get_cpu_var(x) += (v)))
#define this_cpu_sub(x, v)	  ((void)(__get_cpu_var(x) -= (v)))
#define this_cpu_inc(x)		  this_cpu_add(x, 1)
#define this_cpu_dec(x)		  this_cpu_sub(x, 1)
#define this_cpu_add_return(x, v) (__get_cpu_var(x) += (v))
#define this_cpu_inc_return(x)	  this_cpu_add_return(x, 1)
#define this_cpu_dec_return(x)	  this_cpu_add_return(x, -1)
#define __this_cpu_read		  this_cpu_read
#define __this_cpu_write	  this_cpu_write
#define __this_cpu_add		  this_cpu_add
#define __this_cpu_sub		  this_cpu_sub
#define __this_cpu_inc		  this_cpu_inc
#define __this_cpu_dec		  this_cpu_dec
#define raw_cpu_read		  this_cpu_read
#define raw_cpu_write		  this_cpu_write
#define raw_cpu_add		  this_cpu_add
#define raw_cpu_inc		  this_cpu_inc

/* Zeroes; NULL without memory, and of more than MODULE_PERCPU_STRIDE bytes. */
static inline void *module_alloc_percpu(size_t size, gfp_t gfp)
{
	const size_t last = (NR_CPUS - 1) * MODULE_PERCPU_STRIDE;

	return size > MODULE_PERCPU_STRIDE ? NULL : kzalloc(last + size, gfp);
}
#define alloc_percpu(type)	    ((__typeof__(type) *)module_alloc_percpu(sizeof(type), GFP_KERNEL))
#define alloc_percpu_gfp(type, gfp) ((__typeof__(type) *)module_alloc_percpu(sizeof(type), gfp))
#define __alloc_percpu(size, align) module_alloc_percpu(size, GFP_KERNEL)
#define free_percpu(p)		    kfree(p)

#endif

/* What a device is given until it loses its driver. Included by linux/device.h. */
#ifndef _LINUX_DEVRES_H
#define _LINUX_DEVRES_H

#include <linux/device.h>
#include <linux/interrupt.h>

void *module_devm_alloc(struct device *d, size_t n, gfp_t gfp);
void module_devm_free(struct device *d, const void *p);
int module_devm_action(struct device *d, void (*fn)(void *data), void *data);

#define devm_kmalloc(d, n, gfp)		    module_devm_alloc(d, n, gfp)
#define devm_kzalloc(d, n, gfp)		    module_devm_alloc(d, n, gfp)
#define devm_kmalloc_array(d, n, size, gfp) module_devm_alloc(d, (size_t)(n) * (size), gfp)
#define devm_kcalloc			    devm_kmalloc_array
#define devm_kfree(d, p)		    module_devm_free(d, p)
#define devm_add_action(d, fn, data)	    module_devm_action(d, fn, data)

static inline int devm_add_action_or_reset(struct device *d, void (*fn)(void *data), void *data)
{
	int err = module_devm_action(d, fn, data);

	if (err)
		fn(data);
	return err;
}

static inline void *devm_kmemdup(struct device *d, const void *from, size_t n, gfp_t gfp)
{
	void *p = module_devm_alloc(d, n, gfp);

	return p ? __builtin_memcpy(p, from, n) : NULL;
}
#define devm_kstrdup(d, text, gfp) ((char *)devm_kmemdup(d, text, strlen(text) + 1, gfp))
#define devm_kasprintf(d, gfp, ...)                                                                \
	({                                                                                         \
		char *devm_text_ = kasprintf(gfp, __VA_ARGS__);                                    \
		char *devm_copy_ = devm_text_ ? devm_kstrdup(d, devm_text_, gfp) : NULL;           \
		kfree(devm_text_);                                                                 \
		devm_copy_;                                                                        \
	})

struct module_devm_irq {
	int irq;
	void *dev;
};

static inline void module_devm_irq_free(void *data)
{
	const struct module_devm_irq *m = data;

	free_irq((unsigned int)m->irq, m->dev);
}

static inline int devm_request_threaded_irq(struct device *d, unsigned int irq,
					    irq_handler_t handler, irq_handler_t thread,
					    unsigned long flags, const char *name, void *dev)
{
	struct module_devm_irq *m = module_devm_alloc(d, sizeof(*m), GFP_KERNEL);
	int err = m ? request_threaded_irq(irq, handler, thread, flags, name, dev) : -ENOMEM;

	if (err)
		return err;
	*m = (struct module_devm_irq){ (int)irq, dev };
	return devm_add_action_or_reset(d, module_devm_irq_free, m);
}
#define devm_request_irq(d, irq, handler, flags, name, dev)                                        \
	devm_request_threaded_irq(d, irq, handler, NULL, flags, name, dev)

#endif

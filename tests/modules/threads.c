/* Threads, timers, work, and everything to wait with: what each of them does is counted, the guest test reads the line. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

static int failures;
#define EXPECT(c)                                                                                  \
	do {                                                                                       \
		if (!(c)) {                                                                        \
			pr_err("threads: line %d: %s\n", __LINE__, #c);                            \
			failures++;                                                                \
		}                                                                                  \
	} while (0)

/* ---- threads ---- */

static DECLARE_WAIT_QUEUE_HEAD(queue);
static atomic_t rounds = ATOMIC_INIT(0);
static int go;

static int counts(void *data)
{
	EXPECT(data == &rounds);
	EXPECT(!strcmp(current->comm, "lab-counts/3"));
	EXPECT(current->mm == NULL);
	EXPECT(current->flags & PF_KTHREAD);
	while (!kthread_should_stop()) {
		wait_event_interruptible(queue, go || kthread_should_stop());
		if (go) {
			go = 0;
			atomic_inc(&rounds);
			wake_up(&queue);
		}
	}
	return 42;
}

static DECLARE_COMPLETION(began);
static DECLARE_COMPLETION(woke);

static int by_hand(void *data)
{
	set_current_state(TASK_INTERRUPTIBLE);
	complete(&began);
	while (!kthread_should_stop()) {
		schedule();
		if (!(*(int *)data)++)
			complete(&woke);
		set_current_state(TASK_INTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
	return -5;
}

static int ends_by_itself(void *data)
{
	complete(data);
	return 7;
}

static void threads(void)
{
	struct task_struct *t = kthread_run(counts, &rounds, "lab-counts/%d", 3);
	DECLARE_COMPLETION_ONSTACK(done);
	int wakes = 0;

	EXPECT(!IS_ERR(t));
	for (int i = 1; i <= 20; i++) {
		go = 1;
		wake_up_interruptible(&queue);
		EXPECT(wait_event_timeout(queue, atomic_read(&rounds) == i, 100 * HZ) > 0);
	}
	EXPECT(t->pid > 2 && t->tgid == t->pid && t->real_parent->pid == 2);
	EXPECT(kthread_stop(t) == 42);

	t = kthread_create(by_hand, &wakes, "never");
	EXPECT(kthread_stop(t) == -EINTR);
	t = kthread_run(by_hand, &wakes, "by_hand");
	wait_for_completion(&began);
	wake_up_process(t);
	wait_for_completion(&woke);
	EXPECT(kthread_stop(t) == -5);
	EXPECT(wakes >= 1);

	t = kthread_run(ends_by_itself, &done, "alone");
	wait_for_completion(&done);
	EXPECT(kthread_stop(t) == 7);
}

/* ---- locks that sleep ---- */

static DEFINE_MUTEX(lock);
static DECLARE_RWSEM(rw);
static struct semaphore two;
static int shared, most, inside;
static DEFINE_SPINLOCK(inside_lock);

static int contends(void *unused)
{
	for (int i = 0; i < 200; i++) {
		mutex_lock(&lock);
		int v = shared;
		if (i % 16 == 0)
			schedule();
		shared = v + 1;
		mutex_unlock(&lock);
		down(&two);
		spin_lock(&inside_lock);
		if (++inside > most)
			most = inside;
		spin_unlock(&inside_lock);
		if (i % 32 == 0)
			yield();
		spin_lock(&inside_lock);
		inside--;
		spin_unlock(&inside_lock);
		up(&two);
		down_read(&rw);
		EXPECT(!down_write_trylock(&rw));
		up_read(&rw);
	}
	return 0;
}

static void locks(void)
{
	struct task_struct *t[4];

	shared = most = inside = 0;
	sema_init(&two, 2);
	for (int i = 0; i < 4; i++)
		t[i] = kthread_create(contends, NULL, "contends%d", i);
	for (int i = 0; i < 4; i++)
		get_task_struct(t[i]), wake_up_process(t[i]);
	for (int i = 0; i < 4; i++) {
		kthread_stop(t[i]);
		put_task_struct(t[i]);
	}
	EXPECT(shared % 200 == 0); /* one that was stopped before it began has not counted */
	EXPECT(most <= 2);
	EXPECT(mutex_trylock(&lock));
	EXPECT(!mutex_trylock(&lock));
	EXPECT(mutex_is_locked(&lock));
	mutex_unlock(&lock);
	EXPECT(down_trylock(&two) == 0);
	EXPECT(down_trylock(&two) == 0);
	EXPECT(down_trylock(&two) == 1);
	EXPECT(down_timeout(&two, 2) == -ETIME);
	up(&two);
	up(&two);
	down_write(&rw);
	EXPECT(!down_read_trylock(&rw));
	downgrade_write(&rw);
	EXPECT(down_read_trylock(&rw));
	up_read(&rw);
	up_read(&rw);
	EXPECT(wait_event_interruptible_timeout(queue, false, 2) == 0);
}

/* ---- timers ---- */

static struct later_test {
	struct timer_list timer;
	struct hrtimer hr;
	struct tasklet_struct tasklet;
	int fired, old_fired, hr_fired, ran, in_irq;
	unsigned long at;
	struct completion done;
} tt;

static void fires(struct timer_list *t)
{
	struct later_test *x = from_timer(x, t, timer);

	x->at = jiffies;
	x->in_irq += in_interrupt() && !strcmp(current->comm, "swapper/0") && current->pid == 0;
	if (++x->fired < 3)
		mod_timer(t, jiffies + 1);
	else
		complete(&x->done);
}

static void fires_old(unsigned long data)
{
	struct later_test *x = (struct later_test *)data;

	x->old_fired++;
	complete(&x->done);
}

static enum hrtimer_restart fires_hr(struct hrtimer *t)
{
	struct later_test *x = container_of(t, struct later_test, hr);

	if (++x->hr_fired == 4) {
		complete(&x->done);
		return HRTIMER_NORESTART;
	}
	hrtimer_forward_now(t, ns_to_ktime(1000000));
	return HRTIMER_RESTART;
}

static void tasklet_new(struct tasklet_struct *t)
{
	struct later_test *x = from_tasklet(x, t, tasklet);

	x->ran++;
	complete(&x->done);
}

static void tasklet_old(unsigned long data)
{
	((struct later_test *)data)->ran += 10;
	complete(&((struct later_test *)data)->done);
}
static DECLARE_TASKLET(declared, tasklet_old, (unsigned long)&tt);
static DEFINE_TIMER(defined, fires);

static void timers(void)
{
	struct timer_list old;
	unsigned long begin = jiffies;

	init_completion(&tt.done);
	timer_setup(&tt.timer, fires, 0);
	EXPECT(!timer_pending(&tt.timer));
	EXPECT(mod_timer(&tt.timer, jiffies + 2) == 0);
	wait_for_completion(&tt.done);
	EXPECT(tt.fired == 3 && tt.in_irq == 3);
	EXPECT(time_after_eq(tt.at, begin + 4));
	EXPECT(mod_timer(&tt.timer, jiffies + 1000 * HZ) == 0);
	EXPECT(mod_timer(&tt.timer, jiffies + 2000 * HZ) == 1);
	EXPECT(timer_pending(&tt.timer));
	EXPECT(del_timer_sync(&tt.timer) == 1);
	EXPECT(del_timer_sync(&tt.timer) == 0);
	EXPECT(!timer_pending(&defined));

	setup_timer(&old, fires_old, (unsigned long)&tt);
	old.expires = jiffies + 1;
	add_timer(&old);
	wait_for_completion(&tt.done);
	init_timer(&old);
	old.function = fires_old;
	old.data = (unsigned long)&tt;
	mod_timer(&old, jiffies);
	wait_for_completion(&tt.done);
	EXPECT(del_timer_sync(&old) == 0);
	EXPECT(tt.old_fired == 2);

	hrtimer_init(&tt.hr, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	tt.hr.function = fires_hr;
	hrtimer_start(&tt.hr, ktime_set(0, 2000000), HRTIMER_MODE_REL);
	wait_for_completion(&tt.done);
	EXPECT(hrtimer_cancel(&tt.hr) == 0);
	EXPECT(tt.hr_fired == 4);
	hrtimer_start(&tt.hr, ktime_add_ns(ktime_get(), 1000000000000LL), HRTIMER_MODE_ABS);
	EXPECT(hrtimer_active(&tt.hr));
	EXPECT(hrtimer_cancel(&tt.hr) == 1);

	tasklet_setup(&tt.tasklet, tasklet_new);
	tasklet_schedule(&tt.tasklet);
	wait_for_completion(&tt.done);
	tasklet_disable(&tt.tasklet);
	tasklet_schedule(&tt.tasklet);
	msleep(20);
	EXPECT(tt.ran == 1);
	tasklet_enable(&tt.tasklet);
	wait_for_completion(&tt.done);
	tasklet_kill(&tt.tasklet);
	tasklet_schedule(&declared);
	wait_for_completion(&tt.done);
	tasklet_kill(&declared);
	EXPECT(tt.ran == 12);
}

/* ---- work ---- */

static DECLARE_COMPLETION(first_may);
static int order, first_at, second_at, delayed_at;

static void first(struct work_struct *w)
{
	wait_for_completion(&first_may);
	first_at = ++order;
}

static void second(struct work_struct *w)
{
	second_at = ++order;
	complete(&first_may);
}

static void delayed(struct work_struct *w)
{
	EXPECT(to_delayed_work(w)->work.func == delayed);
	delayed_at = ++order;
}

static void frees_itself(struct work_struct *w)
{
	order++;
	kfree(w);
}

static DECLARE_WORK(first_work, first);
static DECLARE_WORK(second_work, second);
static DECLARE_DELAYED_WORK(delayed_work, delayed);

static void works(void)
{
	struct workqueue_struct *wq = create_singlethread_workqueue("lab"), *free;
	struct work_struct *own;

	EXPECT(wq != NULL);
	order = 0;
	reinit_completion(&first_may);
	EXPECT(schedule_work(&first_work));
	EXPECT(schedule_work(&second_work)); /* does not wait for the first */
	flush_work(&first_work);
	EXPECT(second_at == 1 && first_at == 2);
	EXPECT(queue_delayed_work(wq, &delayed_work, 1000 * HZ));
	EXPECT(!queue_delayed_work(wq, &delayed_work, 2));
	EXPECT(delayed_work_pending(&delayed_work));
	flush_delayed_work(&delayed_work); /* false where it is quicker than the flush */
	EXPECT(delayed_at == 3);
	EXPECT(schedule_delayed_work(&delayed_work, 1000 * HZ));
	EXPECT(cancel_delayed_work_sync(&delayed_work));
	EXPECT(!cancel_delayed_work_sync(&delayed_work));
	EXPECT(!cancel_work_sync(&first_work));
	for (int i = 0; i < 10; i++) {
		own = kmalloc(sizeof(*own), GFP_KERNEL);
		INIT_WORK(own, frees_itself);
		queue_work(wq, own);
	}
	flush_workqueue(wq);
	EXPECT(order == 13);
	destroy_workqueue(wq);
	free = alloc_workqueue("lab%d", WQ_UNBOUND, 4, 1);
	EXPECT(free != NULL);
	queue_work(free, &second_work);
	destroy_workqueue(free);
	EXPECT(order == 14);
	flush_scheduled_work();
}

static int __init threads_init(void)
{
	threads();
	locks();
	timers();
	works();
	pr_info("threads: %d failures\n", failures);
	return failures ? -EINVAL : 0;
}

static void __exit threads_exit(void)
{
	cancel_work_sync(&first_work);
}

module_init(threads_init);
module_exit(threads_exit);
MODULE_LICENSE("GPL");

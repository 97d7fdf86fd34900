/*
 * The line discipline: editing, echo, signals and flow control of a terminal.
 *
 * OWNS     struct ldisc: two rings and the settings.
 * WHY      pure state and bytes, so that every rule of termios(3) has a test on the host.
 *
 *              line -> receive -> [ | complete lines | line being typed | ] -> read -> program
 *                                  tail            line_end          head
 *              program -> write -> [out ring] -> line,      receive -> echo -> [out ring]
 *
 * I1       tail <= line_end <= head <= tail + LDISC_IN (as distances); without ICANON line_end is
 *          not used to read.
 * I2       with ICANON a byte's bit in ends[] is set exactly if it was put as the end of a line; such a
 *          byte of value 0 is VEOF and is not given to the reader.
 * I3       with ICANON the last free byte is kept for the end of the line: a full line can always
 *          be ended.
 * I4       a control character set to 0 (_POSIX_VDISABLE) matches nothing.
 * I5       the output ring never overflows: a program's byte that does not fit is not taken, an
 *          echo is dropped.
 * LOCKS    the caller's (tty->lock).
 * CONTEXT  any; receive runs in the interrupt.
 * COST     O(1) a byte, without processing that of a copy; erasing a tab looks back to the line's beginning.
 * NOT HERE parity marking (a UART error reads as an ordinary byte), VDISCARD (nor has Linux).
 * SOURCES  POSIX.1-2017 chapter 11 "General Terminal Interface"; termios(3).
 *          TESTED BY ldisc_test.c.
 */
#include "drivers/ldisc.h"
#include "lib/string.h"

static bool in_flag(const struct ldisc *l, uint32_t f)
{
	return l->t.c_iflag & f;
}

static bool out_flag(const struct ldisc *l, uint32_t f)
{
	return l->t.c_oflag & f;
}

static bool local_flag(const struct ldisc *l, uint32_t f)
{
	return l->t.c_lflag & f;
}

/* @n bytes, at most @size (a power of two), into a ring and out of it. */
static void ring_put(uint8_t *ring, size_t size, size_t at, const uint8_t *src, size_t n)
{
	size_t start = at & (size - 1), first = n < size - start ? n : size - start;

	memcpy(ring + start, src, first);
	memcpy(ring, src + first, n - first);
}

static void ring_get(const uint8_t *ring, size_t size, size_t at, uint8_t *dst, size_t n)
{
	size_t start = at & (size - 1), first = n < size - start ? n : size - start;

	memcpy(dst, ring + start, first);
	memcpy(dst + first, ring, n - first);
}

/* Is @c the control character in slot @v? */
static bool is_cc(const struct ldisc *l, unsigned v, uint8_t c)
{
	return c && l->t.c_cc[v] == c;
}

static bool is_extended_cc(const struct ldisc *l, unsigned v, uint8_t c)
{
	return local_flag(l, IEXTEN) && is_cc(l, v, c);
}

static bool is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

static bool is_continuation(const struct ldisc *l, uint8_t c)
{
	return in_flag(l, IUTF8) && (c & 0xc0) == 0x80;
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c >= 0x80;
}

void ldisc_init(struct ldisc *l)
{
	static const uint8_t cc[NCCS_K] = {
		[VINTR] = 'C' & 31,    [VQUIT] = '\\' & 31,   [VERASE] = 0x7f,
		[VKILL] = 'U' & 31,    [VEOF] = 'D' & 31,     [VMIN] = 1,
		[VSTART] = 'Q' & 31,   [VSTOP] = 'S' & 31,    [VSUSP] = 'Z' & 31,
		[VREPRINT] = 'R' & 31, [VDISCARD] = 'O' & 31, [VWERASE] = 'W' & 31,
		[VLNEXT] = 'V' & 31,
	};

	memset(l, 0, sizeof(*l));
	l->t.c_iflag = ICRNL | IXON;
	l->t.c_oflag = OPOST | ONLCR;
	l->t.c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL;
	l->t.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	memcpy(l->t.c_cc, cc, sizeof(cc));
}

/* ---- output ---- */

size_t ldisc_output_pending(const struct ldisc *l)
{
	return l->out_head - l->out_tail;
}

size_t ldisc_output_room(const struct ldisc *l)
{
	return LDISC_OUT - (l->out_head - l->out_tail);
}

void ldisc_put_raw(struct ldisc *l, uint8_t c)
{
	if (ldisc_output_room(l))
		l->out[l->out_head++ % LDISC_OUT] = c;
}

size_t ldisc_output(const struct ldisc *l, const uint8_t **run)
{
	size_t n = l->out_head - l->out_tail, start = l->out_tail % LDISC_OUT;

	*run = l->out + start;
	if (l->stopped)
		return 0;
	return n < LDISC_OUT - start ? n : LDISC_OUT - start;
}

void ldisc_output_sent(struct ldisc *l, size_t n)
{
	l->out_tail += (unsigned)n;
}

void ldisc_flush_output(struct ldisc *l)
{
	l->out_tail = l->out_head;
}

static void put_newline(struct ldisc *l)
{
	if (out_flag(l, ONLCR))
		ldisc_put_raw(l, '\r');
	if (out_flag(l, ONLCR | ONLRET))
		l->column = 0;
	l->line_column = l->column;
	ldisc_put_raw(l, '\n');
}

static void put_return(struct ldisc *l)
{
	if (out_flag(l, ONOCR) && l->column == 0)
		return;
	if (out_flag(l, OCRNL)) {
		if (out_flag(l, ONLRET))
			l->column = 0;
		l->line_column = l->column;
		ldisc_put_raw(l, '\n');
		return;
	}
	l->column = l->line_column = 0;
	ldisc_put_raw(l, '\r');
}

static void put_tab(struct ldisc *l)
{
	unsigned n = 8 - (l->column & 7);

	l->column += n;
	if ((l->t.c_oflag & TABDLY) != XTABS) {
		ldisc_put_raw(l, '\t');
		return;
	}
	while (n--)
		ldisc_put_raw(l, ' ');
}

/* One byte through OPOST. At most 8 bytes come out. */
static void put_processed(struct ldisc *l, uint8_t c)
{
	if (!out_flag(l, OPOST)) {
		ldisc_put_raw(l, c);
		return;
	}
	switch (c) {
	case '\n':
		put_newline(l);
		return;
	case '\r':
		put_return(l);
		return;
	case '\t':
		put_tab(l);
		return;
	case '\b':
		if (l->column)
			l->column--;
		break;
	default:
		if (out_flag(l, OLCUC) && c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
		if (!is_control(c) && !is_continuation(l, c))
			l->column++;
		break;
	}
	ldisc_put_raw(l, c);
}

size_t ldisc_write(struct ldisc *l, const uint8_t *src, size_t n)
{
	size_t i, room = ldisc_output_room(l);

	if (!out_flag(l, OPOST)) {
		n = room < n ? room : n;
		ring_put(l->out, LDISC_OUT, l->out_head, src, n);
		l->out_head += (unsigned)n;
		return n;
	}
	for (i = 0; i < n && ldisc_output_room(l) >= 8; i++)
		put_processed(l, src[i]);
	return i;
}

/* ---- echo ---- */

static bool shown_as_caret(const struct ldisc *l, uint8_t c)
{
	return local_flag(l, ECHOCTL) && is_control(c) && c != '\t' && c != '\n';
}

static void echo_byte(struct ldisc *l, uint8_t c)
{
	if (ldisc_output_room(l) >= 8)
		put_processed(l, c);
}

static void echo_string(struct ldisc *l, const char *s)
{
	while (*s)
		echo_byte(l, (uint8_t)*s++);
}

static void echo_shown(struct ldisc *l, uint8_t c)
{
	if (!shown_as_caret(l, c)) {
		echo_byte(l, c);
		return;
	}
	echo_byte(l, '^');
	echo_byte(l, c ^ 0x40);
}

static void finish_erasing(struct ldisc *l)
{
	if (l->erasing)
		echo_byte(l, '/');
	l->erasing = false;
}

/* ---- input ring ---- */

static unsigned in_count(const struct ldisc *l)
{
	return l->head - l->tail;
}

static bool is_end(const struct ldisc *l, unsigned pos)
{
	pos %= LDISC_IN;
	return l->ends[pos / 8] >> pos % 8 & 1;
}

static void put_input(struct ldisc *l, uint8_t c, bool end)
{
	unsigned pos = l->head % LDISC_IN;
	uint8_t bit = (uint8_t)(1u << pos % 8);

	l->in[pos] = c;
	l->ends[pos / 8] = end ? l->ends[pos / 8] | bit : l->ends[pos / 8] & (uint8_t)~bit;
	l->head++;
	if (end)
		l->line_end = l->head;
}

size_t ldisc_room(const struct ldisc *l)
{
	unsigned keep = local_flag(l, ICANON) ? 1 : 0;
	unsigned n = in_count(l);

	/* No complete line: nobody can read, so waiting would be for ever. Excess is dropped, the
	 * end of line fits. */
	if (local_flag(l, ICANON) && l->line_end == l->tail)
		return LDISC_IN;
	return n + keep < LDISC_IN ? LDISC_IN - n - keep : 0;
}

void ldisc_flush_input(struct ldisc *l)
{
	l->tail = l->line_end = l->head;
	l->literal_next = l->erasing = false;
}

/* ---- erasing ---- */

/* Column at which the byte at @pos begins, going forward over the line being typed. */
static unsigned column_of(const struct ldisc *l, unsigned pos)
{
	unsigned col = l->line_column;

	for (unsigned i = l->line_end; i != pos; i++) {
		uint8_t c = l->in[i % LDISC_IN];

		if (c == '\t')
			col = (col | 7) + 1;
		else if (is_control(c))
			col += shown_as_caret(l, c) ? 2 : 0;
		else if (!is_continuation(l, c))
			col++;
	}
	return col;
}

static void erase_on_screen(struct ldisc *l, unsigned columns)
{
	while (columns--)
		echo_string(l, "\b \b");
}

/* The bytes of the last character are gone from the ring: [new head, @old_head). Take it off the
 * screen. */
static void erase_echo(struct ldisc *l, unsigned old_head)
{
	uint8_t c = l->in[l->head % LDISC_IN];

	if (!local_flag(l, ECHO))
		return;
	if (local_flag(l, ECHOPRT)) {
		if (!l->erasing)
			echo_byte(l, '\\');
		l->erasing = true;
		for (unsigned i = l->head; i != old_head; i++)
			echo_shown(l, l->in[i % LDISC_IN]);
		return;
	}
	if (!local_flag(l, ECHOE)) {
		echo_shown(l, l->t.c_cc[VERASE]);
		return;
	}
	if (c == '\t') {
		for (unsigned n = column_of(l, l->head + 1) - column_of(l, l->head); n--;)
			echo_byte(l, '\b');
		return;
	}
	erase_on_screen(l, column_of(l, l->head + 1) - column_of(l, l->head));
}

/* Remove the last character (all bytes of a UTF-8 sequence). Return: false at the beginning of the
 * line. */
static bool erase_char(struct ldisc *l)
{
	unsigned old_head = l->head;

	if (l->head == l->line_end)
		return false;
	do {
		l->head--;
	} while (l->head != l->line_end && is_continuation(l, l->in[l->head % LDISC_IN]));
	erase_echo(l, old_head);
	return true;
}

static void erase_word(struct ldisc *l)
{
	bool seen = false;

	while (l->head != l->line_end) {
		bool word = is_word(l->in[(l->head - 1) % LDISC_IN]);

		if (seen && !word)
			break;
		seen |= word;
		erase_char(l);
	}
}

static void erase_line(struct ldisc *l)
{
	uint32_t visual = ECHOK | ECHOKE | ECHOE;

	if (local_flag(l, ECHO) && (l->t.c_lflag & visual) == visual) {
		while (erase_char(l))
			;
		return;
	}
	l->head = l->line_end;
	if (!local_flag(l, ECHO))
		return;
	finish_erasing(l);
	echo_shown(l, l->t.c_cc[VKILL]);
	if (local_flag(l, ECHOK))
		echo_byte(l, '\n');
}

static void reprint(struct ldisc *l, uint8_t c)
{
	finish_erasing(l);
	echo_shown(l, c);
	echo_byte(l, '\n');
	for (unsigned i = l->line_end; i != l->head; i++)
		echo_shown(l, l->in[i % LDISC_IN]);
}

/* ---- receiving ---- */

static unsigned receive_signal(struct ldisc *l, uint8_t c, unsigned sig)
{
	if (!local_flag(l, NOFLSH)) {
		ldisc_flush_input(l);
		ldisc_flush_output(l);
	}
	if (in_flag(l, IXON))
		l->stopped = false;
	if (local_flag(l, ECHO))
		echo_shown(l, c);
	return sig;
}

/* ^S, ^Q. Return: whether @c was one of them. */
static bool receive_flow(struct ldisc *l, uint8_t c)
{
	if (!in_flag(l, IXON))
		return false;
	if (is_cc(l, VSTART, c)) {
		l->stopped = false;
		return true;
	}
	if (is_cc(l, VSTOP, c)) {
		l->stopped = true;
		return true;
	}
	if (in_flag(l, IXANY))
		l->stopped = false;
	return false;
}

static void echo_input(struct ldisc *l, uint8_t c)
{
	if (!local_flag(l, ECHO))
		return;
	finish_erasing(l);
	if (c == '\n') {
		echo_byte(l, '\n');
		return;
	}
	if (l->line_end == l->head)
		l->line_column = l->column;
	echo_shown(l, c);
}

/* An ordinary byte, or one made ordinary by VLNEXT. */
static void receive_plain(struct ldisc *l, uint8_t c)
{
	unsigned need = c == 0xff && in_flag(l, PARMRK) ? 2 : 1;
	unsigned keep = local_flag(l, ICANON) ? 1 : 0;

	if (in_count(l) + need + keep > LDISC_IN) {
		if (in_flag(l, IMAXBEL))
			echo_byte(l, '\a');
		return;
	}
	echo_input(l, c);
	put_input(l, c, false);
	if (need == 2)
		put_input(l, c, false);
}

static void receive_line_end(struct ldisc *l, uint8_t c)
{
	finish_erasing(l);
	if (c == '\n' && local_flag(l, ECHO | ECHONL))
		echo_byte(l, '\n');
	else if (c && c != '\n' && local_flag(l, ECHO))
		echo_shown(l, c);
	if (in_count(l) < LDISC_IN)
		put_input(l, c, true);
}

/* Editing characters of canonical mode. Return: whether @c was one. */
static bool receive_edit(struct ldisc *l, uint8_t c)
{
	if (is_cc(l, VERASE, c)) {
		erase_char(l);
	} else if (is_cc(l, VKILL, c)) {
		erase_line(l);
	} else if (is_extended_cc(l, VWERASE, c)) {
		erase_word(l);
	} else if (is_extended_cc(l, VLNEXT, c)) {
		l->literal_next = true;
		if (local_flag(l, ECHO) && local_flag(l, ECHOCTL))
			echo_string(l, "^\b");
	} else if (is_extended_cc(l, VREPRINT, c) && local_flag(l, ECHO)) {
		reprint(l, c);
	} else if (c == '\n' || is_cc(l, VEOL, c) || is_extended_cc(l, VEOL2, c)) {
		receive_line_end(l, c);
	} else if (is_cc(l, VEOF, c)) {
		receive_line_end(l, 0);
	} else {
		return false;
	}
	return true;
}

/* Return: the signal that @c stands for, 0 for none. */
static unsigned signal_of(const struct ldisc *l, uint8_t c)
{
	if (!local_flag(l, ISIG))
		return 0;
	if (is_cc(l, VINTR, c))
		return LDISC_SIGINT;
	if (is_cc(l, VQUIT, c))
		return LDISC_SIGQUIT;
	return is_cc(l, VSUSP, c) ? LDISC_SIGTSTP : 0;
}

static unsigned receive_byte(struct ldisc *l, uint8_t c)
{
	unsigned sig;

	if (in_flag(l, ISTRIP))
		c &= 0x7f;
	if (l->literal_next) {
		l->literal_next = false;
		receive_plain(l, c);
		return 0;
	}
	if (in_flag(l, IUCLC) && local_flag(l, IEXTEN) && c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (receive_flow(l, c))
		return 0;
	sig = signal_of(l, c);
	if (sig)
		return receive_signal(l, c, sig);
	if (c == '\r' && in_flag(l, IGNCR))
		return 0;
	if (c == '\r' && in_flag(l, ICRNL))
		c = '\n';
	else if (c == '\n' && in_flag(l, INLCR))
		c = '\r';
	if (!local_flag(l, ICANON) || !receive_edit(l, c))
		receive_plain(l, c);
	return 0;
}

/* Is every byte itself, whatever it is, and nothing echoed? */
static bool input_unprocessed(const struct ldisc *l)
{
	return !in_flag(l, ISTRIP | IUCLC | IXON | INLCR | IGNCR | ICRNL | PARMRK) &&
	       !local_flag(l, ICANON | ISIG | ECHO) && !l->literal_next;
}

/* As many as there is room for. Return: how many. */
static size_t receive_run(struct ldisc *l, const uint8_t *bytes, size_t n)
{
	size_t room = LDISC_IN - in_count(l);

	n = room < n ? room : n;
	ring_put(l->in, LDISC_IN, l->head, bytes, n);
	l->head += (unsigned)n;
	return n;
}

unsigned ldisc_receive(struct ldisc *l, const uint8_t *bytes, size_t n)
{
	unsigned signals = 0;

	for (size_t i = input_unprocessed(l) ? receive_run(l, bytes, n) : 0; i < n; i++)
		signals |= receive_byte(l, bytes[i]);
	return signals;
}

/* ---- reading ---- */

bool ldisc_readable(const struct ldisc *l)
{
	return local_flag(l, ICANON) ? l->line_end != l->tail : l->head != l->tail;
}

size_t ldisc_pending(const struct ldisc *l)
{
	unsigned end = local_flag(l, ICANON) ? l->line_end : l->head;
	size_t n = end - l->tail;

	if (!local_flag(l, ICANON))
		return n;
	for (unsigned i = l->tail; i != end; i++)
		if (is_end(l, i) && !l->in[i % LDISC_IN])
			n--; /* VEOF is no byte */
	return n;
}

static size_t read_raw(struct ldisc *l, uint8_t *dst, size_t size)
{
	size_t n = in_count(l) < size ? in_count(l) : size;

	ring_get(l->in, LDISC_IN, l->tail, dst, n);
	l->tail += (unsigned)n;
	l->line_end = l->tail;
	return n;
}

size_t ldisc_read(struct ldisc *l, uint8_t *dst, size_t size, bool *line_done)
{
	size_t n = 0;

	*line_done = false;
	if (!local_flag(l, ICANON))
		return read_raw(l, dst, size);
	while (l->tail != l->line_end && !*line_done) {
		uint8_t c = l->in[l->tail % LDISC_IN];
		bool end = is_end(l, l->tail);

		if (!(end && !c)) {
			if (n == size)
				break;
			dst[n++] = c;
		}
		l->tail++; /* a VEOF behind a full buffer too: the next read must not see it */
		*line_done = end;
	}
	return n;
}

void ldisc_set_termios(struct ldisc *l, const struct termios_k *t)
{
	bool was = local_flag(l, ICANON);

	l->t = *t;
	if (local_flag(l, ICANON) && !was) {
		memset(l->ends, 0, sizeof(l->ends));
		l->line_end = l->head;
		if (l->head != l->tail) {
			unsigned last = (l->head - 1) % LDISC_IN;

			l->ends[last / 8] |= (uint8_t)(1u << last % 8);
		}
		l->line_column = l->column;
	}
	if (!local_flag(l, ICANON)) {
		l->literal_next = l->erasing = false;
		l->line_end = l->tail;
	}
	if (!in_flag(l, IXON))
		l->stopped = false;
}

/* What another part of the kernel says to a netlink socket: made beforehand, so that saying it cannot fail. */
#ifndef NET_NETLINK_NOTE_H
#define NET_NETLINK_NOTE_H

#include "base/compiler.h"
#include "base/types.h"

struct nl_msg;
enum { NETLINK_NOTE_MOST = 64 };

/*
 * A datagram of the @len <= NETLINK_NOTE_MOST bytes at @text, for the netlink socket @fd of the caller; it holds the socket.
 * 0 and *out, for netlink_note_send. -EBADF; -ENOTSOCK; -EINVAL: another family; -EAGAIN: nobody reads what the socket has;
 * -ENOMEM. Tasks.
 */
int must_check netlink_note_make(int fd, const void *text, unsigned len, struct nl_msg **out);
/* @note is put where it belongs, its last byte @last, and is gone; also when nobody has the socket any more. Tasks. */
void netlink_note_send(struct nl_msg *note, char last);
void netlink_note_drop(struct nl_msg *note); /* unsent */

#endif

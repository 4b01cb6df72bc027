// SPDX-License-Identifier: BSD-3-Clause
/*
 * The client of QEMU's monitor (QMP). QEMU sends one object per line, and of
 * these lines only three kinds are wanted: an answer, an error, and the event
 * that tells how a migration fares. So no JSON is parsed here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp.h"

#define LINE_MAX_QMP	(64u << 10)

void qmp_open(struct qmp *q, int fd)
{
	memset(q, 0, sizeof(*q));
	q->fd = fd;
	qmp_command(q, "{\"execute\":\"qmp_capabilities\"}");
}

void qmp_close(struct qmp *q)
{
	if (q->fd >= 0)
		close(q->fd);
	q->fd = -1;
	q->pending = 0;
	buf_free(&q->in);
	buf_free(&q->out);
}

void qmp_command(struct qmp *q, const char *command)
{
	if (q->fd < 0)
		return;
	buf_add(&q->out, command, strlen(command));
	buf_add(&q->out, "\n", 1);
	q->pending++;
	/* The rest goes when the loop finds room. An error is found as EOF. */
	buf_write(&q->out, q->fd);
}

bool qmp_give_fd(struct qmp *q, const char *name, int fd)
{
	char text[128], control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec part = { text, 0 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	/* The descriptor goes along with these very bytes. */
	if (q->fd < 0 || q->out.len)
		return false;
	part.iov_len = snprintf(text, sizeof(text),
				"{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"%s\"}}\n",
				name);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	q->pending++;
	return sendmsg(q->fd, &message, MSG_NOSIGNAL) == (ssize_t)part.iov_len;
}

void qmp_fill(struct qmp *q)
{
	ssize_t n = buf_read(&q->in, q->fd, LINE_MAX_QMP);

	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	/* QEMU is on its way out; its process tells why. */
	qmp_close(q);
}

/* "desc": "TEXT" of an error; QEMU's texts have no quotes that matter here. */
static void error_text(const char *line, char *text, size_t size)
{
	static const char key[] = "\"desc\": \"";
	const char *p = strstr(line, key);

	if (!p) {
		snprintf(text, size, "%s", line);
		return;
	}
	p += strlen(key);
	snprintf(text, size, "%.*s", (int)strcspn(p, "\""), p);
}

static enum qmp_event line_event(struct qmp *q, const char *line)
{
	if (!strncmp(line, "{\"return\"", 9)) {
		if (q->pending && !--q->pending)
			return QMP_DONE;
		return QMP_NOTHING;
	}
	if (!strncmp(line, "{\"error\"", 8)) {
		q->pending -= !!q->pending;
		error_text(line, q->error, sizeof(q->error));
		return QMP_FAILED;
	}
	if (!strstr(line, "\"event\": \"MIGRATION\""))
		return QMP_NOTHING;
	if (strstr(line, "\"status\": \"completed\""))
		return QMP_MIGRATED;
	if (strstr(line, "\"status\": \"failed\"")) {
		snprintf(q->error, sizeof(q->error), "the migration failed");
		return QMP_FAILED;
	}
	return QMP_NOTHING;
}

enum qmp_event qmp_next(struct qmp *q)
{
	enum qmp_event event = QMP_NOTHING;
	char line[1024];
	const char *end;
	size_t len;

	while (event == QMP_NOTHING && q->in.len) {
		end = memchr(buf_head(&q->in), '\n', q->in.len);
		if (!end && q->in.len > LINE_MAX_QMP) {
			snprintf(q->error, sizeof(q->error),
				 "QEMU's monitor sent garbage");
			buf_drop(&q->in, q->in.len);
			return QMP_FAILED;
		}
		if (!end)
			break;
		len = end + 1 - buf_head(&q->in);
		/* Nothing that is wanted has its sign behind a kilobyte. */
		snprintf(line, sizeof(line), "%.*s", (int)len - 1,
			 buf_head(&q->in));
		buf_drop(&q->in, len);
		event = line_event(q, line);
	}
	return event;
}

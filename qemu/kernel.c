// SPDX-License-Identifier: BSD-3-Clause
/*
 * Unpack a bzImage into the ELF file inside. QEMU starts that through its PVH
 * entry, without the decompressor, which takes more than a second under TCG.
 * Whatever this does not understand boots as the bzImage that it is.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kfirig.h"

/* Documentation/arch/x86/boot.rst */
#define BOOT_SETUP_SECTS	0x1f1
#define BOOT_MAGIC		0x202
#define BOOT_PAYLOAD_OFFSET	0x248
#define BOOT_PAYLOAD_LENGTH	0x24c

/* include/xen/interface/elfnote.h: XEN_ELFNOTE_PHYS32_ENTRY */
#define NOTE_PHYS32_ENTRY	18

static const struct packer {
	const char *magic;
	size_t magic_len;
	size_t trailer;		/* the length, which gzip has of its own */
	const char *tool;
} packers[] = {
	{ "\x28\xb5\x2f\xfd", 4, 4, "zstd" },
	{ "\x1f\x8b", 2, 0, "gzip" },
	{ "\xfd" "7zXZ", 5, 4, "xz" },
	{ "BZh", 3, 4, "bzip2" },
};

static uint32_t get32(const unsigned char *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return le32toh(value);
}

static unsigned char *map_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0)
		return NULL;
	p = fstat(fd, &st) || !st.st_size ? MAP_FAILED :
		mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	*size = st.st_size;
	return p == MAP_FAILED ? NULL : p;
}

static bool notes_have_pvh(const unsigned char *p, size_t len)
{
	while (len >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		size_t name, all;

		memcpy(&note, p, sizeof(note));
		name = (note.n_namesz + 3ul) & ~3ul;
		all = sizeof(note) + name + ((note.n_descsz + 3ul) & ~3ul);
		if (all > len)
			return false;
		if (note.n_type == NOTE_PHYS32_ENTRY && note.n_namesz == 4 &&
		    !memcmp(p + sizeof(note), "Xen", 4))
			return true;
		p += all;
		len -= all;
	}
	return false;
}

static bool elf_has_pvh(const char *path)
{
	bool found = false;
	Elf64_Ehdr head;
	Elf64_Phdr part;
	unsigned char *p;
	size_t size, i;

	p = map_file(path, &size);
	if (!p)
		return false;
	if (size < sizeof(head) || memcmp(p, ELFMAG, SELFMAG))
		goto out;
	memcpy(&head, p, sizeof(head));
	for (i = 0; i < head.e_phnum && !found; i++) {
		uint64_t at = head.e_phoff + i * sizeof(part);

		if (at > size - sizeof(part))
			break;
		memcpy(&part, p + at, sizeof(part));
		if (part.p_type == PT_NOTE && part.p_offset <= size &&
		    part.p_filesz <= size - part.p_offset)
			found = notes_have_pvh(p + part.p_offset, part.p_filesz);
	}
out:
	munmap(p, size);
	return found;
}

/* Feed the payload to its decompressor. */
static bool unpack_to(const char *tool, const unsigned char *data, size_t len,
		      const char *path)
{
	int in = embed_open("kernel", (const char *)data, (const char *)data + len);
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int status = -1;
	pid_t pid;

	if (out < 0) {
		close(in);
		return false;
	}
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		signal(SIGPIPE, SIG_DFL);
		dup2(in, 0);
		dup2(out, 1);
		dup2(null, 2);
		execlp(tool, tool, "-dc", NULL);
		_exit(127);
	}
	close(in);
	close(out);
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	return pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status) &&
		elf_has_pvh(path);
}

static bool unpack(const char *vmlinuz, const char *path)
{
	size_t size, start, len, i;
	unsigned char *p = map_file(vmlinuz, &size);
	bool ok = false;

	if (!p)
		return false;
	if (size < 4096 || memcmp(p + BOOT_MAGIC, "HdrS", 4))
		goto out;
	start = ((p[BOOT_SETUP_SECTS] ? p[BOOT_SETUP_SECTS] : 4) + 1) * 512 +
		get32(p + BOOT_PAYLOAD_OFFSET);
	len = get32(p + BOOT_PAYLOAD_LENGTH);
	if (start > size || len > size - start || len < 16)
		goto out;
	for (i = 0; i < sizeof(packers) / sizeof(*packers) && !ok; i++)
		if (!memcmp(p + start, packers[i].magic, packers[i].magic_len))
			ok = unpack_to(packers[i].tool, p + start,
				       len - packers[i].trailer, path);
out:
	munmap(p, size);
	return ok;
}

/* The file to give to QEMU for the kernel vmlinuz; allocated. */
char *kernel_bootable(const char *vmlinuz)
{
	char dir[PATH_MAX], *path, *temp;
	const char *name = strrchr(vmlinuz, '/');
	struct stat st;

	if (stat(vmlinuz, &st))
		return xasprintf("%s", vmlinuz);
	cache_path(dir, sizeof(dir), "kernel");
	make_dirs(dir);
	path = xasprintf("%s/%s-%llx-%llx.elf", dir, name ? name + 1 : vmlinuz,
			 (unsigned long long)st.st_size,
			 (unsigned long long)st.st_mtime);
	if (!access(path, R_OK))
		return path;
	temp = xasprintf("%s.%d", path, getpid());
	if (!unpack(vmlinuz, temp) || rename(temp, path)) {
		unlink(temp);
		free(path);
		path = xasprintf("%s", vmlinuz);
	}
	free(temp);
	return path;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes a PNG of 8-bit RGB without any library: the data is in the zlib format,
 * in blocks that are stored and not compressed.
 */
#ifndef PNG_H
#define PNG_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct png {
	FILE *file;
	uint32_t crc;		/* of the chunk that is being written */
	uint32_t a, b;		/* Adler-32 of the data */
};

static inline void png_bytes(struct png *png, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;
	int bit;

	for (i = 0; i < len; i++) {
		png->crc ^= p[i];
		for (bit = 0; bit < 8; bit++)
			png->crc = png->crc & 1 ? png->crc >> 1 ^ 0xedb88320 : png->crc >> 1;
	}
	fwrite(data, 1, len, png->file);
}

static inline void png_u32(struct png *png, uint32_t n)
{
	uint8_t be[4] = { n >> 24, n >> 16, n >> 8, n };

	png_bytes(png, be, 4);
}

static inline void png_chunk(struct png *png, uint32_t len, const char *type)
{
	png_u32(png, len);
	png->crc = 0xffffffff;
	png_bytes(png, type, 4);
}

static inline void png_chunk_end(struct png *png)
{
	png_u32(png, ~png->crc);
}

/* A row is one stored block: up to 65535 bytes with its filter type, 0 */
static inline void png_row(struct png *png, const uint8_t *rgb, uint32_t width, int last)
{
	uint32_t len = 1 + 3 * width, i;
	uint8_t head[6] = { last, len, len >> 8, ~len, ~len >> 8, 0 };

	png_bytes(png, head, sizeof(head));
	png_bytes(png, rgb, len - 1);
	/* The filter's 0 leaves a as it is. */
	png->b = (png->b + png->a) % 65521;
	for (i = 0; i < len - 1; i++) {
		png->a = (png->a + rgb[i]) % 65521;
		png->b = (png->b + png->a) % 65521;
	}
}

/* Returns 0 when the file cannot be opened. Width at most 21844. */
static inline int png_begin(struct png *png, const char *path, uint32_t width, uint32_t height)
{
	static const uint8_t format[5] = { 8, 2, 0, 0, 0 };	/* 8 bits, RGB */

	*png = (struct png){ .file = fopen(path, "wb"), .a = 1 };
	if (!png->file)
		return 0;
	fwrite("\x89PNG\r\n\x1a\n", 1, 8, png->file);
	png_chunk(png, 13, "IHDR");
	png_u32(png, width);
	png_u32(png, height);
	png_bytes(png, format, sizeof(format));
	png_chunk_end(png);
	png_chunk(png, 2 + height * (6 + 3 * width) + 4, "IDAT");
	png_bytes(png, "\x78\x01", 2);
	return 1;
}

/* Returns 0 when not all could be written. */
static inline int png_end(struct png *png)
{
	int bad;

	png_u32(png, png->b << 16 | png->a);
	png_chunk_end(png);
	png_chunk(png, 0, "IEND");
	png_chunk_end(png);
	bad = ferror(png->file);
	return !fclose(png->file) && !bad;
}

#endif

/* Loaded into the recorder by LD_PRELOAD: writes to the files of one folder fail, or hang, while
 * another file is there.
 *
 * In: BAD_DISK_FOLDER, and BAD_DISK, the other file: while it says "EIO" what changes a file fails
 * so, and while it says "hang" it does not come back. Reading goes well, as from a cache. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* 'E' to fail, 'h' to hang, 0 when all is well. */
static char trouble(void) {
    const char *path = getenv("BAD_DISK");
    char word = 0;
    int file = path ? REAL(open64)(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0) {
        if (read(file, &word, 1) != 1)
            word = 0;
        REAL(close)(file);
    }
    return word;
}

static int is_ours(int file) {
    char link[64], path[PATH_MAX];
    const char *folder = getenv("BAD_DISK_FOLDER");
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    return folder && length > 0 && strncmp(path, folder, strlen(folder)) == 0;
}

/* Whether a write to it fails now. */
static int fails(int file) {
    if (!is_ours(file))
        return 0;
    char word;
    while ((word = trouble()) == 'h')
        usleep(10000);
    if (word == 'E')
        errno = EIO;
    return word == 'E';
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at) {
    return fails(file) ? -1 : REAL(pwrite64)(file, bytes, size, at);
}
ssize_t write(int file, const void *bytes, size_t size) {
    return fails(file) ? -1 : REAL(write)(file, bytes, size);
}
int ftruncate64(int file, off64_t size) {
    return fails(file) ? -1 : REAL(ftruncate64)(file, size);
}
int fsync(int file) { return fails(file) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return fails(file) ? -1 : REAL(fdatasync)(file); }

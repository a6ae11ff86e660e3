/*
 * Stands between a broker and the C library, when it is loaded before it (LD_PRELOAD), and does to it
 * what a drill asks for: makes fsync slow, makes the disk full, moves the wall clock. It is asked
 * through a file of three numbers, `$CAUSEWAY_DRILL_SHIM/PID`, that both have mapped.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
  volatile int64_t sync_delay_ms;
  volatile int64_t disk_full;
  volatile int64_t clock_offset_ms;
};

static struct control idle;
static struct control *control = &idle;

__attribute__((constructor)) static void attach(void) {
  const char *folder = getenv("CAUSEWAY_DRILL_SHIM");
  char path[4096];
  if (folder == NULL) return;
  snprintf(path, sizeof path, "%s/%d", folder, (int)getpid());
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  if (ftruncate(file, sizeof(struct control)) == 0) {
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) control = mapped;
  }
  close(file);
}

static int synchronize(const char *name, int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  int64_t delay = control->sync_delay_ms;
  if (delay > 0) {
    struct timespec time = {delay / 1000, (delay % 1000) * 1000000};
    nanosleep(&time, NULL);
  }
  if (control->disk_full) {
    errno = ENOSPC;
    return -1;
  }
  return real(file);
}

int fsync(int file) { return synchronize("fsync", file); }

int fdatasync(int file) { return synchronize("fdatasync", file); }

/* LevelDB writes its log and its tables with this; the logs of a broker go another way. */
#undef fwrite_unlocked
size_t fwrite_unlocked(const void *data, size_t size, size_t count, FILE *stream) {
  static size_t (*real)(const void *, size_t, size_t, FILE *);
  if (real == NULL) real = dlsym(RTLD_NEXT, "fwrite_unlocked");
  if (control->disk_full) {
    errno = ENOSPC;
    return 0;
  }
  return real(data, size, count, stream);
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (real == NULL) real = dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(time, zone);
  if (result == 0) time->tv_sec += control->clock_offset_ms / 1000;
  return result;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  static int (*real)(clockid_t, struct timespec *);
  if (real == NULL) real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += control->clock_offset_ms / 1000;
  return result;
}

#pragma once
// Linux interfaces that the toolchain's Glibc module leaves out.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <pthread.h>
// Only declared under _GNU_SOURCE, which the toolchain module is built without.
extern int pthread_setname_np(pthread_t thread, const char *name);

/* nasty MODE N SECONDS: process trees that are hard to end, of about N living processes.
 *
 * Writes one byte to its standard output when the tree stands. Every process of it ends by itself
 * SECONDS after the first began, so that a failed test leaves nothing behind for long.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int count;
static struct timespec end;

static void nap(long ms) {
    struct timespec t = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&t, NULL);
}

static int late(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > end.tv_sec;
}

static void hold(void) {
    while (!late()) nap(200);
    _exit(0);
}

static void ready(void) {
    if (write(1, "r", 1) != 1) _exit(3);
    close(1);
}

static void deaf(void) {
    for (int s = 1; s < 32; s++)
        if (s != SIGCHLD) signal(s, SIG_IGN);
}

static void many(int n, void (*each)(int)) {
    for (int i = 0; i < n; i++)
        if (fork() == 0) {
            each(i);
            _exit(0);
        }
}

static void plain(int i) { (void)i; hold(); }
static void gone(int i) { (void)i; }
static void halt(int i) { (void)i; raise(SIGSTOP); hold(); }
static void moved(int i) { if (i & 1) setpgid(0, 0); else setsid(); hold(); }
static void daemonize(int i) { (void)i; setsid(); if (fork()) _exit(0); deaf(); hold(); }

static void deep(void) {
    for (int i = 1; i < count; i++)
        if (fork()) hold();
    ready();
    hold();
}

static void *threaded(void *unused) {
    (void)unused;
    many(count, plain);
    ready();
    hold();
    return NULL;
}

static void respawn(void) {
    deaf();
    many(count - 1, plain);
    ready();
    while (!late()) {
        wait(NULL);
        if (fork() == 0) hold();
    }
}

/* away: also those who start all others leave the session. */
static void storm(int session, int away) {
    int i, n = count / 4 + 1;
    deaf();
    for (i = 0; i < n; i++)
        if (fork() == 0) break;
    if (i < n && away) setsid();
    if (i == n && away) nap(20);
    if (i == n) ready();
    while (!late()) {
        pid_t p = fork();
        if (p == 0) {
            if (session) setsid();
            if (fork() == 0) {
                if (session) setsid();
                nap(1);
            }
            _exit(0);
        }
        if (p > 0) waitpid(p, NULL, 0);
    }
}

/* Moving targets: each process starts its successor and ends at once. */
static void chain(int session) {
    int i;
    deaf();
    for (i = 0; i < count; i++)
        if (fork() == 0) break;
    if (i == count) {
        ready();
        _exit(0);
    }
    while (!late()) {
        if (fork() > 0) _exit(0);
        if (session) setsid();
    }
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    const char *mode = argv[1];
    count = atoi(argv[2]);
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += atoi(argv[3]);
    if (!strcmp(mode, "flat")) many(count - 1, plain);
    else if (!strcmp(mode, "ignoring")) { deaf(); many(count - 1, plain); }
    else if (!strcmp(mode, "deep")) deep();
    else if (!strcmp(mode, "daemon")) { many(count, daemonize); while (wait(NULL) > 0) continue; ready(); return 0; }
    else if (!strcmp(mode, "pgrp")) { many(count - 1, moved); nap(50); }
    else if (!strcmp(mode, "stopped")) { many(count - 1, halt); nap(50); ready(); raise(SIGSTOP); hold(); }
    else if (!strcmp(mode, "zombie")) { many(count - 1, gone); nap(50); }
    else if (!strcmp(mode, "threads")) { pthread_t t; pthread_create(&t, NULL, threaded, NULL); hold(); }
    else if (!strcmp(mode, "respawn")) respawn();
    else if (!strcmp(mode, "storm") || !strcmp(mode, "stormsid")) storm(mode[5] != 0, 0);
    else if (!strcmp(mode, "stormout")) storm(1, 1);
    else if (!strcmp(mode, "chain") || !strcmp(mode, "chainsid")) chain(mode[5] != 0);
    else return 2;
    ready();
    hold();
}

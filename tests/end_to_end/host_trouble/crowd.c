/* Processes in numbers. In: a mode and a number; out: the line "ready" once they are there. All of
 * them end with this one, and this one with its standard input.
 *   idle N    N processes that wait
 *   vfork N   N processes in D: each waits for a child that will not exec
 *   forks N   one process that starts and buries N others each second */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void sleep_for_ever(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        pause();
}

static void wait_for_a_child(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (vfork() == 0)
        sleep_for_ever();
    _exit(1);
}

static void fork_each_second(long count)
{
    struct timespec next;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_IGN);
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (;;) {
        if (vfork() == 0) {
            execl("/bin/true", "true", (char *)NULL);
            _exit(1);
        }
        next.tv_nsec += 1000000000 / count;
        if (next.tv_nsec >= 1000000000) {
            next.tv_nsec -= 1000000000;
            next.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
}

int main(int count, char **words)
{
    long number = count > 2 ? atol(words[2]) : 0;
    int is_fork = number > 0 && !strcmp(words[1], "forks");
    for (long made = 0; made < (is_fork ? 1 : number); made++) {
        pid_t child = fork();
        if (child < 0)
            return 99;
        if (child > 0)
            continue;
        if (is_fork)
            fork_each_second(number);
        else if (!strcmp(words[1], "vfork"))
            wait_for_a_child();
        else
            sleep_for_ever();
    }
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}

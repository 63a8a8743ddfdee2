/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <vsecm/vsecm.h>

int main(void)
{
    vsecm_watch *watch;
    vsecm_event event;
    if (vsecm_watch_open(NULL, NULL, &watch))
        return 1;
    while (vsecm_watch_next(watch, -1, &event) == VSECM_OK) {
        if (event.absence == VSECM_PRESENT)
            printf("version %llu, %zu bytes\n", (unsigned long long)event.secret.version,
                   event.secret.length);
        else
            printf("none: %s\n", event.message);
        fflush(stdout);
        vsecm_event_clear(&event);
    }
    fprintf(stderr, "%s\n", vsecm_watch_message(watch));
    vsecm_watch_close(watch);
    return 1;
}

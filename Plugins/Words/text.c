#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int32_t text_replace(char **place, const char *value) {
    char *copy = strdup(value ? value : "");
    if (!copy) return -ENOMEM;
    free(*place);
    *place = copy;
    return 0;
}

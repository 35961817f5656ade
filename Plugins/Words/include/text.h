// text.h: texts that a plugin keeps.
#ifndef BULKHEAD_WORDS_TEXT_H
#define BULKHEAD_WORDS_TEXT_H

#include <stdint.h>

/// Puts a copy of `value`, or an empty text for NULL, in the place of the one that was allocated there before.
/// Returns -ENOMEM, with all as it was, where memory is short.
int32_t text_replace(char **place, const char *value);

#endif

// zlib.h, which a module map can't name by its place.
#pragma once
#include <zlib.h>

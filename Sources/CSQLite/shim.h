// sqlite3.h, which a module map can't name by its place.
#pragma once
#include <sqlite3.h>

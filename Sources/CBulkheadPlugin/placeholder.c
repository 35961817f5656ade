#include "bulkhead_plugin.h"

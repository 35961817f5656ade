// What plugins that write text are compiled with: this target says where FreeType's headers are.
#include <ft2build.h>
#include FT_FREETYPE_H
